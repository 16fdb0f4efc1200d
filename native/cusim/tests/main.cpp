#include <chrono>

#include "../include/cuda_bf16.h"
#include "../include/cuda_fp16.h"
#include "support.h"

int failures;

Session::Session(int devices, int64_t memory) {
    cusim_reset();
    cusim_set_devices(devices, memory);
    CHECK_EQUAL(cuInit(0), CUDA_SUCCESS);
    CUcontext context;
    CHECK_EQUAL(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
    CHECK_EQUAL(cuCtxSetCurrent(context), CUDA_SUCCESS);
    CHECK_EQUAL(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
}

Session::~Session() {
    cusim_set_order(0);
    cusim_set_streams(0);
    cusim_fail(nullptr);
    cusim_reset();
}

CUfunction Session::kernel(const char *module, const char *name) {
    CUmodule loaded = nullptr;
    CUfunction function = nullptr;
    CHECK_EQUAL(cuModuleLoadData(&loaded, (std::string("cusim:") + module).c_str()), CUDA_SUCCESS);
    CHECK_EQUAL(cuModuleGetFunction(&function, loaded, name), CUDA_SUCCESS);
    return function;
}

CUdeviceptr Session::allocate(size_t bytes) {
    CUdeviceptr pointer = 0;
    CHECK_EQUAL(cuMemAlloc_v2(&pointer, bytes), CUDA_SUCCESS);
    return pointer;
}

std::string lastFailure() {
    char text[1024];
    cusim_last_failure(text, sizeof text);
    return text;
}

bool failureSays(const std::string &words) {
    bool says = lastFailure().find(words) != std::string::npos;
    if (!says) {
        printf("the failure says: %s\n", lastFailure().c_str());
    }
    return says;
}

unsigned short bfloat16(float value) {
    return __float2bfloat16_rn(value).bits;
}

float fromBfloat16(unsigned short bits) {
    return __bfloat162float({bits});
}

unsigned short float16(float value) {
    return __float2half_rn(value).bits;
}

std::vector<float> noise(size_t count, unsigned seed) {
    std::vector<float> values(count);
    unsigned state = seed * 2654435761u + 1;
    for (float &value : values) {
        state = state * 1664525u + 1013904223u;
        value = (float)(int)state / 2147483648.0f;
    }
    return values;
}

int main() {
    struct {
        const char *name;
        void (*run)();
    } tests[] = {
            {"kernels", testKernels}, {"planted bugs", testPlantedBugs}, {"memory", testMemory},
            {"streams", testStreams}, {"capture", testCapture},          {"cuBLAS", testBlas},
            {"devices", testDevices}, {"controls", testControls},
    };
    for (const auto &test : tests) {
        auto start = std::chrono::steady_clock::now();
        int before = failures;
        test.run();
        double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        printf("%s: %s in %.2f s\n", test.name, failures == before ? "well" : "FAILED", seconds);
    }
    return failures == 0 ? 0 : 1;
}
