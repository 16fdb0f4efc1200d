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

// Runs the stream's work that was enqueued before the given place; whether any was done.
bool pump(CUstream stream, unsigned long before);

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

double now() {
    return std::chrono::duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

class WaitForEvent : public Work {
  public:
    explicit WaitForEvent(std::shared_ptr<EventState> event)
        : event(std::move(event)), number(this->event->recorded), sequence(this->event->sequence) {}

    bool run(CUstream, long *) const override {
        if (event->completed < number) {
            pump(event->stream, sequence + 1);
        }
        return event->completed >= number;
    }

    const char *kind() const override { return "wait"; }

  private:
    std::shared_ptr<EventState> event;
    unsigned long number;
    unsigned long sequence;
};

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

CUresult record(CUcontext context, CUevent event, CUstream stream) {
    std::shared_ptr<EventState> state = event->state;
    if (stream->capture != nullptr) {
        state->capture = stream->capture;
        state->captured = true;
        state->stream = stream;
        return stream->capture->valid ? CUDA_SUCCESS : CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    }
    state->captured = false;
    state->stream = stream;
    unsigned long number = ++state->recorded;
    // Known before the submission, which may run it.
    state->sequence = nextSequence;
    return submit(context, stream, "event", [state, number](CUstream) {
        state->completed = number;
        state->milliseconds = now();
    });
}

CUresult waitFor(CUcontext context, CUstream stream, CUevent event) {
    EventState &state = *event->state;
    if (!state.captured) {
        return state.recorded == 0
                ? CUDA_SUCCESS
                : submit(context, stream, std::make_shared<WaitForEvent>(event->state));
    }
    std::shared_ptr<Capture> capture = state.capture.lock();
    if (capture == nullptr) {
        return CUDA_ERROR_CAPTURED_EVENT;
    }
    if (stream->capture != nullptr && stream->capture != capture) {
        capture->valid = stream->capture->valid = false;
        return CUDA_ERROR_STREAM_CAPTURE_MERGE;
    }
    if (stream->isLegacy()) {
        capture->valid = false;
        return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    }
    stream->capture = capture;
    if (stream == capture->origin) {
        capture->unjoined.erase(state.stream);
    } else {
        capture->joined.insert(stream);
        capture->unjoined.insert(stream);
    }
    return CUDA_SUCCESS;
}

CUresult sameKinds(const CUgraphExec_st &executable, const CUgraph_st &graph, CUgraphExecUpdateResult *result) {
    *result = CU_GRAPH_EXEC_UPDATE_SUCCESS;
    if (executable.works.size() != graph.works.size()) {
        *result = CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
    }
    for (size_t i = 0; *result == CU_GRAPH_EXEC_UPDATE_SUCCESS && i < graph.works.size(); i++) {
        if (std::string(graph.works[i]->kind()) != executable.works[i]->kind()) {
            *result = CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
        }
    }
    return *result == CU_GRAPH_EXEC_UPDATE_SUCCESS ? CUDA_SUCCESS : CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE;
}

bool knows(const std::set<const void *> &handles, const void *handle) {
    return handles.count(handle) != 0;
}

}  // namespace

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

using cusim::driver;
using cusim::Needs;

// Finds the stream of a handle, or returns from the calling function.
#define CUSIM_STREAM(name, handle)                                       \
    CUstream name = cusim::resolveStream(call.context, handle);          \
    if (name == nullptr) {                                               \
        return CUDA_ERROR_INVALID_HANDLE;                                \
    }

// Returns from the calling function unless a handle lives.
#define CUSIM_HANDLE(kind, handle)                                       \
    if (!cusim::knows(driver().kind, handle)) {                          \
        return CUDA_ERROR_INVALID_HANDLE;                                \
    }

// Waiting for a stream that is being captured ends its capture.
static CUresult refuseWaiting(CUcontext context, CUstream stream) {
    if (stream->capture != nullptr) {
        stream->capture->valid = false;
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    return stream->isLegacy() ? cusim::refuseLegacyInCapture(context) : CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *stream, unsigned int flags) {
    CUSIM_CALL(Needs::CONTEXT)
    if (flags > CU_STREAM_NON_BLOCKING) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    *stream = new CUstream_st(call.context, flags);
    call.context->streams.insert(*stream);
    return CUDA_SUCCESS;
}

CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned int flags, int) {
    CUSIM_CALL(Needs::CONTEXT)
    if (flags > CU_STREAM_NON_BLOCKING) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    *stream = new CUstream_st(call.context, flags);
    call.context->streams.insert(*stream);
    return CUDA_SUCCESS;
}

CUresult cuStreamDestroy_v2(CUstream handle) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_STREAM(stream, handle)
    if (stream->isLegacy()) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (stream->capture != nullptr) {
        stream->capture->valid = false;
    }
    cusim::drain(stream);
    call.context->streams.erase(stream);
    delete stream;
    return call.context->sticky;
}

CUresult cuStreamSynchronize(CUstream handle) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_STREAM(stream, handle)
    CUresult status = refuseWaiting(call.context, stream);
    return status != CUDA_SUCCESS ? status : cusim::drain(stream);
}

CUresult cuStreamQuery(CUstream handle) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_STREAM(stream, handle)
    CUresult status = refuseWaiting(call.context, stream);
    if (status != CUDA_SUCCESS) {
        return status;
    }
    // Work that is found waiting runs, and is done at the next query.
    bool idle = stream->queue.empty();
    cusim::pumpAll();
    return call.context->sticky != CUDA_SUCCESS ? call.context->sticky
            : idle                              ? CUDA_SUCCESS
                                                : CUDA_ERROR_NOT_READY;
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned int flags) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(events, event)
    CUSIM_STREAM(stream, handle)
    // 1 says that the wait is a node of its own where the stream is captured.
    return flags > 1 ? CUDA_ERROR_INVALID_VALUE : cusim::waitFor(call.context, stream, event);
}

