// The part of nccl.h that the emulation exports; see api_cuda.h.
#pragma once

#include <stddef.h>

#ifndef CUSIM_REAL_TYPES

enum ncclResult_t {
    ncclSuccess = 0,
    ncclUnhandledCudaError = 1,
    ncclSystemError = 2,
    ncclInternalError = 3,
    ncclInvalidArgument = 4,
    ncclInvalidUsage = 5,
    ncclRemoteError = 6,
    ncclInProgress = 7
};

enum ncclDataType_t {
    ncclInt8 = 0,
    ncclUint8 = 1,
    ncclInt32 = 2,
    ncclUint32 = 3,
    ncclInt64 = 4,
    ncclUint64 = 5,
    ncclFloat16 = 6,
    ncclFloat32 = 7,
    ncclFloat64 = 8,
    ncclBfloat16 = 9
};

enum ncclRedOp_t { ncclSum = 0, ncclProd = 1, ncclMax = 2, ncclMin = 3, ncclAvg = 4 };

struct ncclUniqueId {
    char internal[128];
};

typedef struct ncclComm *ncclComm_t;
typedef struct CUstream_st *cudaStream_t;

#endif

#pragma GCC visibility push(default)
extern "C" {

ncclResult_t ncclGetVersion(int *version);
ncclResult_t ncclGetUniqueId(ncclUniqueId *id);
const char *ncclGetErrorString(ncclResult_t result);

ncclResult_t ncclCommInitRank(ncclComm_t *communicator, int ranks, ncclUniqueId id, int rank);
ncclResult_t ncclCommInitAll(ncclComm_t *communicators, int devices, const int *list);
ncclResult_t ncclCommDestroy(ncclComm_t communicator);
ncclResult_t ncclCommAbort(ncclComm_t communicator);
ncclResult_t ncclCommGetAsyncError(ncclComm_t communicator, ncclResult_t *error);

ncclResult_t ncclGroupStart();
ncclResult_t ncclGroupEnd();

ncclResult_t ncclAllReduce(
        const void *from,
        void *to,
        size_t count,
        ncclDataType_t type,
        ncclRedOp_t operation,
        ncclComm_t communicator,
        cudaStream_t stream);
ncclResult_t ncclAllGather(
        const void *from, void *to, size_t count, ncclDataType_t type, ncclComm_t communicator, cudaStream_t stream);
ncclResult_t ncclReduceScatter(
        const void *from,
        void *to,
        size_t count,
        ncclDataType_t type,
        ncclRedOp_t operation,
        ncclComm_t communicator,
        cudaStream_t stream);
ncclResult_t ncclBroadcast(
        const void *from,
        void *to,
        size_t count,
        ncclDataType_t type,
        int root,
        ncclComm_t communicator,
        cudaStream_t stream);
ncclResult_t ncclSend(
        const void *from, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator, cudaStream_t stream);
ncclResult_t ncclRecv(
        void *to, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator, cudaStream_t stream);

}
#pragma GCC visibility pop
