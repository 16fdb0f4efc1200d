// Atomic functions. Fibers of a block never run at once, so these are plain; blocks run one by one too.
#pragma once

namespace cusim {

template <class T, class Change>
static inline T update(T *address, Change change) {
    T old = *address;
    *address = change(old);
    return old;
}

}  // namespace cusim

template <class T>
static inline T atomicAdd(T *address, T value) {
    return cusim::update(address, [=](T old) { return (T)(old + value); });
}

template <class T>
static inline T atomicSub(T *address, T value) {
    return cusim::update(address, [=](T old) { return (T)(old - value); });
}

template <class T>
static inline T atomicMax(T *address, T value) {
    return cusim::update(address, [=](T old) { return old > value ? old : value; });
}

template <class T>
static inline T atomicMin(T *address, T value) {
    return cusim::update(address, [=](T old) { return old < value ? old : value; });
}

template <class T>
static inline T atomicOr(T *address, T value) {
    return cusim::update(address, [=](T old) { return (T)(old | value); });
}

template <class T>
static inline T atomicAnd(T *address, T value) {
    return cusim::update(address, [=](T old) { return (T)(old & value); });
}

template <class T>
static inline T atomicExch(T *address, T value) {
    return cusim::update(address, [=](T) { return value; });
}

template <class T>
static inline T atomicCAS(T *address, T expected, T value) {
    return cusim::update(address, [=](T old) { return old == expected ? value : old; });
}
