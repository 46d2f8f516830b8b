/// The vector path, written once in vectors of sixteen floats. A file that includes it defines `TARGET`, the
/// instruction set to compile for, and `TILE_ROWS`, the query rows that attention keeps in registers.
///
/// Vectors cross functions by pointer only: passed by value, their calling convention would depend on the target.
#include <math.h>

#define INLINE TARGET __attribute__((always_inline)) static inline
#define UNROLL _Pragma("clang loop unroll(full)")

enum { lanes = LEGEND_BLOCK, few_rows = 4 };
_Static_assert(few_rows <= TILE_ROWS && TILE_ROWS <= tile_rows_max && chunk_keys % lanes == 0, "the attention scratch has another shape");

typedef float vec __attribute__((vector_size(64)));
typedef int32_t int_vec __attribute__((vector_size(64)));
typedef uint32_t bits_vec __attribute__((vector_size(64)));
typedef uint16_t half_vec __attribute__((vector_size(32)));

typedef int8_t byte_vec __attribute__((vector_size(16)));

typedef float unaligned_vec __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint16_t unaligned_half_vec __attribute__((vector_size(32), aligned(2), may_alias));

typedef int8_t unaligned_byte_vec __attribute__((vector_size(16), aligned(1), may_alias));

#define LOAD(p) (*(const unaligned_vec *)(p))
#define STORE(p, v) (*(unaligned_vec *)(p) = (v))
#define SPLAT(x) ((vec){0} + (x))
#define SELECT(mask, a, b) ((vec)(((mask) & (int_vec)(a)) | (~(mask) & (int_vec)(b))))

// MARK: Elements

/// `e^x = 2^n · e^f` for `x` from -87 to 88, by the Taylor series of `e^f` up to `f^degree`, 4 or 7: |f| ≤ ln 2 / 2.
INLINE void vector_exp_series(vec *x, const int degree) {
    vec v = *x;
    vec shifted = v * 1.44269504f + 12582912.0f;  // 1.5 · 2²³: the sum's low bits are the nearest integer n
    vec n = shifted - 12582912.0f;
    vec f = v - n * 0.693359375f;  // ln 2 in two parts, the first with few bits so that n · it is exact
    f = f - n * -2.12194440e-4f;
    vec e = f * (1.0f / 24) + 1.0f / 6;
    if (degree == 7) {
        e = f * (1.0f / 5040) + 1.0f / 720;
        e = e * f + 1.0f / 120;
        e = e * f + 1.0f / 24;
        e = e * f + 1.0f / 6;
    }
    e = e * f + 0.5f;
    e = e * f + 1.0f;
    e = e * f + 1.0f;
    int_vec power = ((int_vec)shifted - (int_vec)SPLAT(12582912.0f) + 127) << 23;
    *x = e * (vec)power;
}

/// `e^x` to about two units in the last place; 0 for `x` below -87 and infinity above 88.
INLINE void vector_exp(vec *x) {
    int_vec representable = (*x > -87.0f) & (*x <= 88.0f);
    vec beyond = SELECT(*x > 88.0f, SPLAT(INFINITY), SPLAT(0));
    vec v = SELECT(representable, *x, SPLAT(0));
    vector_exp_series(&v, 7);
    *x = SELECT(representable, v, beyond);
}

/// `silu(x) = x / (1 + e^-x)`.
INLINE void vector_silu(vec *x) {
    vec e = -*x;
    vector_exp(&e);
    *x = *x / (1.0f + e);
}

/// `tanh(x)` with an absolute error of about 1e-7.
INLINE void vector_tanh(vec *x) {
    vec e = *x * 2.0f;
    vector_exp(&e);
    *x = 1.0f - 2.0f / (1.0f + e);
}

INLINE void vector_gelu_tanh(vec *x) {
    vec t = (*x + *x * *x * *x * 0.044715f) * 0.79788456f;
    vector_tanh(&t);
    *x = *x * 0.5f * (1.0f + t);
}

