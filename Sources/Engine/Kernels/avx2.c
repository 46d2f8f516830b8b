#include "layout.h"
#include "legend_gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma")))
/// Six rows of two 8-float registers fill the sixteen registers, with three left for operands.
#define TILE_ROWS 6
#include "vector_path.h"

#include "gemm.h"
#include "gemm_store.h"

#define GEMM_ROWS 6
#define GEMM_VECTORS 1

typedef union {
    bits_vec words;
    __m256i halves[2];
} halved_vec;

/// Sums of the products of neighbouring 16-bit integers.
INLINE void multiply_pairs(const bits_vec *a, const bits_vec *b, int_vec *sums) {
    halved_vec x = {.words = *a}, y = {.words = *b}, out;
    out.halves[0] = _mm256_madd_epi16(x.halves[0], y.halves[0]);
    out.halves[1] = _mm256_madd_epi16(x.halves[1], y.halves[1]);
    *sums = (int_vec)out.words;
}

#define MULTIPLY_PAIRS(a, b) ({ bits_vec x_ = (a), y_ = (b); int_vec s_; multiply_pairs(&x_, &y_, &s_); s_; })
#include "gemm_portable_formats.h"
#endif

const legend_kernels *legend_kernels_avx2(void) {
#if defined(__x86_64__)
    static const legend_kernels kernels = VECTOR_KERNELS("avx2", 0);
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels : 0;
#else
    return 0;
#endif
}

const legend_gemm *legend_gemm_avx2(void) {
#if defined(__x86_64__)
    static const legend_gemm gemm = GEMM_PATH("avx2", multiply_bf16, multiply_int8);
    return legend_kernels_avx2() ? &gemm : 0;
#else
    return 0;
#endif
}
