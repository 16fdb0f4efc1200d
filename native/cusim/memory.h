// Device memory: each allocation is a mapping of its own between pages that nobody may touch.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <deque>
#include <map>
#include <string>

namespace cusim {

// Memory between pages that fault. It ends at one of them, but for the bytes that the alignment of its start
// leaves over; these, and what is left of the first page before the start, hold a pattern.
struct Mapping {
    uint8_t *base = nullptr;
    size_t mapped = 0;
    uint8_t *start = nullptr;
    size_t size = 0;

    // Null start where the system has no memory left. Fills the beginning with ones: floats read as NaN.
    static Mapping make(size_t size);
    // Whether the bytes around it are as they were.
    bool intact() const;
    // Makes any touch of it fault, and gives the memory back; the addresses stay taken.
    void poison();
    // Gives the addresses back too.
    void unmap();
};

// The memory of one device.
class MemoryPool {
  public:
    explicit MemoryPool(size_t capacity) : capacity(capacity) {}
    ~MemoryPool();
    MemoryPool(const MemoryPool &) = delete;
    MemoryPool &operator=(const MemoryPool &) = delete;

    // The address, or 0 where the capacity or the system's memory is too small.
    uintptr_t allocate(size_t bytes);
    // Whether there was such an allocation. *damaged tells whether something wrote around it.
    bool release(uintptr_t address, bool *damaged);
    // Makes all that is allocated unusable, as the end of a context does; it counts as leaked from now on.
    void abandon();

    size_t used() const { return usedBytes; }
    size_t total() const { return capacity; }
    size_t leaked() const { return leakedBytes; }

    // Whether all of the bytes lie in one allocation. None do at the end of one, too.
    bool contains(uintptr_t address, size_t bytes) const;
    // The allocation that an address belongs to, or null.
    const Mapping *find(uintptr_t address) const;
    // What there is, or was, at an address, as the end of a sentence; empty where it is not this pool's.
    std::string describe(uintptr_t address) const;

  private:
    void retire(Mapping mapping);

    size_t capacity;
    size_t usedBytes = 0;
    size_t leakedBytes = 0;
    std::map<uintptr_t, Mapping> allocations;
    // Freed, oldest first: kept unusable for a while, so that a use after free faults.
    std::deque<Mapping> freed;
};

}  // namespace cusim
