// The exported functions for modules, kernels and launches.
#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <set>

#include "driver.h"
#include "fibers.h"
#include "streams.h"

struct CUmod_st {
    // Either a .cu file's kernels, or those that a text in PTX names.
    std::string name;
    std::set<std::string> entries;
};

struct CUfunc_st {
    const cusim::Kernel *kernel;
    size_t sharedMemoryLimit = cusim::DEFAULT_SHARED_MEMORY;
};

using cusim::driver;
using cusim::Needs;

namespace {

constexpr const char *PREFIX = "cusim:";

std::string firstWord(const char *text) {
    return {text, strcspn(text, " \t\r\n(")};
}

// The names after ".entry" in a text in PTX.
std::set<std::string> entriesOf(const char *ptx) {
    std::set<std::string> entries;
    constexpr const char *ENTRY = ".entry";
    for (const char *at = strstr(ptx, ENTRY); at != nullptr; at = strstr(at, ENTRY)) {
        at += strlen(ENTRY);
        at += strspn(at, " \t\r\n");
        entries.insert(firstWord(at));
    }
    return entries;
}

bool isPtx(const char *text) {
    text += strspn(text, " \t\r\n");
    return strncmp(text, "//", 2) == 0 || strncmp(text, ".version", 8) == 0;
}

CUresult load(CUmodule *module, const void *image) {
    const char *text = static_cast<const char *>(image);
    if (text == nullptr) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    CUmod_st loaded;
    if (strncmp(text, PREFIX, strlen(PREFIX)) == 0) {
        loaded.name = firstWord(text + strlen(PREFIX));
        if (!cusim::hasModule(loaded.name)) {
            cusim::reportFailure("was built without " + loaded.name + ".cu");
            return CUDA_ERROR_INVALID_IMAGE;
        }
    } else if (isPtx(text)) {
        loaded.entries = entriesOf(text);
    } else {
        cusim::reportFailure("runs modules that are named \"cusim:FILE\" or come as PTX, no machine code");
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    *module = new CUmod_st(loaded);
    driver().modules.insert(*module);
    return CUDA_SUCCESS;
}

bool isLoaded(CUmodule module) {
    return driver().modules.count(module) != 0;
}

bool isFunction(CUfunction function) {
    return driver().functions.count(function) != 0;
}

// The arguments of a launch, copied when it was asked for.
struct Arguments {
    static constexpr size_t SLOT = 16;

    Arguments(const std::vector<cusim::Parameter> &parameters, void **values) {
        size_t slots = 0;
        for (const cusim::Parameter &parameter : parameters) {
            slots += (parameter.size + SLOT - 1) / SLOT;
        }
        bytes.resize(slots * SLOT + SLOT);
        uintptr_t base = (reinterpret_cast<uintptr_t>(bytes.data()) + SLOT - 1) / SLOT * SLOT;
        for (size_t i = 0; i < parameters.size(); i++) {
            pointers.push_back(reinterpret_cast<void *>(base));
            memcpy(pointers.back(), values[i], parameters[i].size);
            base += (parameters[i].size + SLOT - 1) / SLOT * SLOT;
        }
    }

    Arguments(const Arguments &) = delete;
    Arguments &operator=(const Arguments &) = delete;

    std::vector<unsigned char> bytes;
    std::vector<void *> pointers;
};

class LaunchWork : public cusim::Work {
  public:
    LaunchWork(cusim::Launch launch, void **values)
        : launch(launch), arguments(launch.kernel->parameters, values) {}

    bool run(CUstream stream, long *) const override {
        CUcontext context = stream->context;
        if (!pointersAreGood(context)) {
            return true;
        }
        // The kernel may change its parameters, which are its own copies.
        Arguments fresh(launch.kernel->parameters, const_cast<void **>(arguments.pointers.data()));
        cusim::KernelFailure failure = cusim::runGrid(launch, fresh.pointers.data());
        if (failure.status != 0) {
            cusim::failContext(context, failure.status, failure.message);
        } else {
            checkEnds(context);
        }
        return true;
    }

    const char *kind() const override { return launch.kernel->name.c_str(); }

  private:
    const void *pointer(size_t i) const {
        const void *pointer;
        memcpy(&pointer, arguments.pointers[i], sizeof pointer);
        return pointer;
    }

    bool pointersAreGood(CUcontext context) const {
        const auto &parameters = launch.kernel->parameters;
        for (size_t i = 0; i < parameters.size(); i++) {
            if (!parameters[i].isPointer || cusim::isKernelPointer(context, pointer(i))) {
                continue;
            }
            std::string what = context->memory.describe(reinterpret_cast<uintptr_t>(pointer(i)));
            cusim::failContext(context, CUDA_ERROR_ILLEGAL_ADDRESS,
                               "kernel " + launch.kernel->name + ": argument " + std::to_string(i)
                                       + " is no memory of device " + std::to_string(context->ordinal)
                                       + (what.empty() ? "" : ": " + what));
            return false;
        }
        return true;
    }

    // The bytes between an allocation and its guard pages.
    void checkEnds(CUcontext context) const {
        const auto &parameters = launch.kernel->parameters;
        for (size_t i = 0; i < parameters.size(); i++) {
            const cusim::Mapping *mapping = parameters[i].isPointer
                    ? context->memory.find(reinterpret_cast<uintptr_t>(pointer(i)))
                    : nullptr;
            if (mapping != nullptr && !mapping->intact()) {
                cusim::failContext(context, CUDA_ERROR_ILLEGAL_ADDRESS,
                                   "kernel " + launch.kernel->name + " wrote outside of the "
                                           + std::to_string(mapping->size) + " bytes of argument "
                                           + std::to_string(i));
                return;
            }
        }
    }

    cusim::Launch launch;
    Arguments arguments;
};

bool isWithinLimits(const CUfunc_st &function, const cusim::Launch &launch) {
    const dim3 &grid = launch.grid;
    const dim3 &block = launch.block;
    size_t threads = (size_t)block.x * block.y * block.z;
    return grid.x != 0 && grid.y != 0 && grid.z != 0 && grid.x <= 2147483647u && grid.y <= 65535 && grid.z <= 65535
            && threads != 0 && block.x <= 1024 && block.y <= 1024 && block.z <= 64 && threads <= cusim::MAX_THREADS
            && launch.sharedMemory <= function.sharedMemoryLimit;
}

}  // namespace

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
    CUSIM_CALL(Needs::CONTEXT)
    CUresult status = cusim::refuseInCapture(call.context);
    return status != CUDA_SUCCESS ? status : load(module, image);
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned int, CUjit_option *, void **) {
    CUSIM_CALL(Needs::CONTEXT)
    CUresult status = cusim::refuseInCapture(call.context);
    return status != CUDA_SUCCESS ? status : load(module, image);
}

