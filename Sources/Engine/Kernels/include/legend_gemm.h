/// Matrix products with constant weights, `C[m, n] = A[m, k] · B[n, k]ᵀ`, on one thread.
///
/// Every element of `C` is summed over `k` in ascending order, whatever the number of rows: a row's result does not
/// depend on the rows around it.
#ifndef LEGEND_GEMM_H
#define LEGEND_GEMM_H

#include <stdint.h>

#include "legend_activation.h"

#pragma clang assume_nonnull begin

/// What is multiplied. Both inputs lie in 32-bit words that hold one float, two bfloat16 or four bytes of neighbouring
/// `k`, the first in the low bits; a row of `k` values takes `legend_gemm_depth` words, zero beyond `k`.
typedef enum {
    /// f32 products, f32 sums.
    legend_gemm_f32,
    /// bf16 inputs, f32 sums.
    legend_gemm_bf16,
    /// `A` signed, scaled per row; `B` signed, stored with 128 added to it, scaled per output; s32 sums, which hold at
    /// most `LEGEND_GEMM_INT8_INPUTS` inputs.
    legend_gemm_int8,
} legend_gemm_format;

#define LEGEND_GEMM_INT8_INPUTS 65536

/// Outputs of a panel. `B` lies in panels `[n / 32 rounded up][depth][32]` of words.
#define LEGEND_PANEL 32

/// What becomes of the product.
typedef enum {
    /// `c = A · Bᵀ`, f32.
    legend_gemm_replace,
    /// `c += A · Bᵀ`, f32.
    legend_gemm_add,
    /// `c[m, n / 2] = activation(gate) * up`, f32, where a panel holds 16 outputs of the gate and then 16 of up.
    legend_gemm_gated,
    /// The same, rounded to bf16.
    legend_gemm_gated_bf16,
} legend_gemm_store;

typedef struct {
    int64_t rows;
    /// `n`.
    int64_t outputs;
    /// Words of `k`.
    int64_t depth;
    /// `[rows, a_stride]` words.
    const uint32_t *a;
    int64_t a_stride;
    /// int8 only: what a row's integers are multiplied by, and 128 times their sum.
    const float *_Nullable a_scales;
    const int32_t *_Nullable a_offsets;
    /// The panels, aligned to 64 bytes.
    const uint32_t *b;
    /// int8 only: what an output's integers are multiplied by; a whole number of panels.
    const float *_Nullable b_scales;
    legend_gemm_store store;
    /// Of the gated stores.
    legend_activation activation;
    /// `[rows, c_stride]` of what `store` says.
    void *c;
    int64_t c_stride;
} legend_product;

/// One path. The sums of bf16 and of f32 products are rounded in another order on each; those of int8 are the same.
typedef struct __attribute__((swift_attr("@Sendable"))) {
    /// `scalar`, `avx2`, `avx512`, `avx512_vnni` or `avx512_bf16`.
    const char *name;
    void (*multiply_f32)(const legend_product *product);
    void (*multiply_bf16)(const legend_product *product);
    void (*multiply_int8)(const legend_product *product);
} legend_gemm;

/// The plain C path: the reference of the others.
const legend_gemm *legend_gemm_scalar(void);

/// Null where the CPU lacks AVX2 or FMA.
const legend_gemm *_Nullable legend_gemm_avx2(void);

/// AVX-512 F, BW, DQ and VL; bf16 is multiplied as f32, int8 in 16 bits. Null where the CPU lacks them.
const legend_gemm *_Nullable legend_gemm_avx512(void);

/// The same with VNNI for int8. Null where the CPU lacks it.
const legend_gemm *_Nullable legend_gemm_avx512_vnni(void);

/// The same with the bf16 instructions too. Null where the CPU lacks them.
const legend_gemm *_Nullable legend_gemm_avx512_bf16(void);

/// The fastest path that this CPU runs.
const legend_gemm *legend_gemm_best(void);

/// Words that a row of `k` values takes.
int64_t legend_gemm_depth(legend_gemm_format format, int64_t k);

/// Packs 32 outputs as one panel `[depth][32]` of words. `rows[32, stride]` are their words as those of `A` are.
void legend_gemm_pack_panel(
    const uint32_t *rows, int64_t stride, int64_t depth, legend_gemm_format format, uint32_t *panel);

#pragma clang assume_nonnull end

#endif
