#include <stddef.h>

#include "layout.h"
#include "legend_gemm.h"

int64_t legend_attention_scratch(int32_t head_dim) {
    return tile_rows_max * (head_dim + value_width(head_dim) + chunk_keys);
}

const legend_kernels *legend_kernels_best(void) {
    const legend_kernels *kernels = legend_kernels_avx512_bf16();
    if (!kernels) kernels = legend_kernels_avx512();
    if (!kernels) kernels = legend_kernels_avx2();
    return kernels ? kernels : legend_kernels_scalar();
}

void legend_copy_keys_values(
    const legend_heads *heads, const uint32_t *keys, const uint32_t *values, int64_t from, int64_t count,
    const legend_heads *out_heads, uint32_t *out_keys, uint32_t *out_values, int64_t to) {
    int64_t depth = key_depth(heads), width = value_width(heads->head_dim);
    for (int64_t h = 0; h < heads->kv_heads; h++) {
        for (int64_t row = 0; row < count; row++) {
            const uint32_t *key = keys + key_offset(heads, h, from + row);
            uint32_t *out_key = out_keys + key_offset(out_heads, h, to + row);
            for (int64_t i = 0; i < depth; i++) out_key[i * LEGEND_BLOCK] = key[i * LEGEND_BLOCK];
            const uint32_t *value = values + value_offset(heads, h, from + row);
            uint32_t *out_value = out_values + value_offset(out_heads, h, to + row);
            if (heads->keys_per_word == 1) {
                __builtin_memcpy(out_value, value, (size_t)width * sizeof *value);
                continue;
            }
            store_value_halves((const any_half *)value + (from + row) % 2, width, 2, width, to + row, out_value);
        }
    }
}

int32_t legend_cpu_has_amx_bf16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("amx-bf16");
#else
    return 0;
#endif
}

int32_t legend_cpu_has_bf16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bf16");
#else
    return 0;
#endif
}

const legend_gemm *legend_gemm_best(void) {
    const legend_gemm *gemm = legend_gemm_avx512_bf16();
    if (!gemm) gemm = legend_gemm_avx512_vnni();
    if (!gemm) gemm = legend_gemm_avx512();
    if (!gemm) gemm = legend_gemm_avx2();
    return gemm ? gemm : legend_gemm_scalar();
}

int64_t legend_gemm_depth(legend_gemm_format format, int64_t k) {
    int64_t values_per_word = format == legend_gemm_f32 ? 1 : format == legend_gemm_bf16 ? 2 : 4;
    return (k + values_per_word - 1) / values_per_word;
}
