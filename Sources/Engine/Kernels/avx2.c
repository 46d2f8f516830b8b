#include "layout.h"

#if defined(__x86_64__)
#define TARGET __attribute__((target("avx2,fma")))
/// Six rows of two 8-float registers fill the sixteen registers, with three left for operands.
#define TILE_ROWS 6
#include "vector_path.h"
#endif

const legend_kernels *legend_kernels_avx2(void) {
#if defined(__x86_64__)
    static const legend_kernels kernels = VECTOR_KERNELS("avx2");
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels : 0;
#else
    return 0;
#endif
}
