#include "layout.h"
#include "legend_gemm.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
/// Twelve rows of one 16-float register hide the latency of the multiply-adds.
#define TILE_ROWS 12
#include "vector_path.h"

#define BF16_TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))

#include "gemm.h"
#include "gemm_store.h"

/// Fourteen rows of two registers leave four for operands.
#define GEMM_ROWS 14
#define GEMM_VECTORS 2
#define MULTIPLY_PAIRS(a, b) (int_vec)_mm512_madd_epi16((__m512i)(a), (__m512i)(b))
#include "gemm_portable_formats.h"

#define GEMM(part) part##_int8_vnni
#define GEMM_TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))
#define GEMM_SUM int_vec
#define GEMM_INTEGERS 1
#define GEMM_B __m512i
#define GEMM_LOAD(words) _mm512_load_si512(words)
#define GEMM_DOT(sum, b, word) sum = (int_vec)_mm512_dpbusd_epi32((__m512i)(sum), b, _mm512_set1_epi32((int)(word)))
#include "gemm_format.h"

#define GEMM(part) part##_bf16_native
#define GEMM_TARGET BF16_TARGET
#define GEMM_SUM __m512
#define GEMM_INTEGERS 0
#define GEMM_B __m512bh
#define GEMM_LOAD(words) (__m512bh)_mm512_load_si512(words)
#define GEMM_DOT(sum, b, word) sum = _mm512_dpbf16_ps(sum, b, (__m512bh)_mm512_set1_epi32((int)(word)))
#include "gemm_format.h"

#define ATTENTION(part) part##_bf16
#define ATTENTION_TARGET BF16_TARGET
#define ATTENTION_WORDS __m512bh
#define ATTENTION_LOAD(words) (__m512bh)_mm512_loadu_si512(words)
#define ATTENTION_DOT(sum, words, word) \
    sum = (vec)_mm512_dpbf16_ps((__m512)(sum), words, (__m512bh)_mm512_set1_epi32((int)(word)))
#define ATTENTION_STORE_WEIGHTS(row, i, weights) \
    _mm256_storeu_si256((__m256i *)((uint16_t *)(row) + (i)), (__m256i)_mm512_cvtneps_pbh((__m512)(weights)))
#define ATTENTION_KEYS_PER_WORD 2
#include "attention_format.h"
#endif

const legend_kernels *legend_kernels_avx512(void) {
#if defined(__x86_64__)
    static const legend_kernels kernels = VECTOR_KERNELS("avx512", 0);
    int supported = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return supported ? &kernels : 0;
#else
    return 0;
#endif
}

const legend_kernels *legend_kernels_avx512_bf16(void) {
#if defined(__x86_64__)
    static const legend_kernels kernels = VECTOR_KERNELS("avx512_bf16", attention_bf16);
    return legend_kernels_avx512() && __builtin_cpu_supports("avx512bf16") ? &kernels : 0;
#else
    return 0;
#endif
}

const legend_gemm *legend_gemm_avx512(void) {
#if defined(__x86_64__)
    static const legend_gemm gemm = GEMM_PATH("avx512", multiply_bf16, multiply_int8);
    return legend_kernels_avx512() ? &gemm : 0;
#else
    return 0;
#endif
}

const legend_gemm *legend_gemm_avx512_vnni(void) {
#if defined(__x86_64__)
    static const legend_gemm gemm = GEMM_PATH("avx512_vnni", multiply_bf16, multiply_int8_vnni);
    return legend_kernels_avx512() && __builtin_cpu_supports("avx512vnni") ? &gemm : 0;
#else
    return 0;
#endif
}

const legend_gemm *legend_gemm_avx512_bf16(void) {
#if defined(__x86_64__)
    static const legend_gemm gemm = GEMM_PATH("avx512_bf16", multiply_bf16_native, multiply_int8_vnni);
    return legend_gemm_avx512_vnni() && __builtin_cpu_supports("avx512bf16") ? &gemm : 0;
#else
    return 0;
#endif
}
