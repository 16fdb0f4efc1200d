#include "driver.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <algorithm>

#include "api_cusim.h"
#include "communicators.h"
#include "faults.h"
#include "settings.h"
#include "streams.h"

CUctx_st::CUctx_st(int ordinal, size_t memory)
    : ordinal(ordinal), memory(memory), legacy(std::make_unique<CUstream_st>(this, 0)) {}

CUctx_st::~CUctx_st() = default;

namespace cusim {

namespace {

struct ThreadRecord {
    std::mutex mutex;
    unsigned generation = 1;
    long long calls = 0;
    std::vector<std::string> names;
};

ThreadRecord &threads() {
    static auto *record = new ThreadRecord;
    return *record;
}

thread_local unsigned recordedGeneration;

bool isSticky(int status) {
    return status == CUDA_ERROR_ILLEGAL_ADDRESS || status == CUDA_ERROR_LAUNCH_TIMEOUT
            || status == CUDA_ERROR_MISALIGNED_ADDRESS || status == CUDA_ERROR_LAUNCH_FAILED;
}

}  // namespace

Driver &driver() {
    // Never destroyed: threads may call until the process ends.
    static auto *driver = new Driver;
    return *driver;
}

void Driver::initialise() {
    if (!initialised) {
        initialised = true;
        addDevices();
    }
}

void Driver::addDevices() {
    for (int i = (int)devices.size(); i < settings().devices; i++) {
        devices.push_back(std::make_unique<CUctx_st>(i, settings().memory));
    }
}

void Driver::reset() {
    resetCommunicators();
    resetBlas();
    devices.clear();
    for (auto &[address, mapping] : pinned) {
        mapping.unmap();
    }
    pinned.clear();
    registered.clear();
    for (auto *handles : {&modules, &functions, &events, &graphs, &executables}) {
        handles->clear();
    }
    lastFailure.clear();
    initialised = false;
}

// Contexts that a reset has ended may still be some thread's.
static bool lives(CUcontext context) {
    const auto &devices = driver().devices;
    return std::any_of(devices.begin(), devices.end(), [=](const auto &device) { return device.get() == context; });
}

CUcontext &currentContext() {
    static thread_local CUcontext context;
    return context;
}

bool &inHostFunction() {
    static thread_local bool inside;
    return inside;
}

void reportFailure(const std::string &message) {
    driver().lastFailure = message;
    fprintf(stderr, "cusim: %s\n", message.c_str());
}

void failContext(CUcontext context, int status, const std::string &message) {
    reportFailure(message);
    context->sticky = static_cast<CUresult>(status);
}

bool isDeviceMemory(CUcontext context, CUdeviceptr address, size_t bytes) {
    return context->memory.contains(address, bytes);
}

bool isAnyDevices(uintptr_t address) {
    for (const auto &device : driver().devices) {
        if (device->memory.find(address) != nullptr) {
            return true;
        }
    }
    return false;
}

bool isPinned(const void *address, size_t bytes) {
    uintptr_t start = reinterpret_cast<uintptr_t>(address);
    auto within = [=](const auto &map, auto size) {
        auto after = map.upper_bound(start);
        return after != map.begin() && start + bytes <= std::prev(after)->first + size(std::prev(after)->second);
    };
    return within(driver().pinned, [](const Mapping &mapping) { return mapping.size; })
            || within(driver().registered, [](size_t size) { return size; });
}

bool isKernelPointer(CUcontext context, const void *pointer) {
    return pointer == nullptr || isDeviceMemory(context, reinterpret_cast<uintptr_t>(pointer), 0)
            || isPinned(pointer, 0);
}

int recordCall(const char *function) {
    ThreadRecord &record = threads();
    {
        std::lock_guard<std::mutex> guard(record.mutex);
        record.calls++;
        if (recordedGeneration != record.generation) {
            recordedGeneration = record.generation;
            char name[64] = "";
            pthread_getname_np(pthread_self(), name, sizeof name);
            record.names.emplace_back(name);
        }
    }
    return plannedFailure(function);
}

Call::Call(const char *function, Needs needs) : guard(driver().lock) {
    status = begin(function, needs);
}

CUresult Call::begin(const char *function, Needs needs) {
    int plan = recordCall(function);
    context = lives(currentContext()) ? currentContext() : nullptr;
    if (inHostFunction()) {
        return CUDA_ERROR_NOT_PERMITTED;
    }
    if (plan != 0) {
        planned = true;
        if (context != nullptr && isSticky(plan)) {
            failContext(context, plan, std::string(function) + " was told to fail");
        }
        return static_cast<CUresult>(plan);
    }
    if (needs != Needs::NOTHING && !driver().initialised) {
        return CUDA_ERROR_NOT_INITIALIZED;
    }
    if (needs != Needs::CONTEXT) {
        return CUDA_SUCCESS;
    }
    if (context == nullptr || context->retained == 0) {
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    return context->sticky;
}

}  // namespace cusim

using cusim::driver;

void cusim_set_order(int reverse) {
    cusim::settings().reverse = reverse != 0;
}

void cusim_set_streams(int deferred) {
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    cusim::settings().deferred = deferred != 0;
    if (deferred == 0) {
        cusim::pumpAll();
    }
}

void cusim_set_devices(int count, int64_t bytes) {
    cusim::settings().devices = count;
    cusim::settings().memory = (size_t)bytes;
}

void cusim_need_devices(int count) {
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    cusim::settings().devices = std::max(cusim::settings().devices, count);
    if (driver().initialised) {
        driver().addDevices();
    }
}

int cusim_fail(const char *calls) {
    return cusim::armFailures(calls == nullptr ? "" : calls) ? 0 : 1;
}

int64_t cusim_allocated_bytes() {
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    int64_t bytes = 0;
    for (const auto &device : driver().devices) {
        bytes += (int64_t)(device->memory.used() + device->memory.leaked());
    }
    return bytes;
}

int64_t cusim_pinned_bytes() {
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    int64_t bytes = 0;
    for (const auto &[address, mapping] : driver().pinned) {
        bytes += (int64_t)mapping.size;
    }
    return bytes;
}

static int64_t copyText(const std::string &from, char *text, int64_t size) {
    if (size > 0) {
        size_t length = std::min(from.size(), (size_t)size - 1);
        memcpy(text, from.data(), length);
        text[length] = 0;
    }
    return (int64_t)from.size();
}

int64_t cusim_last_failure(char *text, int64_t size) {
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    return copyText(driver().lastFailure, text, size);
}

int cusim_thread_count() {
    std::lock_guard<std::mutex> guard(cusim::threads().mutex);
    return (int)cusim::threads().names.size();
}

int64_t cusim_thread_name(int index, char *text, int64_t size) {
    std::lock_guard<std::mutex> guard(cusim::threads().mutex);
    const auto &names = cusim::threads().names;
    return index < 0 || (size_t)index >= names.size() ? -1 : copyText(names[index], text, size);
}

void cusim_threads_reset() {
    std::lock_guard<std::mutex> guard(cusim::threads().mutex);
    cusim::threads().generation++;
    cusim::threads().calls = 0;
    cusim::threads().names.clear();
}

int64_t cusim_call_count() {
    std::lock_guard<std::mutex> guard(cusim::threads().mutex);
    return cusim::threads().calls;
}

void cusim_reset() {
    std::lock_guard<std::recursive_mutex> guard(driver().lock);
    driver().reset();
}
