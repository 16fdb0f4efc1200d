// The exported functions for devices, contexts and errors.
#include <stdio.h>
#include <string.h>

#include "driver.h"
#include "faults.h"
#include "fibers.h"
#include "streams.h"

using cusim::driver;
using cusim::Needs;

namespace {

struct ErrorText {
    int status;
    const char *name;
    const char *text;
};

const ErrorText *find(CUresult status) {
    static const ErrorText texts[] = {
#define CUDA_RESULT(name, value, text) {value, #name, text},
#include "cuda_errors.def"
#undef CUDA_RESULT
    };
    for (const ErrorText &text : texts) {
        if (text.status == status) {
            return &text;
        }
    }
    return nullptr;
}

bool isDevice(CUdevice device) {
    return device >= 0 && (size_t)device < driver().devices.size();
}

// A Hopper with few processors; where a number is a limit, launches are held to it.
int attributeValue(CUdevice_attribute attribute) {
    switch (attribute) {
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK: return (int)cusim::MAX_THREADS;
        case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X: return (int)cusim::MAX_THREADS;
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X: return 2147483647;
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y: return 65535;
        case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z: return 65535;
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK: return (int)cusim::DEFAULT_SHARED_MEMORY;
        case CU_DEVICE_ATTRIBUTE_WARP_SIZE: return 32;
        case CU_DEVICE_ATTRIBUTE_CLOCK_RATE: return 1000000;
        case CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: return 4;
        case CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE: return 1000000;
        case CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH: return 64;
        case CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE: return 32 << 20;
        case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR: return 2048;
        case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING: return 1;
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: return 9;
        case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: return 0;
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR: return 233472;
        case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN: return (int)cusim::MAX_SHARED_MEMORY;
        default: return -1;
    }
}

}  // namespace

CUresult cuInit(unsigned int flags) {
    CUSIM_CALL(Needs::NOTHING)
    if (flags != 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    driver().initialise();
    cusim::catchFaults();
    return driver().devices.empty() ? CUDA_ERROR_NO_DEVICE : CUDA_SUCCESS;
}

CUresult cuDriverGetVersion(int *version) {
    CUSIM_CALL(Needs::NOTHING)
    *version = CUDA_VERSION;
    return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult error, const char **name) {
    CUSIM_CALL(Needs::NOTHING)
    const ErrorText *found = find(error);
    *name = found != nullptr ? found->name : nullptr;
    return found != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuGetErrorString(CUresult error, const char **text) {
    CUSIM_CALL(Needs::NOTHING)
    const ErrorText *found = find(error);
    *text = found != nullptr ? found->text : nullptr;
    return found != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDeviceGetCount(int *count) {
    CUSIM_CALL(Needs::DRIVER)
    *count = (int)driver().devices.size();
    return CUDA_SUCCESS;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
    CUSIM_CALL(Needs::DRIVER)
    if (!isDevice(ordinal)) {
        return CUDA_ERROR_INVALID_DEVICE;
    }
    *device = ordinal;
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
    CUSIM_CALL(Needs::DRIVER)
    if (!isDevice(device)) {
        return CUDA_ERROR_INVALID_DEVICE;
    }
    snprintf(name, (size_t)length, "Emulated CUDA device");
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
    CUSIM_CALL(Needs::DRIVER)
    if (!isDevice(device)) {
        return CUDA_ERROR_INVALID_DEVICE;
    }
    int found = attributeValue(attribute);
    if (found < 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    *value = found;
    return CUDA_SUCCESS;
}

CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
    CUSIM_CALL(Needs::DRIVER)
    if (!isDevice(device)) {
        return CUDA_ERROR_INVALID_DEVICE;
    }
    *bytes = driver().devices[device]->memory.total();
    return CUDA_SUCCESS;
}

CUresult cuDeviceGetUuid_v2(CUuuid *uuid, CUdevice device) {
    CUSIM_CALL(Needs::DRIVER)
    if (!isDevice(device)) {
        return CUDA_ERROR_INVALID_DEVICE;
    }
    *uuid = {};
    memcpy(uuid->bytes, "emulated", 8);
    uuid->bytes[15] = (char)device;
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
    CUSIM_CALL(Needs::DRIVER)
    if (!isDevice(device)) {
        return CUDA_ERROR_INVALID_DEVICE;
    }
    *context = driver().devices[device].get();
    if ((*context)->sticky != CUDA_SUCCESS) {
        return (*context)->sticky;
    }
    (*context)->retained++;
    return CUDA_SUCCESS;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    CUSIM_CALL(Needs::DRIVER)
    if (!isDevice(device)) {
        return CUDA_ERROR_INVALID_DEVICE;
    }
    CUcontext context = driver().devices[device].get();
    if (context->retained == 0) {
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    if (--context->retained == 0) {
        // The end of the context: its work is done, its streams go, what was not freed counts as leaked.
        cusim::drainContext(context);
        for (CUstream stream : context->streams) {
            delete stream;
        }
        context->streams.clear();
        context->memory.abandon();
        context->sticky = CUDA_SUCCESS;
    }
    return CUDA_SUCCESS;
}

CUresult cuCtxSetCurrent(CUcontext context) {
    CUSIM_CALL(Needs::DRIVER)
    for (const auto &device : driver().devices) {
        if (device.get() == context && context->retained > 0) {
            cusim::currentContext() = context;
            return CUDA_SUCCESS;
        }
    }
    if (context != nullptr) {
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    cusim::currentContext() = nullptr;
    return CUDA_SUCCESS;
}

CUresult cuCtxGetCurrent(CUcontext *context) {
    CUSIM_CALL(Needs::DRIVER)
    *context = call.context;
    return CUDA_SUCCESS;
}

CUresult cuCtxSynchronize() {
    CUSIM_CALL(Needs::CONTEXT)
    for (CUstream stream : call.context->streams) {
        if (stream->capture != nullptr) {
            stream->capture->valid = false;
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
    }
    return cusim::drainContext(call.context);
}