/// `x Φ(x)`, with the error function by formula 7.1.26 of Abramowitz and Stegun: absolute error 1.5e-7.
INLINE void vector_gelu(vec *x) {
    vec z = *x * 0.70710678f, magnitude = SELECT(z < 0.0f, -z, z), e = -z * z;
    vec t = 1.0f / (1.0f + 0.3275911f * magnitude);
    vector_exp(&e);
    vec tail = t * 1.061405429f - 1.453152027f;
    tail = tail * t + 1.421413741f;
    tail = tail * t - 0.284496736f;
    tail = (tail * t + 0.254829592f) * t * e;  // 1 - erf(|z|)
    *x = *x * 0.5f * SELECT(z < 0.0f, tail, 2.0f - tail);
}

INLINE void vector_activation(legend_activation activation, vec *x) {
    switch (activation) {
    case legend_silu: vector_silu(x); break;
    case legend_gelu: vector_gelu(x); break;
    case legend_gelu_tanh: vector_gelu_tanh(x); break;
    }
}

#define SWAP_8(x) __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)
#define SWAP_4(x) __builtin_shufflevector(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11)
#define SWAP_2(x) __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)
#define SWAP_1(x) __builtin_shufflevector(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14)

INLINE float vector_sum(const vec *x) {
    vec sum = *x + SWAP_8(*x);
    sum += SWAP_4(sum);
    sum += SWAP_2(sum);
    sum += SWAP_1(sum);
    return sum[0];
}

INLINE float vector_maximum(const vec *x) {
    vec other = SWAP_8(*x), most = SELECT(*x > other, *x, other);
    other = SWAP_4(most), most = SELECT(most > other, most, other);
    other = SWAP_2(most), most = SELECT(most > other, most, other);
    other = SWAP_1(most), most = SELECT(most > other, most, other);
    return most[0];
}

TARGET static void rms_norm(const float *x, const float *weight, int64_t rows, int64_t width, float epsilon,
    float *out) {
    for (int64_t r = 0; r < rows; r++, x += width, out += width) {
        vec sums = {0};
        int64_t i = 0;
        for (; i + lanes <= width; i += lanes) sums += LOAD(x + i) * LOAD(x + i);
        float squares = vector_sum(&sums);
        for (; i < width; i++) squares += x[i] * x[i];
        float scale = 1 / sqrtf(squares / (float)width + epsilon);
        for (i = 0; i + lanes <= width; i += lanes) STORE(out + i, LOAD(x + i) * scale * LOAD(weight + i));
        for (; i < width; i++) out[i] = x[i] * scale * weight[i];
    }
}

TARGET static void layer_norm(const float *x, const float *weight, const float *bias, int64_t rows, int64_t width,
    float epsilon, float *out) {
    for (int64_t r = 0; r < rows; r++, x += width, out += width) {
        vec sums = {0}, squares = {0};
        int64_t i = 0;
        for (; i + lanes <= width; i += lanes) sums += LOAD(x + i);
        float sum = vector_sum(&sums);
        for (; i < width; i++) sum += x[i];
        float mean = sum / (float)width;
        for (i = 0; i + lanes <= width; i += lanes) squares += (LOAD(x + i) - mean) * (LOAD(x + i) - mean);
        float square = vector_sum(&squares);
        for (; i < width; i++) square += (x[i] - mean) * (x[i] - mean);
        float scale = 1 / sqrtf(square / (float)width + epsilon);
        for (i = 0; i + lanes <= width; i += lanes) {
            STORE(out + i, (LOAD(x + i) - mean) * scale * LOAD(weight + i) + LOAD(bias + i));
        }
        for (; i < width; i++) out[i] = (x[i] - mean) * scale * weight[i] + bias[i];
    }
}

INLINE void gate_row(legend_activation activation, const float *gate_up, int64_t width, float *out) {
    const float *up = gate_up + width;
    int64_t i = 0;
    for (; i + lanes <= width; i += lanes) {
        vec gate = LOAD(gate_up + i);
        vector_activation(activation, &gate);
        STORE(out + i, gate * LOAD(up + i));
    }
    for (; i < width; i++) out[i] = activated(activation, gate_up[i]) * up[i];
}

TARGET static void gate(legend_activation activation, const float *gate_up, int64_t rows, int64_t width, float *out) {
    for (int64_t r = 0; r < rows; r++, gate_up += 2 * width, out += width) {
        gate_row(activation, gate_up, width, out);
    }
}

