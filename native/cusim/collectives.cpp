// What collectives compute. Reductions add in the order of the ranks, in float32, and round once.
#include <string.h>

#include <algorithm>

#include "communicators.h"
#include "include/cuda_bf16.h"
#include "include/cuda_fp16.h"
#include "status.h"

namespace cusim {

namespace {

float widen(float value) {
    return value;
}

float widen(__nv_bfloat16 value) {
    return __bfloat162float(value);
}

float widen(__half value) {
    return __half2float(value);
}

void narrow(float value, float *to) {
    *to = value;
}

void narrow(float value, __nv_bfloat16 *to) {
    *to = __float2bfloat16_rn(value);
}

void narrow(float value, __half *to) {
    *to = __float2half_rn(value);
}

float combine(ncclRedOp_t operation, float a, float b) {
    return operation == ncclMax ? std::max(a, b) : operation == ncclMin ? std::min(a, b) : a + b;
}

template <class T>
void reduce(const std::vector<const CollectiveCall *> &calls, size_t first, size_t count, void *to) {
    T *result = static_cast<T *>(to);
    ncclRedOp_t operation = calls[0]->operation;
    for (size_t i = 0; i < count; i++) {
        float value = widen(static_cast<const T *>(calls[0]->from)[first + i]);
        for (size_t rank = 1; rank < calls.size(); rank++) {
            value = combine(operation, value, widen(static_cast<const T *>(calls[rank]->from)[first + i]));
        }
        narrow(operation == ncclAvg ? value / (float)calls.size() : value, result + i);
    }
}

// Reduces elements of all ranks' inputs into a buffer that is none of theirs.
std::vector<uint8_t> reduced(const std::vector<const CollectiveCall *> &calls, size_t first, size_t count) {
    ncclDataType_t type = calls[0]->type;
    std::vector<uint8_t> result(count * sizeOf(type));
    switch (type) {
        case ncclFloat16: reduce<__half>(calls, first, count, result.data()); break;
        case ncclBfloat16: reduce<__nv_bfloat16>(calls, first, count, result.data()); break;
        default: reduce<float>(calls, first, count, result.data());
    }
    return result;
}

void failAll(const Clique &clique, int status, const std::string &message) {
    for (CUcontext context : clique.contexts) {
        failContext(context, status, message);
    }
}

bool agree(const CollectiveCall &a, const CollectiveCall &b) {
    return a.collective == b.collective && a.count == b.count && a.type == b.type && a.operation == b.operation
            && a.root == b.root;
}

// What a rank must have to read and to write.
bool isThere(const Clique &clique, const CollectiveCall &call, int rank) {
    size_t bytes = call.count * sizeOf(call.type);
    size_t all = bytes * clique.size();
    bool reads = call.collective != Collective::BROADCAST || call.root == rank;
    size_t read = call.collective == Collective::REDUCE_SCATTER ? all : bytes;
    size_t written = call.collective == Collective::ALL_GATHER ? all : bytes;
    CUcontext context = clique.contexts[rank];
    return bytes == 0
            || ((!reads || isDeviceMemory(context, reinterpret_cast<uintptr_t>(call.from), read))
                && isDeviceMemory(context, reinterpret_cast<uintptr_t>(call.to), written));
}

void gather(const std::vector<const CollectiveCall *> &calls, size_t bytes) {
    // Ranks may gather in place, so all is read before anything is written.
    std::vector<uint8_t> all(bytes * calls.size());
    for (size_t rank = 0; rank < calls.size(); rank++) {
        memcpy(all.data() + rank * bytes, calls[rank]->from, bytes);
    }
    for (const CollectiveCall *call : calls) {
        memcpy(call->to, all.data(), all.size());
    }
}

void scatter(const std::vector<const CollectiveCall *> &calls) {
    std::vector<std::vector<uint8_t>> parts;
    for (size_t rank = 0; rank < calls.size(); rank++) {
        parts.push_back(reduced(calls, rank * calls[0]->count, calls[0]->count));
    }
    for (size_t rank = 0; rank < calls.size(); rank++) {
        memcpy(calls[rank]->to, parts[rank].data(), parts[rank].size());
    }
}

}  // namespace

bool isSupported(ncclDataType_t type) {
    return type == ncclFloat32 || type == ncclFloat16 || type == ncclBfloat16;
}

size_t sizeOf(ncclDataType_t type) {
    switch (type) {
        case ncclInt8:
        case ncclUint8: return 1;
        case ncclFloat16:
        case ncclBfloat16: return 2;
        case ncclInt64:
        case ncclUint64:
        case ncclFloat64: return 8;
        default: return 4;
    }
}

void exchange(Clique &clique, const std::vector<const CollectiveCall *> &calls) {
    for (int rank = 0; rank < clique.size(); rank++) {
        if (!agree(*calls[rank], *calls[0])) {
            failAll(clique, status::LAUNCH_FAILED,
                    "NCCL: rank " + std::to_string(rank) + " takes part in another collective than rank 0");
            return;
        }
        if (!isThere(clique, *calls[rank], rank)) {
            failAll(clique, status::ILLEGAL_ADDRESS,
                    "NCCL: a buffer of rank " + std::to_string(rank) + " reaches outside of its memory");
            return;
        }
    }
    const CollectiveCall &call = *calls[0];
    size_t bytes = call.count * sizeOf(call.type);
    if (bytes == 0) {
        return;
    }
    switch (call.collective) {
        case Collective::ALL_GATHER: gather(calls, bytes); break;
        case Collective::REDUCE_SCATTER: scatter(calls); break;
        case Collective::ALL_REDUCE: {
            std::vector<uint8_t> result = reduced(calls, 0, call.count);
            for (const CollectiveCall *to : calls) {
                memcpy(to->to, result.data(), bytes);
            }
            break;
        }
        case Collective::BROADCAST:
            for (const CollectiveCall *to : calls) {
                memmove(to->to, calls[call.root]->from, bytes);
            }
    }
}

}  // namespace cusim
