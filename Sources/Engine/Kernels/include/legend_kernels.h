/// The vector kernels of the transformer: everything that is not a matrix product.
///
/// All matrices are row-major `float`. No kernel allocates, locks or starts a thread; buffers never alias unless a
/// comment says so. Every kernel exists on several paths (scalar, AVX2, AVX-512) that agree to rounding; pick one table
/// once and use it throughout.
#ifndef LEGEND_KERNELS_H
#define LEGEND_KERNELS_H

#include <stdint.h>

#include "legend_activation.h"

#pragma clang assume_nonnull begin

/// Keys are stored in blocks of this many rows, transposed inside the block, so that one vector holds the same
/// component of neighbouring keys. Values are padded to a multiple of as many components.
#define LEGEND_BLOCK 16

/// Slots `[first, end)` of the storage of keys and values; the row of a slot is the one whose key and value lie there.
typedef struct {
    int32_t first;
    int32_t end;
} legend_row_range;

/// The heads of a layer and the storage of its keys and values, in 32-bit words. f32:
/// `keys[kv_heads, capacity / 16, head_dim, 16]` and `values[kv_heads, capacity, padded head_dim]`. bf16: a word of a key
/// holds two neighbouring components, `keys[kv_heads, capacity / 16, head_dim / 2, 16]`, and one of the values the same
/// component of two neighbouring rows, `values[kv_heads, capacity / 2, padded head_dim]`.
/// `capacity` is a multiple of `LEGEND_BLOCK` and `heads` one of `kv_heads`.
typedef struct {
    int32_t heads;
    int32_t kv_heads;
    int32_t head_dim;
    /// 1 for f32, 2 for bf16.
    int32_t keys_per_word;
    int64_t capacity;
} legend_heads;

/// Rotary angles: `cosines` and `sines` are `[positions, dimensions]`, each angle written twice (once for either
/// component of its pair), the first sine of a pair negated. Only the first `dimensions` of a head are rotated.
typedef struct {
    const float *cosines;
    const float *sines;
    int32_t dimensions;
} legend_rotary;

/// What a layer does to scores between queries and keys.
typedef struct {
    /// Scores become `cap tanh(score / cap)`; 0 for none.
    float cap;
    /// A query sees its own slot and at most `window - 1` before it, over all ranges; 0 for no limit.
    int32_t window;
} legend_attention_rules;

