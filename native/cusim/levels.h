// One function for each level of the machine. The results are the same, since nothing is fused or reordered.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define MANY_LEVELS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MANY_LEVELS
#endif
