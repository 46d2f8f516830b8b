/// What all paths of the matrix products share; not part of the module.
#ifndef LEGEND_GEMM_INTERNAL_H
#define LEGEND_GEMM_INTERNAL_H

#include "legend_gemm.h"

enum { gemm_rows_max = 14 };

/// The sums of some rows with one panel: floats, or the bits of 32-bit integers.
typedef struct {
    float sums[gemm_rows_max][LEGEND_PANEL] __attribute__((aligned(64)));
} gemm_tile;

/// The rows of the next tile: `most`, unless that would leave a sliver for the last one.
static inline int gemm_tile_rows(int64_t left, int most) {
    if (left <= most) return (int)left;
    return left < most + most / 2 ? (int)(left + 1) / 2 : most;
}

#define GEMM_PATH(path, bf16, int8) \
    {.name = path, .multiply_f32 = multiply_f32, .multiply_bf16 = bf16, .multiply_int8 = int8}

#endif
