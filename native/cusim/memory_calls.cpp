// The exported functions for memory and copies.
#include <string.h>

#include <algorithm>

#include "driver.h"
#include "status.h"
#include "streams.h"

using cusim::driver;
using cusim::Mapping;
using cusim::Needs;

namespace {

// What a copy that was sound when it was enqueued finds when it runs.
bool stillThere(CUcontext context, CUdeviceptr address, size_t bytes, const char *what) {
    if (cusim::isDeviceMemory(context, address, bytes)) {
        return true;
    }
    cusim::failContext(context, cusim::status::ILLEGAL_ADDRESS, std::string(what) + " found its device memory freed");
    return false;
}

bool isHostRange(const void *address) {
    return address != nullptr && !cusim::isAnyDevices(reinterpret_cast<uintptr_t>(address));
}

CUresult copyToDevice(CUcontext context, CUdeviceptr to, const void *from, size_t bytes, CUstream stream, bool wait) {
    if (bytes == 0) {
        return CUDA_SUCCESS;
    }
    if (!cusim::isDeviceMemory(context, to, bytes) || !isHostRange(from)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    CUstream target = cusim::resolveStream(context, stream);
    bool capturing = target != nullptr && target->capture != nullptr;
    std::shared_ptr<std::vector<uint8_t>> staged;
    if (!capturing && !cusim::isPinned(from, bytes)) {
        // The driver stages pageable memory before it returns; page-locked memory it reads when it gets there.
        const uint8_t *source = static_cast<const uint8_t *>(from);
        staged = std::make_shared<std::vector<uint8_t>>(source, source + bytes);
    }
    CUresult status = cusim::submit(context, stream, "copy to device", [=](CUstream) {
        if (stillThere(context, to, bytes, "a copy to the device")) {
            memcpy(reinterpret_cast<void *>(to), staged != nullptr ? staged->data() : from, bytes);
        }
    });
    return status == CUDA_SUCCESS && wait ? cusim::drain(target) : status;
}

CUresult copyToHost(CUcontext context, void *to, CUdeviceptr from, size_t bytes, CUstream stream, bool wait) {
    if (bytes == 0) {
        return CUDA_SUCCESS;
    }
    if (!cusim::isDeviceMemory(context, from, bytes) || !isHostRange(to)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    CUstream target = cusim::resolveStream(context, stream);
    bool capturing = target != nullptr && target->capture != nullptr;
    CUresult status = cusim::submit(context, stream, "copy to host", [=](CUstream) {
        if (stillThere(context, from, bytes, "a copy to the host")) {
            memcpy(to, reinterpret_cast<const void *>(from), bytes);
        }
    });
    // The driver waits for a copy into pageable memory.
    bool waits = wait || (!capturing && !cusim::isPinned(to, bytes));
    return status == CUDA_SUCCESS && waits ? cusim::drain(target) : status;
}

template <class T>
CUresult fill(CUcontext context, CUdeviceptr to, T value, size_t count, CUstream stream) {
    size_t bytes = count * sizeof(T);
    if (count == 0) {
        return CUDA_SUCCESS;
    }
    if (!cusim::isDeviceMemory(context, to, bytes) || to % sizeof(T) != 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    return cusim::submit(context, stream, "memset", [=](CUstream) {
        if (stillThere(context, to, bytes, "a memset")) {
            std::fill_n(reinterpret_cast<T *>(to), count, value);
        }
    });
}

}  // namespace

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
    CUSIM_CALL(Needs::CONTEXT)
    *total = call.context->memory.total();
    *free = *total - call.context->memory.used();
    return CUDA_SUCCESS;
}

CUresult cuMemAlloc_v2(CUdeviceptr *pointer, size_t bytes) {
    CUSIM_CALL(Needs::CONTEXT)
    if (bytes == 0 || pointer == nullptr) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    CUresult status = cusim::refuseInCapture(call.context);
    if (status != CUDA_SUCCESS) {
        return status;
    }
    *pointer = call.context->memory.allocate(bytes);
    return *pointer != 0 ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

CUresult cuMemFree_v2(CUdeviceptr pointer) {
    CUSIM_CALL(Needs::CONTEXT)
    if (pointer == 0) {
        return CUDA_SUCCESS;
    }
    CUresult status = cusim::refuseInCapture(call.context);
    if (status == CUDA_SUCCESS) {
        status = cusim::drainContext(call.context);
    }
    if (status != CUDA_SUCCESS) {
        return status;
    }
    bool damaged = false;
    if (!call.context->memory.release(pointer, &damaged)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (damaged) {
        cusim::failContext(call.context, cusim::status::ILLEGAL_ADDRESS,
                           "something wrote around an allocation that is now freed");
    }
    return call.context->sticky;
}

CUresult cuMemHostAlloc(void **pointer, size_t bytes, unsigned int flags) {
    CUSIM_CALL(Needs::CONTEXT)
    // Portable, mapped and write-combined.
    if (bytes == 0 || flags > 7) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    CUresult status = cusim::refuseInCapture(call.context);
    if (status != CUDA_SUCCESS) {
        return status;
    }
    Mapping mapping = Mapping::make(bytes);
    if (mapping.start == nullptr) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    driver().pinned[reinterpret_cast<uintptr_t>(mapping.start)] = mapping;
    *pointer = mapping.start;
    return CUDA_SUCCESS;
}

CUresult cuMemFreeHost(void *pointer) {
    CUSIM_CALL(Needs::CONTEXT)
    if (pointer == nullptr) {
        return CUDA_SUCCESS;
    }
    auto found = driver().pinned.find(reinterpret_cast<uintptr_t>(pointer));
    if (found == driver().pinned.end()) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    CUresult status = cusim::refuseInCapture(call.context);
    if (status == CUDA_SUCCESS) {
        status = cusim::drainContext(call.context);
    }
    found->second.unmap();
    driver().pinned.erase(found);
    return status;
}

CUresult cuMemHostRegister_v2(void *pointer, size_t bytes, unsigned int) {
    CUSIM_CALL(Needs::CONTEXT)
    if (pointer == nullptr || bytes == 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    uintptr_t start = reinterpret_cast<uintptr_t>(pointer);
    auto after = driver().registered.lower_bound(start + bytes);
    if (after != driver().registered.begin() && std::prev(after)->first + std::prev(after)->second > start) {
        return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    }
    driver().registered[start] = bytes;
    return CUDA_SUCCESS;
}

CUresult cuMemHostUnregister(void *pointer) {
    CUSIM_CALL(Needs::CONTEXT)
    bool known = driver().registered.erase(reinterpret_cast<uintptr_t>(pointer)) != 0;
    return known ? CUDA_SUCCESS : CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes) {
    CUSIM_CALL(Needs::CONTEXT)
    return copyToDevice(call.context, to, from, bytes, nullptr, true);
}

CUresult cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes) {
    CUSIM_CALL(Needs::CONTEXT)
    return copyToHost(call.context, to, from, bytes, nullptr, true);
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
    CUSIM_CALL(Needs::CONTEXT)
    return copyToDevice(call.context, to, from, bytes, stream, false);
}

CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
    CUSIM_CALL(Needs::CONTEXT)
    return copyToHost(call.context, to, from, bytes, stream, false);
}

static CUresult copyBetween(
        CUcontext context,
        CUcontext toContext,
        CUdeviceptr to,
        CUcontext fromContext,
        CUdeviceptr from,
        size_t bytes,
        CUstream stream) {
    if (bytes == 0) {
        return CUDA_SUCCESS;
    }
    if (!cusim::isDeviceMemory(toContext, to, bytes) || !cusim::isDeviceMemory(fromContext, from, bytes)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    return cusim::submit(context, stream, "copy on device", [=](CUstream) {
        if (stillThere(toContext, to, bytes, "a copy on the device")
            && stillThere(fromContext, from, bytes, "a copy on the device")) {
            memcpy(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(from), bytes);
        }
    });
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
    CUSIM_CALL(Needs::CONTEXT)
    return copyBetween(call.context, call.context, to, call.context, from, bytes, stream);
}

CUresult cuMemcpyPeerAsync(
        CUdeviceptr to, CUcontext toContext, CUdeviceptr from, CUcontext fromContext, size_t bytes, CUstream stream) {
    CUSIM_CALL(Needs::CONTEXT)
    if (toContext == nullptr || fromContext == nullptr) {
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    return copyBetween(call.context, toContext, to, fromContext, from, bytes, stream);
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
    CUSIM_CALL(Needs::CONTEXT)
    return fill(call.context, to, value, count, stream);
}

CUresult cuMemsetD32Async(CUdeviceptr to, unsigned int value, size_t count, CUstream stream) {
    CUSIM_CALL(Needs::CONTEXT)
    return fill(call.context, to, value, count, stream);
}