CUresult cuModuleUnload(CUmodule module) {
    CUSIM_CALL(Needs::CONTEXT)
    if (!isLoaded(module)) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    driver().modules.erase(module);
    delete module;
    return CUDA_SUCCESS;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
    CUSIM_CALL(Needs::CONTEXT)
    if (!isLoaded(module)) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    const cusim::Kernel *kernel = !module->name.empty()     ? cusim::findKernel(module->name, name)
            : module->entries.count(name) != 0 ? cusim::findKernel(name)
                                               : nullptr;
    if (kernel == nullptr) {
        return CUDA_ERROR_NOT_FOUND;
    }
    *function = new CUfunc_st{kernel};
    driver().functions.insert(*function);
    return CUDA_SUCCESS;
}

CUresult cuModuleGetGlobal_v2(CUdeviceptr *, size_t *, CUmodule module, const char *) {
    CUSIM_CALL(Needs::CONTEXT)
    // No kernel of ours has variables of its own on the device.
    return isLoaded(module) ? CUDA_ERROR_NOT_FOUND : CUDA_ERROR_INVALID_HANDLE;
}

CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
    CUSIM_CALL(Needs::CONTEXT)
    if (!isFunction(function)) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (attribute == CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT) {
        return CUDA_SUCCESS;
    }
    if (attribute != CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES || value < 0
        || (size_t)value > cusim::MAX_SHARED_MEMORY) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    function->sharedMemoryLimit = (size_t)value;
    return CUDA_SUCCESS;
}

CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute, CUfunction function) {
    CUSIM_CALL(Needs::CONTEXT)
    if (!isFunction(function)) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    switch (attribute) {
        case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: *value = (int)cusim::MAX_THREADS; break;
        case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: *value = (int)function->sharedMemoryLimit; break;
        // What a compiler for GPUs would tell; nothing is known of it here.
        default: *value = 0;
    }
    return CUDA_SUCCESS;
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(
        int *blocks, CUfunction function, int blockSize, size_t sharedMemory) {
    CUSIM_CALL(Needs::CONTEXT)
    if (!isFunction(function)) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (blockSize <= 0 || (size_t)blockSize > cusim::MAX_THREADS) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    // By a Hopper's threads, blocks and shared memory, 1 KiB of which each block takes for itself.
    int byThreads = 2048 / ((blockSize + 31) / 32 * 32);
    int byMemory = (int)(233472 / (sharedMemory + 1024));
    *blocks = std::min({32, byThreads, byMemory});
    return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(
        CUfunction function,
        unsigned int gridX,
        unsigned int gridY,
        unsigned int gridZ,
        unsigned int blockX,
        unsigned int blockY,
        unsigned int blockZ,
        unsigned int sharedMemory,
        CUstream stream,
        void **parameters,
        void **extra) {
    CUSIM_CALL(Needs::CONTEXT)
    if (!isFunction(function)) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    cusim::Launch launch{function->kernel, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedMemory};
    bool hasArguments = parameters != nullptr || function->kernel->parameters.empty();
    if (extra != nullptr || !hasArguments || !isWithinLimits(*function, launch)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    return cusim::submit(call.context, stream, std::make_shared<LaunchWork>(launch, parameters));
}

CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function, void *userData) {
    CUSIM_CALL(Needs::CONTEXT)
    return cusim::submit(call.context, stream, "host function", [=](CUstream) {
        cusim::inHostFunction() = true;
        function(userData);
        cusim::inHostFunction() = false;
    });
}