TARGET static void activate(legend_activation activation, int64_t count, float *x) {
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        vec v = LOAD(x + i);
        vector_activation(activation, &v);
        STORE(x + i, v);
    }
    for (; i < count; i++) x[i] = activated(activation, x[i]);
}

TARGET static void cap_values(int64_t count, float scale, float cap, float *x) {
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        vec v = LOAD(x + i) * scale;
        if (cap > 0) {
            v /= cap;
            vector_tanh(&v);
            v *= cap;
        }
        STORE(x + i, v);
    }
    for (; i < count; i++) x[i] = cap > 0 ? cap * tanhf(x[i] * scale / cap) : x[i] * scale;
}

TARGET static void add(const float *x, int64_t count, float *sum) {
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) STORE(sum + i, LOAD(sum + i) + LOAD(x + i));
    for (; i < count; i++) sum[i] += x[i];
}

TARGET static int64_t largest(const float *x, int64_t count) {
    vec most = SPLAT(-INFINITY);
    int_vec block = {0};  // of sixteen, in which a lane's largest is
    int_vec is_none = {0};
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        vec v = LOAD(x + i);
        int_vec is_larger = v > most;
        is_none |= v != v;
        most = SELECT(is_larger, v, most);
        block = (is_larger & (int32_t)(i / lanes)) | (~is_larger & block);
    }
    int64_t index = 0;
    float value = -INFINITY;
    for (int lane = 0; lane < lanes; lane++) {
        if (is_none[lane]) return -1;
        int64_t own = (int64_t)block[lane] * lanes + lane;
        if (most[lane] > value || (most[lane] == value && own < index)) {
            value = most[lane];
            index = own;
        }
    }
    for (; i < count; i++) {
        if (isnan(x[i])) return -1;
        if (x[i] > value) {
            value = x[i];
            index = i;
        }
    }
    return index;
}

TARGET static double exponentials(const float *x, int64_t count, float maximum, float scale, float *out) {
    double sum = 0;
    int64_t i = 0;
    while (i + lanes <= count) {
        vec sums = {0};
        for (int block = 0; block < 64 && i + lanes <= count; block++, i += lanes) {
            vec e = (LOAD(x + i) - maximum) * scale;
            vector_exp(&e);
            STORE(out + i, e);
            sums += e;
        }
        sum += (double)vector_sum(&sums);
    }
    for (; i < count; i++) {
        out[i] = expf((x[i] - maximum) * scale);
        sum += (double)out[i];
    }
    return sum;
}

/// The bits of sixteen floats rounded to bfloat16, in the upper halves.
INLINE void vector_round_bf16(const float *x, bits_vec *out) {
    bits_vec bits = (bits_vec)LOAD(x);
    bits_vec is_nan = (bits_vec)((bits & 0x7fffffff) > 0x7f800000);
    bits_vec rounded = bits + 0x7fff + ((bits >> 16) & 1);
    *out = ((is_nan & (bits | 0x400000)) | (~is_nan & rounded)) & 0xffff0000;
}

TARGET static void round_bf16(const float *x, int64_t count, uint16_t *out) {
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        bits_vec rounded;
        vector_round_bf16(x + i, &rounded);
        *(unaligned_half_vec *)(out + i) = __builtin_convertvector(rounded >> 16, half_vec);
    }
    for (; i < count; i++) ((any_half *)out)[i] = bf16_bits(x[i]);
}

TARGET static void round_bf16_to_f32(const float *x, int64_t count, float *out) {
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        bits_vec rounded;
        vector_round_bf16(x + i, &rounded);
        STORE(out + i, (vec)rounded);
    }
    for (; i < count; i++) out[i] = bf16_value(bf16_bits(x[i]));
}

/// The stages inside a vector: lane `i` becomes the sum with lane `i ^ half`, or the difference.
#define HADAMARD_STAGE(x, half) x = SWAP_##half(x) + x * SELECT((lane & half) != 0, SPLAT(-1), SPLAT(1))

