// How a kernel becomes known to the emulated driver: CUDA_KERNEL(name) after its definition.
#pragma once

#include <type_traits>
#include <utility>

namespace cusim {

struct Parameter {
    size_t size;
    bool isPointer;
};

using Invoke = void (*)(void **arguments);

// Registers a kernel of a module, that is of a .cu file without its extension.
void addKernel(const char *module, const char *name, Invoke invoke, const Parameter *parameters, int count);

// Turns the driver's array of pointers to arguments into a typed call. The types are the kernel's own,
// so the emulated launch copies as many bytes as the real one, and knows which are device pointers.
template <auto kernel>
struct KernelAdapter;

template <class... Arguments, void (*kernel)(Arguments...)>
struct KernelAdapter<kernel> {
    template <size_t... i>
    static void spread([[maybe_unused]] void **arguments, std::index_sequence<i...>) {
        kernel(*static_cast<std::remove_reference_t<Arguments> *>(arguments[i])...);
    }

    static void invoke(void **arguments) {
        spread(arguments, std::index_sequence_for<Arguments...>{});
    }

    KernelAdapter(const char *module, const char *name) {
        static const Parameter parameters[] = {
                {sizeof(Arguments), std::is_pointer_v<Arguments>}..., {0, false}};
        addKernel(module, name, &invoke, parameters, sizeof...(Arguments));
    }
};

}  // namespace cusim

// CUSIM_MODULE is the file's name without extension, defined by the build.
#define CUDA_KERNEL(name) static cusim::KernelAdapter<&name> cusimKernel_##name(CUSIM_MODULE, #name);
