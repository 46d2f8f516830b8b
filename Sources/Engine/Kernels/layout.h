/// Where keys and values lie. Shared by all paths; not part of the module.
#ifndef LEGEND_LAYOUT_H
#define LEGEND_LAYOUT_H

#include "legend_kernels.h"

/// The vector paths keep a tile of at most this many query rows against a chunk of at most this many keys.
enum { tile_rows_max = 12, chunk_keys = 256 };

/// Components of one stored value row: the head's size rounded up to a whole vector.
static inline int64_t value_width(int64_t head_dim) {
    return (head_dim + LEGEND_BLOCK - 1) / LEGEND_BLOCK * LEGEND_BLOCK;
}

/// Component 0 of the key of `row`; component `i` lies `i * LEGEND_BLOCK` further on.
static inline int64_t key_offset(const legend_heads *heads, int64_t kv_head, int64_t row) {
    return kv_head * heads->capacity * heads->head_dim + row / LEGEND_BLOCK * LEGEND_BLOCK * heads->head_dim
        + row % LEGEND_BLOCK;
}

static inline int64_t value_offset(const legend_heads *heads, int64_t kv_head, int64_t row) {
    return (kv_head * heads->capacity + row) * value_width(heads->head_dim);
}

/// Bits of `x` rounded to bfloat16, to nearest with ties to even.
static inline uint16_t bf16_bits(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float bf16_value(uint16_t rounded) {
    uint32_t bits = (uint32_t)rounded << 16;
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