TARGET static void hadamard(float *x, int64_t count, int64_t block) {
    if (block < lanes) {
        hadamard_by_element(x, count, block);
        return;
    }
    const int_vec lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int64_t i = 0; i < count; i += lanes) {
        vec v = LOAD(x + i);
        HADAMARD_STAGE(v, 1);
        HADAMARD_STAGE(v, 2);
        HADAMARD_STAGE(v, 4);
        HADAMARD_STAGE(v, 8);
        STORE(x + i, v);
    }
    for (int64_t half = lanes; half < block; half *= 2) {
        for (int64_t start = 0; start < count; start += 2 * half) {
            for (int64_t i = start; i < start + half; i += lanes) {
                vec first = LOAD(x + i), second = LOAD(x + i + half);
                STORE(x + i, first + second);
                STORE(x + i + half, first - second);
            }
        }
    }
}

TARGET static void quantize_int8(const float *x, int64_t count, int8_t *out, float *scale, int32_t *sum) {
    // Compared as integers, a NaN is larger than everything: it becomes the scale, and no result hides it.
    int_vec largest = {0};
    int64_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        int_vec magnitude = (int_vec)LOAD(x + i) & 0x7fffffff;
        largest = (int_vec)SELECT(magnitude > largest, magnitude, largest);
    }
    int32_t bits = 0;
    UNROLL for (int lane = 0; lane < lanes; lane++) bits = largest[lane] > bits ? largest[lane] : bits;
    for (; i < count; i++) bits = magnitude_bits(x[i]) > bits ? magnitude_bits(x[i]) : bits;
    float maximum = float_of_bits(bits), inverse = maximum > 0 ? 127 / maximum : 0;
    *scale = maximum / 127;
    const float shift = 12582912.0f;  // 1.5 · 2²³: the sum's low bits are the nearest integer
    bits_vec sums = {0};  // of bytes; what a row that is not finite sums to means nothing
    for (i = 0; i + lanes <= count; i += lanes) {
        int_vec rounded = (int_vec)(LOAD(x + i) * inverse + shift) - (int_vec)SPLAT(shift);
        *(unaligned_byte_vec *)(out + i) = __builtin_convertvector(rounded, byte_vec);
        sums += (bits_vec)rounded;
    }
    uint32_t total = 0;
    UNROLL for (int lane = 0; lane < lanes; lane++) total += sums[lane];
    for (; i < count; i++) {
        out[i] = (int8_t)lrintf(x[i] * inverse);
        total += (uint32_t)out[i];
    }
    *sum = (int32_t)total;
}

// MARK: Rotary positions

/// `out[head_dim] = rotate(head) * scale`; `out` may be `head`.
INLINE void rotate(const float *head, int64_t head_dim, const legend_rotary *rotary, int64_t position, float scale,
    float *out) {
    const float *cosines = rotary->cosines + position * rotary->dimensions;
    const float *sines = rotary->sines + position * rotary->dimensions;
    int64_t i = 0;
    for (; i + lanes <= rotary->dimensions; i += lanes) {
        vec x = LOAD(head + i);
        STORE(out + i, (x * LOAD(cosines + i) + SWAP_1(x) * LOAD(sines + i)) * scale);
    }
    for (; i < rotary->dimensions; i += 2) {
        float first = head[i], second = head[i + 1];
        out[i] = (first * cosines[i] + second * sines[i]) * scale;
        out[i + 1] = (second * cosines[i + 1] + first * sines[i + 1]) * scale;
    }
    for (; i < head_dim; i++) out[i] = head[i] * scale;
}

TARGET static void rotate_queries(
    const legend_heads *heads, const legend_rotary *rotary, const int32_t *positions, int64_t rows, float scale,
    float *query, int64_t stride) {
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t h = 0; h < heads->heads; h++) {
            float *head = query + r * stride + h * heads->head_dim;
            rotate(head, heads->head_dim, rotary, positions[r], scale, head);
        }
    }
}

