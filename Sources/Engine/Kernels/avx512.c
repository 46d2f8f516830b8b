#include "layout.h"

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
/// Twelve rows of one 16-float register hide the latency of the multiply-adds.
#define TILE_ROWS 12
#include "vector_path.h"
#endif

const legend_kernels *legend_kernels_avx512(void) {
#if defined(__x86_64__)
    static const legend_kernels kernels = VECTOR_KERNELS("avx512");
    int supported = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return supported ? &kernels : 0;
#else
    return 0;
#endif
}
