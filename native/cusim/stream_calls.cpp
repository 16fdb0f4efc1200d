// The exported functions for streams and their capture.
#include "streams.h"

using cusim::driver;
using cusim::Needs;

static CUresult createStream(CUcontext context, CUstream *stream, unsigned int flags) {
    if (flags > CU_STREAM_NON_BLOCKING) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    *stream = new CUstream_st(context, flags);
    context->streams.insert(*stream);
    return CUDA_SUCCESS;
}

CUresult cuStreamCreate(CUstream *stream, unsigned int flags) {
    CUSIM_CALL(Needs::CONTEXT)
    return createStream(call.context, stream, flags);
}

CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned int flags, int) {
    CUSIM_CALL(Needs::CONTEXT)
    return createStream(call.context, stream, flags);
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
    CUresult status = cusim::refuseWaiting(call.context, stream);
    return status != CUDA_SUCCESS ? status : cusim::drain(stream);
}

CUresult cuStreamQuery(CUstream handle) {
    CUSIM_CALL(Needs::CONTEXT)
    CUSIM_STREAM(stream, handle)
    CUresult status = cusim::refuseWaiting(call.context, stream);
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
