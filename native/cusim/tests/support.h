// What the tests of the emulation share. They use the exported functions only, as Java does.
#pragma once

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "../api_cublas.h"
#include "../api_cuda.h"
#include "../api_cusim.h"
#include "../api_nccl.h"

extern int failures;

#define CHECK(condition)                                                        \
    do {                                                                        \
        if (!(condition)) {                                                     \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);      \
            failures++;                                                         \
        }                                                                       \
    } while (0)

// Both must be numbers; shows them where they differ.
#define CHECK_EQUAL(actual, expected)                                                               \
    do {                                                                                            \
        long long actualValue = (long long)(actual), expectedValue = (long long)(expected);         \
        if (actualValue != expectedValue) {                                                         \
            printf("%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual, actualValue, expectedValue); \
            failures++;                                                                             \
        }                                                                                           \
    } while (0)

// A fresh driver with one context that is current, and a stream.
class Session {
  public:
    explicit Session(int devices = 1, int64_t memory = 1 << 30);
    ~Session();

    // The kernel of a test module.
    CUfunction kernel(const char *module, const char *name);
    CUdeviceptr allocate(size_t bytes);

    template <class T>
    CUdeviceptr upload(const std::vector<T> &values) {
        CUdeviceptr pointer = allocate(values.size() * sizeof(T));
        CHECK_EQUAL(cuMemcpyHtoD_v2(pointer, values.data(), values.size() * sizeof(T)), CUDA_SUCCESS);
        return pointer;
    }

    template <class T>
    std::vector<T> download(CUdeviceptr pointer, size_t count) {
        std::vector<T> values(count);
        status = cuMemcpyDtoH_v2(values.data(), pointer, count * sizeof(T));
        return values;
    }

    // Launches with pointers to the arguments, and waits; gives the launch's or the wait's status.
    template <class... Arguments>
    CUresult run(CUfunction function, unsigned grid, unsigned block, unsigned shared, Arguments... arguments) {
        void *pointers[] = {&arguments..., nullptr};
        CUresult launched =
                cuLaunchKernel(function, grid, 1, 1, block, 1, 1, shared, stream, pointers, nullptr);
        return launched != CUDA_SUCCESS ? launched : cuStreamSynchronize(stream);
    }

    CUstream stream = nullptr;
    CUresult status = CUDA_SUCCESS;
};

// What failed last, as a sentence.
std::string lastFailure();

// Whether the last failure says this.
bool failureSays(const std::string &words);

unsigned short bfloat16(float value);
float fromBfloat16(unsigned short bits);
unsigned short float16(float value);

// Numbers between -1 and 1, the same each time.
std::vector<float> noise(size_t count, unsigned seed);

void testKernels();
void testPlantedBugs();
void testMemory();
void testStreams();
void testCapture();
void testBlas();
void testDevices();
void testControls();
