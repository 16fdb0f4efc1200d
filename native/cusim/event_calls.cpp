// The exported functions for events.
#include <chrono>

#include "streams.h"

using cusim::driver;
using cusim::Needs;

namespace {

double now() {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class WaitForEvent : public cusim::Work {
  public:
    explicit WaitForEvent(std::shared_ptr<cusim::EventState> event)
        : event(std::move(event)), number(this->event->recorded), sequence(this->event->sequence) {}

    bool run(CUstream, long *) const override {
        if (event->completed < number) {
            cusim::pump(event->stream, sequence + 1);
        }
        return event->completed >= number;
    }

    const char *kind() const override { return "wait"; }

  private:
    std::shared_ptr<cusim::EventState> event;
    unsigned long number;
    unsigned long sequence;
};

CUresult record(CUcontext context, CUevent event, CUstream stream) {
    std::shared_ptr<cusim::EventState> state = event->state;
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
    state->sequence = cusim::nextPlace();
    return cusim::submit(context, stream, "event", [state, number](CUstream) {
        state->completed = number;
        state->milliseconds = now();
    });
}

CUresult waitFor(CUcontext context, CUstream stream, CUevent event) {
    cusim::EventState &state = *event->state;
    if (!state.captured && stream->capture != nullptr) {
        stream->capture->valid = false;
        return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
    }
    if (!state.captured) {
        return state.recorded == 0
                ? CUDA_SUCCESS
                : cusim::submit(context, stream, std::make_shared<WaitForEvent>(event->state));
    }
    std::shared_ptr<cusim::Capture> capture = state.capture.lock();
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

}  // namespace

CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned int flags) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_HANDLE(events, event)
    CUSIM_STREAM(stream, handle)
    // 1 says that the wait is a node of its own where the stream is captured.
    return flags > 1 ? CUDA_ERROR_INVALID_VALUE : waitFor(call.context, stream, event);
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
    return event->context != call.context ? CUDA_ERROR_INVALID_HANDLE : record(call.context, event, stream);
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
