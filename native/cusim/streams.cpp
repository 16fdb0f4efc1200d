#include "streams.h"

#include <chrono>
#include <limits>

#include "settings.h"

namespace cusim {

namespace {

using std::chrono::steady_clock;

constexpr unsigned long EVERYTHING = std::numeric_limits<unsigned long>::max();
// How long a stream may wait for ranks of other threads before that counts as a deadlock.
constexpr std::chrono::seconds PATIENCE(30);

unsigned long nextSequence;

// The legacy stream waits for all others of its context that block, and they for it.
void pumpOrderedBefore(CUstream stream, unsigned long sequence) {
    if (stream->isLegacy()) {
        for (CUstream other : stream->context->streams) {
            if (other->blocks()) {
                pump(other, sequence);
            }
        }
    } else if (stream->blocks()) {
        pump(stream->context->legacy.get(), sequence);
    }
}

bool hasWorkBefore(CUstream stream, unsigned long sequence) {
    return !stream->queue.empty() && stream->queue.front().sequence < sequence;
}

bool mustWait(CUstream stream, unsigned long sequence) {
    if (stream->isLegacy()) {
        for (CUstream other : stream->context->streams) {
            if (other->blocks() && hasWorkBefore(other, sequence)) {
                return true;
            }
        }
        return false;
    }
    return stream->blocks() && hasWorkBefore(stream->context->legacy.get(), sequence);
}

std::vector<CUstream> allStreams() {
    std::vector<CUstream> streams;
    for (const auto &device : driver().devices) {
        streams.push_back(device->legacy.get());
        streams.insert(streams.end(), device->streams.begin(), device->streams.end());
    }
    return streams;
}

// Lets other threads bring the work that a stream waits for; false where none came in time.
bool waitForOthers(steady_clock::time_point deadline) {
    // The running call holds the lock, once.
    std::unique_lock<std::recursive_mutex> lock(driver().lock, std::adopt_lock);
    bool told = driver().progress.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return told;
}

CUresult capture(CUstream stream, WorkPointer work) {
    Capture &capture = *stream->capture;
    if (!capture.valid) {
        return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    }
    capture.works.push_back(std::move(work));
    if (stream != capture.origin) {
        capture.unjoined.insert(stream);
    }
    return CUDA_SUCCESS;
}

}  // namespace

bool pump(CUstream stream, unsigned long before) {
    bool any = false;
    if (stream->running) {
        return false;
    }
    stream->running = true;
    while (hasWorkBefore(stream, before)) {
        Pending &front = stream->queue.front();
        pumpOrderedBefore(stream, front.sequence);
        if (mustWait(stream, front.sequence)) {
            break;
        }
        // After an error that sticks nothing runs any more.
        if (stream->context->sticky == CUDA_SUCCESS && !front.work->run(stream, &front.state)) {
            break;
        }
        stream->queue.pop_front();
        any = true;
    }
    stream->running = false;
    if (any) {
        driver().progress.notify_all();
    }
    return any;
}

unsigned long nextPlace() {
    return nextSequence;
}

CUstream resolveStream(CUcontext context, CUstream stream) {
    if (stream == nullptr || stream == CU_STREAM_LEGACY || stream == CU_STREAM_PER_THREAD) {
        return context->legacy.get();
    }
    return context->streams.count(stream) != 0 ? stream : nullptr;
}

bool pumpAll() {
    bool any = false;
    for (bool again = true; again;) {
        again = false;
        for (CUstream stream : allStreams()) {
            again |= pump(stream, EVERYTHING);
        }
        any |= again;
    }
    return any;
}

CUresult submit(CUcontext context, CUstream handle, WorkPointer work) {
    CUstream stream = resolveStream(context, handle);
    if (stream == nullptr) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (stream->capture != nullptr) {
        return capture(stream, std::move(work));
    }
    if (stream->isLegacy()) {
        CUresult status = refuseLegacyInCapture(context);
        if (status != CUDA_SUCCESS) {
            return status;
        }
    }
    stream->queue.push_back({std::move(work), nextSequence++});
    if (!settings().deferred) {
        pumpAll();
    }
    return CUDA_SUCCESS;
}

CUresult submit(CUcontext context, CUstream stream, const char *kind, std::function<void(CUstream)> action) {
    return submit(context, stream, std::make_shared<SimpleWork>(kind, std::move(action)));
}

CUresult drain(CUstream stream) {
    steady_clock::time_point deadline = steady_clock::now() + PATIENCE;
    CUcontext context = stream->context;
    for (;;) {
        pump(stream, EVERYTHING);
        if (stream->queue.empty()) {
            return context->sticky;
        }
        if (!pumpAll() && !waitForOthers(deadline)) {
            failContext(context, CUDA_ERROR_LAUNCH_TIMEOUT,
                        "a stream of device " + std::to_string(context->ordinal) + " waits for a "
                                + stream->queue.front().work->kind() + " that others never join");
        }
    }
}

CUresult drainContext(CUcontext context) {
    drain(context->legacy.get());
    for (CUstream stream : std::set<CUstream>(context->streams)) {
        drain(stream);
    }
    return context->sticky;
}

CUresult refuseInCapture(CUcontext context) {
    for (CUstream stream : context->streams) {
        Capture *capture = stream->capture.get();
        if (capture != nullptr && capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED
            && (capture->mode == CU_STREAM_CAPTURE_MODE_GLOBAL || capture->thread == std::this_thread::get_id())) {
            capture->valid = false;
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
    }
    return CUDA_SUCCESS;
}

CUresult refuseWaiting(CUcontext context, CUstream stream) {
    if (stream->capture != nullptr) {
        stream->capture->valid = false;
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    return stream->isLegacy() ? refuseLegacyInCapture(context) : CUDA_SUCCESS;
}

CUresult refuseLegacyInCapture(CUcontext context) {
    for (CUstream stream : context->streams) {
        if (stream->capture != nullptr && stream->blocks()) {
            stream->capture->valid = false;
            return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
        }
    }
    return CUDA_SUCCESS;
}

}  // namespace cusim

