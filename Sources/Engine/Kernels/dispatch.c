#include "layout.h"

int64_t legend_attention_scratch(int32_t head_dim) {
    return tile_rows_max * (head_dim + value_width(head_dim) + chunk_keys);
}

const legend_kernels *legend_kernels_best(void) {
    const legend_kernels *kernels = legend_kernels_avx512();
    if (!kernels) kernels = legend_kernels_avx2();
    return kernels ? kernels : legend_kernels_scalar();
}

int32_t legend_cpu_has_bf16(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bf16");
#else
    return 0;
#endif
}
