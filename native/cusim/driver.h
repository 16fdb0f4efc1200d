// The state of the emulated driver: devices, their contexts, and what every call begins with.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api_cuda.h"
#include "memory.h"

struct CUctx_st {
    explicit CUctx_st(int ordinal, size_t memory);
    ~CUctx_st();

    int ordinal;
    int retained = 0;
    // The error that ended the context's work, or success. Only its end clears it, as in the real driver.
    CUresult sticky = CUDA_SUCCESS;
    cusim::MemoryPool memory;
    std::unique_ptr<CUstream_st> legacy;
    std::set<CUstream> streams;
};

namespace cusim {

// Everything is guarded by this one lock; host functions run under it.
struct Driver {
    std::recursive_mutex lock;
    // Told when work of a stream has been done, for threads that wait for other threads' ranks.
    std::condition_variable_any progress;
    bool initialised = false;
    std::vector<std::unique_ptr<CUctx_st>> devices;
    std::map<uintptr_t, Mapping> pinned;
    std::map<uintptr_t, size_t> registered;
    std::string lastFailure;
    // Handles that live, by kind: a destroyed one is refused rather than followed.
    std::set<const void *> modules, functions, events, graphs, executables;

    void initialise();
    // Until there are as many as the settings say.
    void addDevices();
    // As if the library had just been loaded.
    void reset();
};

Driver &driver();

// Forgets all handles of cuBLAS.
void resetBlas();

// The context of the calling thread, or null.
CUcontext &currentContext();

// Remembers why something failed and prints it.
void reportFailure(const std::string &message);

// As reportFailure, and makes the status stick to the context.
void failContext(CUcontext context, int status, const std::string &message);

// Whether bytes are the context's own device memory.
bool isDeviceMemory(CUcontext context, CUdeviceptr address, size_t bytes);

// Whether some device's memory begins, or ends, at or around an address.
bool isAnyDevices(uintptr_t address);

// Whether bytes are page-locked host memory, which copies may read after the call.
bool isPinned(const void *address, size_t bytes);

// Whether a kernel of the context may be given this pointer: null, device or page-locked memory.
bool isKernelPointer(CUcontext context, const void *pointer);

// Notes the calling thread, counts the call, and gives what CUSIM_FAIL plans for it or 0.
int recordCall(const char *function);

// What a function needs before it does anything.
enum class Needs { NOTHING, DRIVER, CONTEXT };

// Made first in every exported function: holds the lock until its end.
class Call {
  public:
    Call(const char *function, Needs needs);

    // What to return at once unless it is success.
    CUresult status = CUDA_SUCCESS;
    CUcontext context = nullptr;
    // Whether CUSIM_FAIL made the status, which is then one of the function's own library.
    bool planned = false;

  private:
    CUresult begin(const char *function, Needs needs);

    std::unique_lock<std::recursive_mutex> guard;
};

// Set while a host function runs, which may not call the driver.
bool &inHostFunction();

}  // namespace cusim

// Begins an exported function of the driver.
#define CUSIM_CALL(needs)                        \
    cusim::Call call(__func__, needs);           \
    if (call.status != CUDA_SUCCESS) {           \
        return call.status;                      \
    }
