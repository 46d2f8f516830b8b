/// Where keys and values lie. Shared by all paths; not part of the module.
#ifndef LEGEND_LAYOUT_H
#define LEGEND_LAYOUT_H

#include <math.h>
#include <stddef.h>

#include "legend_kernels.h"

/// The vector paths keep a tile of at most this many query rows against a chunk of at most this many keys.
enum { tile_rows_max = 12, chunk_keys = 256 };

/// Components of one stored value row: the head's size rounded up to a whole vector.
static inline int64_t value_width(int64_t head_dim) {
    return (head_dim + LEGEND_BLOCK - 1) / LEGEND_BLOCK * LEGEND_BLOCK;
}

/// Words of one key.
static inline int64_t key_depth(const legend_heads *heads) {
    return (heads->head_dim + heads->keys_per_word - 1) / heads->keys_per_word;
}

/// Word 0 of the key of `row`; word `i` lies `i * LEGEND_BLOCK` further on.
static inline int64_t key_offset(const legend_heads *heads, int64_t kv_head, int64_t row) {
    return kv_head * heads->capacity * key_depth(heads) + row / LEGEND_BLOCK * LEGEND_BLOCK * key_depth(heads)
        + row % LEGEND_BLOCK;
}

/// The words that hold the value of `row`, and of its neighbour if two share them.
static inline int64_t value_offset(const legend_heads *heads, int64_t kv_head, int64_t row) {
    return (kv_head * heads->capacity + row) / heads->keys_per_word * value_width(heads->head_dim);
}

/// Bits of `x` rounded to bfloat16, to nearest with ties to even.
static inline uint16_t bf16_bits(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Halves of words that are read as words elsewhere.
typedef uint16_t any_half __attribute__((may_alias));

static inline float float_of_bits(int32_t bits) {
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

/// The bits of `|x|`, which order as the magnitudes do, with NaN above infinity.
static inline int32_t magnitude_bits(float x) {
    int32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits & 0x7fffffff;
}

static inline float activated(legend_activation activation, float x) {
    switch (activation) {
    case legend_silu: return x / (1 + expf(-x));
    case legend_gelu: return 0.5f * x * (1 + erff(x * 0.70710678f));
    case legend_gelu_tanh: return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    }
    return x;
}

/// The first slot of a sequence that a query sees whose own is number `place` of it.
static inline int64_t window_first(const legend_attention_rules *rules, int64_t place) {
    return rules->window > 0 && place >= rules->window ? place - rules->window + 1 : 0;
}

/// The Hadamard transform of every block, one pair of elements at a time.
static inline void hadamard_by_element(float *x, int64_t count, int64_t block) {
    for (int64_t half = 1; half < block; half *= 2) {
        for (int64_t i = 0; i < count; i++) {
            if (i & half) continue;
            float first = x[i], second = x[i + half];
            x[i] = first + second;
            x[i + half] = first - second;
        }
    }
}

static inline float bf16_value(uint16_t rounded) {
    uint32_t bits = (uint32_t)rounded << 16;
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

/// Puts a value in bf16, whose components lie `step` halves apart, into its half of the words of `row`. Rows come in
/// ascending order: the first of a pair clears the other half, so that nothing of an earlier row is left beside it.
static inline void store_value_halves(
    const void *value, int64_t count, int64_t step, int64_t width, int64_t row, uint32_t *words) {
    any_half *halves = (any_half *)words;
    for (int64_t i = 0; i < width; i++) {
        uint16_t bits = i < count ? ((const any_half *)value)[i * step] : 0;
        halves[2 * i + row % 2] = bits;
        if (row % 2 == 0) halves[2 * i + 1] = 0;
    }
}

/// Puts the rotated key and the value of one row and head, which are converted already, into their places.
static inline void store_key_value(const legend_heads *heads, int64_t kv_head, int64_t row, const void *key,
    const void *value, uint32_t *keys, uint32_t *values) {
    int64_t d = heads->head_dim, width = value_width(d), depth = key_depth(heads);
    uint32_t *key_out = keys + key_offset(heads, kv_head, row);
    uint32_t *value_out = values + value_offset(heads, kv_head, row);
    for (int64_t i = 0; i < depth; i++) __builtin_memcpy(key_out + i * LEGEND_BLOCK, (const uint32_t *)key + i, 4);
    if (heads->keys_per_word == 1) {
        __builtin_memcpy(value_out, value, (size_t)d * sizeof *value_out);
        for (int64_t i = d; i < width; i++) value_out[i] = 0;
    } else {
        store_value_halves(value, d, 1, width, row, value_out);
    }
}

#endif
