// Matrix fragments as PTX lays them out: mma.m16n8k16, ldmatrix, cp.async.
#pragma once

#include "cuda_bf16.h"
#include "cuda_fp16.h"
#include "cusim.h"

namespace cusim {

// What the last lane to arrive does for its warp: d[16, 8] += a[16, 16] * b[16, 8], each sum in the order of k,
// where a lane's pointers are its parts of d, a and b.
void multiplyBfloat16(Warp &warp);
void multiplyFloat16(Warp &warp);

// Loads count 8x8 matrices of 16-bit elements, where a lane's pointers are its registers and its row's address.
void loadMatrices(Warp &warp, int count, bool transposed);

static inline void multiply(Warp &warp, __nv_bfloat16) {
    multiplyBfloat16(warp);
}

static inline void multiply(Warp &warp, __half) {
    multiplyFloat16(warp);
}

static inline void demandFullWarp(unsigned group) {
    if (group != 0xffffffffu) {
        fail("needs all 32 lanes of its warp for a matrix operation");
    }
}

template <class T>
static inline void mma(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    Exchange &mine = current->warp->lanes[current->lane];
    mine.pointers[0] = d;
    mine.pointers[1] = a;
    mine.pointers[2] = b;
    together(0xffffffffu, "mma", [](Warp &warp, unsigned group) {
        demandFullWarp(group);
        multiply(warp, T{});
    });
}

// Lane 8 * m + r brings the address of row r of matrix m.
template <int count, bool transposed>
static inline void ldmatrix(unsigned (&registers)[count], const void *row) {
    Exchange &mine = current->warp->lanes[current->lane];
    mine.pointers[0] = registers;
    mine.pointers[1] = row;
    together(0xffffffffu, "ldmatrix", [](Warp &warp, unsigned group) {
        demandFullWarp(group);
        loadMatrices(warp, count, transposed);
    });
}

// Copies that have been asked for and not waited for: real ones land at some time before the wait, so
// here they land at the wait, which shows kernels that wait too late or too little.
void copyLater(void *shared, const void *global, int bytes, int zeros);
void commitCopies();
void waitForCopies(int groupsLeft);

}  // namespace cusim