/// One path: a table of constants, which any thread may use.
typedef struct __attribute__((swift_attr("@Sendable"))) {
    /// The path's name: `scalar`, `avx2`, `avx512` or `avx512_bf16`.
    const char *name;

    /// `out[r] = x[r] / sqrt(mean(x[r]²) + epsilon) * weight`, for `[rows, width]`; `out` may be `x`.
    void (*rms_norm)(const float *x, const float *weight, int64_t rows, int64_t width, float epsilon, float *out);

    /// `out[r] = (x[r] - mean(x[r])) / sqrt(variance(x[r]) + epsilon) * weight + bias`, for `[rows, width]`; `out` may be
    /// `x`.
    void (*layer_norm)(const float *x, const float *weight, const float *bias, int64_t rows, int64_t width,
        float epsilon, float *out);

    /// Rotates `query[rows, heads, head_dim]`, whose rows lie `stride` floats apart, in place: the pairs
    /// `(x[2i], x[2i+1])` of row `r` by the angles of `positions[r]`, and multiplies it by `scale`.
    void (*rotate_queries)(
        const legend_heads *heads, const legend_rotary *rotary, const int32_t *positions, int64_t rows, float scale,
        float *query, int64_t stride);

    /// Takes `key_value[rows, 2, kv_heads, head_dim]`, whose rows lie `stride` floats apart, and writes keys, rotated, and
    /// values to the slots `first_row ...`. It overwrites what it takes.
    /// Slots that share a word are stored in ascending order.
    void (*store_keys_values)(
        const legend_heads *heads, const legend_rotary *rotary, const int32_t *positions, int64_t first_row,
        int64_t rows, float *key_value, int64_t stride, uint32_t *keys, uint32_t *values);

    /// `out[queries, heads, head_dim] = softmax(query · keysᵀ) · values`, where each query sees the slots of all `ranges`
    /// but the last one, and query `q` of that one those before `key_end[q]`, one at least. Sums are made in the order
    /// of the ranges, and in each of them from its beginning on. The queries are scaled already; they lie `stride` floats
    /// apart, and the rows of `out` next to one another. `scratch` holds `legend_attention_scratch(head_dim)` floats.
    void (*attention)(
        const legend_heads *heads, const legend_attention_rules *rules, const float *query, int64_t stride, const int32_t *key_end, int64_t queries,
        const legend_row_range *ranges, int64_t range_count, const uint32_t *keys, const uint32_t *values,
        float *scratch, float *out);

    /// The same with keys and values in bf16; sums are f32. The path `avx512_bf16` rounds queries and weights to bf16 as
    /// well, the scalar one does not. Null where the path has none.
    void (*_Nullable attention_bf16)(
        const legend_heads *heads, const legend_attention_rules *rules, const float *query, int64_t stride, const int32_t *key_end, int64_t queries,
        const legend_row_range *ranges, int64_t range_count, const uint32_t *keys, const uint32_t *values,
        float *scratch, float *out);

    /// `out[r, i] = activation(gate_up[r, i]) * gate_up[r, width + i]`, for `gate_up[rows, 2 * width]`; `out` may be
    /// `gate_up`.
    void (*gate)(legend_activation activation, const float *gate_up, int64_t rows, int64_t width, float *out);

    /// `x[i] = activation(x[i])`.
    void (*activate)(legend_activation activation, int64_t count, float *x);

    /// `x[i] = cap tanh(x[i] * scale / cap)`, or `x[i] * scale` where `cap` is 0.
    void (*cap)(int64_t count, float scale, float cap, float *x);

    /// `sum[i] += x[i]`.
    void (*add)(const float *x, int64_t count, float *sum);

    /// The index of the largest element, of equal ones the first; -1 where one is not a number.
    int64_t (*largest)(const float *x, int64_t count);

    /// `out[i] = e^((x[i] - maximum) * scale)`, at most 1 where `maximum` is the largest and `scale` positive; returns
    /// their sum. `out` may be `x`.
    double (*exponentials)(const float *x, int64_t count, float maximum, float scale, float *out);

    /// Rounds to bfloat16, to nearest with ties to even; infinities stay and a NaN stays a NaN. `out`
    /// may begin where `x` does.
    void (*round_bf16)(const float *x, int64_t count, uint16_t *out);

    /// The same rounding with the result widened to `float` again; `out` may be `x`.
    void (*round_bf16_to_f32)(const float *x, int64_t count, float *out);

    /// Multiplies each `block` neighbouring elements, in place, by the Hadamard matrix in Sylvester's order, whose square
    /// is `block` times the identity. `count` is a multiple of `block`, a power of two.
    void (*hadamard)(float *x, int64_t count, int64_t block);

    /// Rounds a row to signed bytes: `x[i] = out[i] * scale`, where the largest magnitude becomes 127. `sum` gets the sum
    /// of the bytes.
    void (*quantize_int8)(const float *x, int64_t count, int8_t *out, float *scale, int32_t *sum);
} legend_kernels;

/// The plain C path. It is the reference of the others and runs anywhere.
const legend_kernels *legend_kernels_scalar(void);

/// The AVX2 and FMA path; null where the CPU lacks them.
const legend_kernels *_Nullable legend_kernels_avx2(void);

/// The AVX-512 (F, BW, DQ, VL) path; null where the CPU lacks them.
const legend_kernels *_Nullable legend_kernels_avx512(void);

/// The same with attention in bf16; null where the CPU lacks the bf16 instructions.
const legend_kernels *_Nullable legend_kernels_avx512_bf16(void);

/// The fastest path that this CPU runs.
const legend_kernels *legend_kernels_best(void);

/// Copies the keys and values of rows `from ... from + count - 1` to rows `to ...` of another storage of the same heads.
void legend_copy_keys_values(
    const legend_heads *heads, const uint32_t *keys, const uint32_t *values, int64_t from, int64_t count,
    const legend_heads *out_heads, uint32_t *out_keys, uint32_t *out_values, int64_t to);

/// Whether the CPU has matrix units (AMX) for bfloat16.
int32_t legend_cpu_has_amx_bf16(void);

/// Whether the CPU multiplies bfloat16 numbers (AVX-512 BF16, which every CPU with AMX has too).
int32_t legend_cpu_has_bf16(void);

/// Floats of scratch that `attention` needs on any path.
int64_t legend_attention_scratch(int32_t head_dim);

#pragma clang assume_nonnull end

#endif
