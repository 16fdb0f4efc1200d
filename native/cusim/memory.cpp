#include "memory.h"

#include <string.h>
#include <sys/mman.h>

#include <algorithm>

namespace cusim {

namespace {

constexpr size_t ALIGNMENT = 256;
constexpr size_t PAGE = 4096;
constexpr size_t POISONED = 1 << 20;
constexpr uint8_t POISON = 0xff;
constexpr uint8_t PATTERN = 0xa5;
constexpr size_t FREED_KEPT = 4096;

size_t roundUp(size_t value, size_t unit) {
    return (value + unit - 1) / unit * unit;
}

}  // namespace

Mapping Mapping::make(size_t size) {
    Mapping mapping;
    size_t aligned = roundUp(size, ALIGNMENT);
    size_t pages = roundUp(aligned, PAGE);
    void *base = mmap(nullptr, pages + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return mapping;
    }
    mapping.base = static_cast<uint8_t *>(base);
    mapping.mapped = pages + 2 * PAGE;
    mapping.size = size;
    if (mprotect(mapping.base + PAGE, pages, PROT_READ | PROT_WRITE) != 0) {
        mapping.unmap();
        return mapping;
    }
    mapping.start = mapping.base + PAGE + pages - aligned;
    memset(mapping.start, POISON, std::min(size, POISONED));
    memset(mapping.base + PAGE, PATTERN, pages - aligned);
    memset(mapping.start + size, PATTERN, aligned - size);
    return mapping;
}

bool Mapping::intact() const {
    const uint8_t *first = base + PAGE;
    const uint8_t *end = base + mapped - PAGE;
    auto untouched = [](uint8_t byte) { return byte == PATTERN; };
    return std::all_of(first, const_cast<const uint8_t *>(start), untouched)
            && std::all_of(const_cast<const uint8_t *>(start) + size, end, untouched);
}

void Mapping::poison() {
    // A fresh mapping in its place gives the pages back at once.
    mmap(base, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

void Mapping::unmap() {
    munmap(base, mapped);
    start = nullptr;
}

MemoryPool::~MemoryPool() {
    for (auto &[address, mapping] : allocations) {
        mapping.unmap();
    }
    for (Mapping &mapping : freed) {
        mapping.unmap();
    }
}

uintptr_t MemoryPool::allocate(size_t bytes) {
    if (bytes > capacity - usedBytes) {
        return 0;
    }
    Mapping mapping = Mapping::make(bytes);
    if (mapping.start == nullptr) {
        return 0;
    }
    uintptr_t address = reinterpret_cast<uintptr_t>(mapping.start);
    allocations[address] = mapping;
    usedBytes += bytes;
    return address;
}

void MemoryPool::retire(Mapping mapping) {
    mapping.poison();
    freed.push_back(mapping);
    if (freed.size() > FREED_KEPT) {
        freed.front().unmap();
        freed.pop_front();
    }
}

bool MemoryPool::release(uintptr_t address, bool *damaged) {
    auto found = allocations.find(address);
    if (found == allocations.end()) {
        return false;
    }
    *damaged = !found->second.intact();
    usedBytes -= found->second.size;
    retire(found->second);
    allocations.erase(found);
    return true;
}

void MemoryPool::abandon() {
    for (auto &[address, mapping] : allocations) {
        retire(mapping);
    }
    allocations.clear();
    leakedBytes += usedBytes;
    usedBytes = 0;
}

const Mapping *MemoryPool::find(uintptr_t address) const {
    auto after = allocations.upper_bound(address);
    if (after == allocations.begin()) {
        return nullptr;
    }
    const Mapping &mapping = std::prev(after)->second;
    return address <= reinterpret_cast<uintptr_t>(mapping.start) + mapping.size ? &mapping : nullptr;
}

bool MemoryPool::contains(uintptr_t address, size_t bytes) const {
    const Mapping *mapping = find(address);
    return mapping != nullptr && bytes <= mapping->size - (address - reinterpret_cast<uintptr_t>(mapping->start));
}

std::string MemoryPool::describe(uintptr_t address) const {
    const uint8_t *byte = reinterpret_cast<const uint8_t *>(address);
    auto within = [byte](const Mapping &mapping) { return byte >= mapping.base && byte < mapping.base + mapping.mapped; };
    auto relation = [byte](const Mapping &mapping) {
        if (byte < mapping.start) {
            return std::to_string(mapping.start - byte) + " bytes before an allocation of ";
        }
        return std::to_string(byte - mapping.start) + " bytes after the start of an allocation of ";
    };
    for (const auto &[address, mapping] : allocations) {
        if (within(mapping)) {
            return relation(mapping) + std::to_string(mapping.size);
        }
    }
    for (const Mapping &mapping : freed) {
        if (within(mapping)) {
            return relation(mapping) + std::to_string(mapping.size) + ", which has been freed";
        }
    }
    return "";
}

}  // namespace cusim