TARGET static void store_keys_values(
    const legend_heads *heads, const legend_rotary *rotary, const int32_t *positions, int64_t first_row, int64_t rows,
    float *key_value, int64_t stride, uint32_t *keys, uint32_t *values) {
    int64_t d = heads->head_dim, kv_heads = heads->kv_heads;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t h = 0; h < kv_heads; h++) {
            float *key = key_value + r * stride + h * d, *value = key + kv_heads * d;
            rotate(key, d, rotary, positions[r], 1, key);
            if (heads->keys_per_word == 2) {
                round_bf16(key, d, (uint16_t *)key);
                round_bf16(value, d, (uint16_t *)value);
            }
            store_key_value(heads, h, first_row + r, key, value, keys, values);
        }
    }
}

// MARK: Attention

/// `TILE_ROWS` rows of queries that share a key-value head, with their online softmax. A word is a float or two bf16.
typedef struct {
    int64_t depth;                /// words of a key
    int64_t width;                /// components of a value row
    uint32_t *query;              /// `[TILE_ROWS, depth]`
    float *out;                   /// `[TILE_ROWS, width]`: the weighted sum of values, relative to `maximum`
    float *scores;                /// `[TILE_ROWS, chunk_keys]`
    int is_own_range;             /// whether the range is the last one, of which each row sees those before its end
    int32_t key_end[TILE_ROWS];   /// one past the last slot that a row sees of its own range
    int32_t key_end_least;
    int32_t key_end_most;
    float cap;
    int64_t place_first[TILE_ROWS];  /// the place in its sequence of the first slot that a row sees
    int64_t place_first_least;
    int64_t place_first_most;
    int64_t offset;               /// what is added to a slot of the range for its place in the sequence
    float maximum[TILE_ROWS];
    float sum[TILE_ROWS];
} attention_tile;

/// Minus infinity for keys of the block that begins at `first_key` that lie outside of `[first, end)` or before the rows'
/// windows, and in the rows' own range for those at `key_end` and after.
INLINE void hide_unseen(attention_tile *tile, const int rows, int64_t first_key, int64_t first, int64_t end, float *scores) {
    const int_vec lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    int_vec row = lane + (int32_t)first_key;
    for (int r = 0; r < rows; r++) {
        int32_t row_end = tile->is_own_range && tile->key_end[r] < end ? tile->key_end[r] : (int32_t)end;
        int64_t row_first = tile->place_first[r] - tile->offset;
        int_vec seen = (row >= (int32_t)(row_first > first ? row_first : first)) & (row < row_end);
        STORE(scores + r * chunk_keys, SELECT(seen, LOAD(scores + r * chunk_keys), SPLAT(-INFINITY)));
    }
}

TARGET static void store_tile(const attention_tile *tile, const legend_heads *heads, int64_t kv_head, int64_t first,
    int64_t rows, float *out) {
    int64_t group = heads->heads / heads->kv_heads, d = heads->head_dim;
    for (int64_t r = 0; r < rows; r++) {
        int64_t row = first + r, head = row / group * heads->heads + kv_head * group + row % group;
        float scale = 1 / tile->sum[r];
        for (int64_t i = 0; i < d; i++) out[head * d + i] = tile->out[r * tile->width + i] * scale;
    }
}

#define ATTENTION(part) part##_f32
#define ATTENTION_TARGET TARGET
#define ATTENTION_WORDS vec
#define ATTENTION_LOAD(words) LOAD(words)
#define ATTENTION_DOT(sum, words, word) sum += (words) * float_of_bits((int32_t)(word))
#define ATTENTION_STORE_WEIGHTS(row, i, weights) STORE((row) + (i), weights)
#define ATTENTION_KEYS_PER_WORD 1
#include "attention_format.h"

#define VECTOR_KERNELS(path, bf16) { \
    .name = path, \
    .rms_norm = rms_norm, \
    .layer_norm = layer_norm, \
    .rotate_queries = rotate_queries, \
    .store_keys_values = store_keys_values, \
    .attention = attention_f32, \
    .attention_bf16 = bf16, \
    .gate = gate, \
    .activate = activate, \
    .cap = cap_values, \
    .add = add, \
    .largest = largest, \
    .exponentials = exponentials, \
    .round_bf16 = round_bf16, \
    .round_bf16_to_f32 = round_bf16_to_f32, \
    .hadamard = hadamard, \
    .quantize_int8 = quantize_int8, \
}