CUresult cuStreamBeginCapture_v2(CUstream handle, CUstreamCaptureMode mode) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_STREAM(stream, handle)
    if (stream->isLegacy()) {
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    if (stream->capture != nullptr) {
        return CUDA_ERROR_ILLEGAL_STATE;
    }
    stream->capture = std::make_shared<cusim::Capture>();
    stream->capture->origin = stream;
    stream->capture->mode = mode;
    stream->capture->thread = std::this_thread::get_id();
    return CUDA_SUCCESS;
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_STREAM(stream, handle)
    std::shared_ptr<cusim::Capture> capture = stream->capture;
    if (capture == nullptr) {
        return CUDA_ERROR_ILLEGAL_STATE;
    }
    if (capture->origin != stream) {
        capture->valid = false;
        return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
    }
    if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread != std::this_thread::get_id()) {
        return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
    }
    stream->capture = nullptr;
    for (CUstream joined : capture->joined) {
        joined->capture = nullptr;
    }
    *graph = nullptr;
    if (!capture->valid) {
        return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    }
    if (!capture->unjoined.empty()) {
        return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
    }
    *graph = new CUgraph_st{std::move(capture->works)};
    driver().graphs.insert(*graph);
    return CUDA_SUCCESS;
}

CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus *status) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_STREAM(stream, handle)
    *status = stream->capture == nullptr ? CU_STREAM_CAPTURE_STATUS_NONE
            : stream->capture->valid     ? CU_STREAM_CAPTURE_STATUS_ACTIVE
                                         : CU_STREAM_CAPTURE_STATUS_INVALIDATED;
    return CUDA_SUCCESS;
}

CUresult cuEventCreate(CUevent *event, unsigned int flags) {
    CUSIM_CALL(Needs::CONTEXT)
    *event = new CUevent_st{call.context, flags};
    driver().events.insert(*event);
    return CUDA_SUCCESS;
}

CUresult cuEventRecord(CUevent event, CUstream handle) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(events, event)
    CUSIM_STREAM(stream, handle)
    return event->context != call.context ? CUDA_ERROR_INVALID_HANDLE : cusim::record(call.context, event, stream);
}

CUresult cuEventQuery(CUevent event) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(events, event)
    cusim::EventState &state = *event->state;
    CUresult status = cusim::refuseInCapture(call.context);
    if (status != CUDA_SUCCESS) {
        return status;
    }
    if (state.captured) {
        return CUDA_ERROR_CAPTURED_EVENT;
    }
    // As for streams: what is found waiting is done at the next query.
    bool done = state.completed == state.recorded;
    cusim::pumpAll();
    return call.context->sticky != CUDA_SUCCESS ? call.context->sticky : done ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

CUresult cuEventSynchronize(CUevent event) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(events, event)
    cusim::EventState &state = *event->state;
    CUresult status = cusim::refuseInCapture(call.context);
    if (status != CUDA_SUCCESS) {
        return status;
    }
    if (state.captured) {
        return CUDA_ERROR_CAPTURED_EVENT;
    }
    return state.completed == state.recorded ? CUDA_SUCCESS : cusim::drain(state.stream);
}

CUresult cuEventElapsedTime_v2(float *milliseconds, CUevent start, CUevent end) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(events, start)
    CUSIM_HANDLE(events, end)
    // 2 disables timing.
    if ((start->flags | end->flags) & 2 || start->state->recorded == 0 || end->state->recorded == 0) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (start->state->completed != start->state->recorded || end->state->completed != end->state->recorded) {
        return CUDA_ERROR_NOT_READY;
    }
    *milliseconds = (float)(end->state->milliseconds - start->state->milliseconds);
    return CUDA_SUCCESS;
}

CUresult cuEventDestroy_v2(CUevent event) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(events, event)
    driver().events.erase(event);
    delete event;
    return CUDA_SUCCESS;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(graphs, graph)
    *executable = new CUgraphExec_st{graph->works};
    driver().executables.insert(*executable);
    return CUDA_SUCCESS;
}

CUresult cuGraphExecUpdate_v2(CUgraphExec executable, CUgraph graph, CUgraphExecUpdateResultInfo *result) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(executables, executable)
    CUSIM_HANDLE(graphs, graph)
    *result = {};
    CUresult status = cusim::sameKinds(*executable, *graph, &result->result);
    if (status == CUDA_SUCCESS) {
        executable->works = graph->works;
    }
    return status;
}

CUresult cuGraphUpload(CUgraphExec executable, CUstream handle) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(executables, executable)
    CUSIM_STREAM(stream, handle)
    return refuseWaiting(call.context, stream);
}

CUresult cuGraphLaunch(CUgraphExec executable, CUstream handle) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(executables, executable)
    for (const cusim::WorkPointer &work : executable->works) {
        CUresult status = cusim::submit(call.context, handle, work);
        if (status != CUDA_SUCCESS) {
            return status;
        }
    }
    return CUDA_SUCCESS;
}

CUresult cuGraphExecDestroy(CUgraphExec executable) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(executables, executable)
    driver().executables.erase(executable);
    delete executable;
    return CUDA_SUCCESS;
}

CUresult cuGraphDestroy(CUgraph graph) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(graphs, graph)
    driver().graphs.erase(graph);
    delete graph;
    return CUDA_SUCCESS;
}
