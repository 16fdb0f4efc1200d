// Runs one block of a kernel: its threads are fibers of the calling OS thread.
#pragma once

#include <string>
#include <vector>

#include "include/cusim.h"

namespace cusim {

// A Hopper's limits; what sets the emulated device's.
constexpr size_t MAX_THREADS = 1024;
constexpr size_t MAX_SHARED_MEMORY = 232448;
constexpr size_t DEFAULT_SHARED_MEMORY = 48 << 10;

struct Kernel {
    std::string module;
    std::string name;
    Invoke invoke;
    std::vector<Parameter> parameters;
};

struct Launch {
    const Kernel *kernel;
    dim3 grid;
    dim3 block;
    size_t sharedMemory;
};

// Why a kernel did not end well: a CUresult other than 0 and a sentence.
struct KernelFailure {
    int status = 0;
    std::string message;
};

const Kernel *findKernel(const std::string &module, const std::string &name);
// Any module's kernel of that name.
const Kernel *findKernel(const std::string &name);
bool hasModule(const std::string &module);

// Runs all blocks, in the order that settings.h names. Stops at the first failure.
KernelFailure runGrid(const Launch &launch, void **arguments);

// For the handler of memory faults: how a thread leaves its kernel. It must go on at instruction, a
// function of two arguments, as if it had just called it.
struct Departure {
    void *instruction;
    void *first;
    void *second;
};

// Whether the calling OS thread is in a kernel.
bool inKernel();
Departure departAfterFault(const void *address);

}  // namespace cusim
