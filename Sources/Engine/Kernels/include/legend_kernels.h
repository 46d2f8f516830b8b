/// The vector kernels of the transformer: everything that is not a matrix product.
///
/// All matrices are row-major `float`. No kernel allocates, locks or starts a thread; buffers never alias unless a
/// comment says so. Every kernel exists on several paths (scalar, AVX2, AVX-512) that agree to rounding; pick one table
/// once and use it throughout.
#ifndef LEGEND_KERNELS_H
#define LEGEND_KERNELS_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/// Keys are stored in blocks of this many rows, transposed inside the block, so that one vector holds the same
/// component of neighbouring keys. Values are padded to a multiple of as many components.
#define LEGEND_BLOCK 16

/// Rows `[first, end)` of a micro-batch.
typedef struct {
    int32_t first;
    int32_t end;
} legend_row_range;

/// The heads of a layer and the storage of its keys and values:
/// `keys[kv_heads, capacity / 16, head_dim, 16]` and `values[kv_heads, capacity, padded head_dim]`,
/// where `capacity` is a multiple of `LEGEND_BLOCK` and `heads` one of `kv_heads`.
typedef struct {
    int32_t heads;
    int32_t kv_heads;
    int32_t head_dim;
    int64_t capacity;
} legend_heads;

/// Rotary angles: `cosines` and `sines` are `[positions, dimensions]`, each angle written twice (once for either
/// component of its pair), the first sine of a pair negated. Only the first `dimensions` of a head are rotated.
typedef struct {
    const float *cosines;
    const float *sines;
    int32_t dimensions;
} legend_rotary;

/// One path: a table of constants, which any thread may use.
typedef struct __attribute__((swift_attr("@Sendable"))) {
    /// The path's name: `scalar`, `avx2` or `avx512`.
    const char *name;

    /// `out[r] = x[r] / sqrt(mean(x[r]²) + epsilon) * weight`, for `[rows, width]`; `out` may be `x`.
    void (*rms_norm)(const float *x, const float *weight, int64_t rows, int64_t width, float epsilon, float *out);

    /// Rotates `query[rows, heads, head_dim]` in place, the pairs `(x[2i], x[2i+1])` of row `r` by the angles of
    /// `positions[r]`, and multiplies it by `scale`.
    void (*rotate_queries)(
        const legend_heads *heads, const legend_rotary *rotary, const int32_t *positions, int64_t rows, float scale,
        float *query);

    /// Takes `key_value[rows, 2, kv_heads, head_dim]` of the micro-batch's rows `first_row ...`, rotates the keys and
    /// writes both to `keys` and `values`.
    void (*store_keys_values)(
        const legend_heads *heads, const legend_rotary *rotary, const int32_t *positions, int64_t first_row,
        int64_t rows, const float *key_value, float *keys, float *values);

    /// `out[queries, heads, head_dim] = softmax(query · keysᵀ) · values`, where query `q` sees the rows of `ranges`
    /// (ascending) that lie before `key_end[q]`. Each query must see the first row of the first range. The queries are
    /// scaled already. `scratch` holds `legend_attention_scratch(head_dim)` floats.
    void (*attention)(
        const legend_heads *heads, const float *query, const int32_t *key_end, int64_t queries,
        const legend_row_range *ranges, int64_t range_count, const float *keys, const float *values, float *scratch,
        float *out);

    /// `out[r, i] = silu(gate_up[r, i]) * gate_up[r, width + i]`, for `gate_up[rows, 2 * width]`.
    void (*swiglu)(const float *gate_up, int64_t rows, int64_t width, float *out);

    /// `sum[i] += x[i]`.
    void (*add)(const float *x, int64_t count, float *sum);

    /// Rounds to bfloat16, to nearest with ties to even; infinities stay and a NaN stays a NaN.
    void (*round_bf16)(const float *x, int64_t count, uint16_t *out);

    /// The same rounding with the result widened to `float` again; `out` may be `x`.
    void (*round_bf16_to_f32)(const float *x, int64_t count, float *out);
} legend_kernels;

/// The plain C path. It is the reference of the others and runs anywhere.
const legend_kernels *legend_kernels_scalar(void);

/// The AVX2 and FMA path; null where the CPU lacks them.
const legend_kernels *_Nullable legend_kernels_avx2(void);

/// The AVX-512 (F, BW, DQ, VL) path; null where the CPU lacks them.
const legend_kernels *_Nullable legend_kernels_avx512(void);

/// The fastest path that this CPU runs.
const legend_kernels *legend_kernels_best(void);

/// Whether the CPU multiplies bfloat16 numbers (AVX-512 BF16, which every CPU with AMX has too).
int32_t legend_cpu_has_bf16(void);

/// Floats of scratch that `attention` needs on any path.
int64_t legend_attention_scratch(int32_t head_dim);

#pragma clang assume_nonnull end

#endif
