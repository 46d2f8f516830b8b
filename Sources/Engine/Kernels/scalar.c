/// The plain C path: the definition of every kernel, one element at a time.
#include <math.h>

#include "layout.h"

static void rms_norm(const float *x, const float *weight, int64_t rows, int64_t width, float epsilon, float *out) {
    for (int64_t r = 0; r < rows; r++) {
        const float *row = x + r * width;
        float squares = 0;
        for (int64_t i = 0; i < width; i++) squares += row[i] * row[i];
        float scale = 1 / sqrtf(squares / (float)width + epsilon);
        for (int64_t i = 0; i < width; i++) out[r * width + i] = row[i] * scale * weight[i];
    }
}

static void layer_norm(const float *x, const float *weight, const float *bias, int64_t rows, int64_t width,
    float epsilon, float *out) {
    for (int64_t r = 0; r < rows; r++, x += width, out += width) {
        float sum = 0, squares = 0;
        for (int64_t i = 0; i < width; i++) sum += x[i];
        float mean = sum / (float)width;
        for (int64_t i = 0; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
        float scale = 1 / sqrtf(squares / (float)width + epsilon);
        for (int64_t i = 0; i < width; i++) out[i] = (x[i] - mean) * scale * weight[i] + bias[i];
    }
}

/// Component `i` of a head after rotation by the angles of one position.
static float rotated(const float *head, int64_t i, const legend_rotary *rotary, int64_t position) {
    if (i >= rotary->dimensions) return head[i];
    int64_t angle = position * rotary->dimensions + i;
    return head[i] * rotary->cosines[angle] + head[i ^ 1] * rotary->sines[angle];
}

static void rotate_queries(
    const legend_heads *heads, const legend_rotary *rotary, const int32_t *positions, int64_t rows, float scale,
    float *query, int64_t stride) {
    int64_t d = heads->head_dim;
    for (int64_t h = 0; h < rows * heads->heads; h++) {
        float *head = query + h / heads->heads * stride + h % heads->heads * d;
        int64_t position = positions[h / heads->heads], i = 0;
        for (; i < rotary->dimensions; i += 2) {
            float first = rotated(head, i, rotary, position), second = rotated(head, i + 1, rotary, position);
            head[i] = first * scale;
            head[i + 1] = second * scale;
        }
        for (; i < d; i++) head[i] *= scale;
    }
}

static void round_bf16(const float *x, int64_t count, uint16_t *out) {
    for (int64_t i = 0; i < count; i++) ((any_half *)out)[i] = bf16_bits(x[i]);
}

static void store_keys_values(
    const legend_heads *heads, const legend_rotary *rotary, const int32_t *positions, int64_t first_row, int64_t rows,
    float *key_value, int64_t stride, uint32_t *keys, uint32_t *values) {
    int64_t d = heads->head_dim, kv_heads = heads->kv_heads;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t h = 0; h < kv_heads; h++) {
            float *key = key_value + r * stride + h * d, *value = key + kv_heads * d;
            for (int64_t i = 0; i < rotary->dimensions; i += 2) {
                float first = rotated(key, i, rotary, positions[r]), second = rotated(key, i + 1, rotary, positions[r]);
                key[i] = first;
                key[i + 1] = second;
            }
            if (heads->keys_per_word == 2) {
                round_bf16(key, d, (uint16_t *)key);
                round_bf16(value, d, (uint16_t *)value);
            }
            store_key_value(heads, h, first_row + r, key, value, keys, values);
        }
    }
}

/// Component `i` of a stored key, or of a stored value.
static float key_component(const legend_heads *heads, const uint32_t *keys, int64_t kv_head, int64_t row, int64_t i) {
    const uint32_t *key = keys + key_offset(heads, kv_head, row);
    if (heads->keys_per_word == 1) return float_of_bits((int32_t)key[i * LEGEND_BLOCK]);
    return bf16_value((uint16_t)(key[i / 2 * LEGEND_BLOCK] >> i % 2 * 16));
}

static float value_component(const legend_heads *heads, const uint32_t *values, int64_t kv_head, int64_t row, int64_t i) {
    const uint32_t *value = values + value_offset(heads, kv_head, row);
    return heads->keys_per_word == 1 ? float_of_bits((int32_t)value[i]) : bf16_value((uint16_t)(value[i] >> row % 2 * 16));
}

/// Queries and weights stay f32 whatever keys and values are.
static void attention(
    const legend_heads *heads, const legend_attention_rules *rules, const float *query, int64_t stride, const int32_t *key_end, int64_t queries,
    const legend_row_range *ranges, int64_t range_count, const uint32_t *keys, const uint32_t *values, float *scratch,
    float *out) {
    (void)scratch;
    int64_t d = heads->head_dim, group = heads->heads / heads->kv_heads, before = 0;
    for (int64_t n = 0; n + 1 < range_count; n++) before += ranges[n].end - ranges[n].first;
    for (int64_t h = 0; h < queries * heads->heads; h++, out += d) {
        const float *head = query + h / heads->heads * stride + h % heads->heads * d;
        int64_t kv_head = h % heads->heads / group, limit = key_end[h / heads->heads], place = 0;
        int64_t first = window_first(rules, before + limit - 1 - ranges[range_count - 1].first);
        float maximum = -INFINITY, sum = 0;
        for (int64_t i = 0; i < d; i++) out[i] = 0;
        for (int64_t n = 0; n < range_count; n++) {
            int64_t end = n == range_count - 1 && limit < ranges[n].end ? limit : ranges[n].end;
            for (int64_t row = ranges[n].first; row < end; row++) {
                if (place++ < first) continue;
                float score = 0;
                for (int64_t i = 0; i < d; i++) score += head[i] * key_component(heads, keys, kv_head, row, i);
                if (rules->cap > 0) score = rules->cap * tanhf(score / rules->cap);
                // The online softmax: what was summed is relative to the largest score so far.
                float largest = fmaxf(maximum, score);
                float kept = expf(maximum - largest), weight = expf(score - largest);
                maximum = largest;
                sum = sum * kept + weight;
                for (int64_t i = 0; i < d; i++) {
                    out[i] = out[i] * kept + weight * value_component(heads, values, kv_head, row, i);
                }
            }
        }
        for (int64_t i = 0; i < d; i++) out[i] /= sum;
    }
}

static void gate(legend_activation activation, const float *gate_up, int64_t rows, int64_t width, float *out) {
    for (int64_t r = 0; r < rows; r++, gate_up += 2 * width, out += width) {
        for (int64_t i = 0; i < width; i++) out[i] = activated(activation, gate_up[i]) * gate_up[width + i];
    }
}

static void activate(legend_activation activation, int64_t count, float *x) {
    for (int64_t i = 0; i < count; i++) x[i] = activated(activation, x[i]);
}

static void cap_values(int64_t count, float scale, float cap, float *x) {
    for (int64_t i = 0; i < count; i++) x[i] = cap > 0 ? cap * tanhf(x[i] * scale / cap) : x[i] * scale;
}

static void add(const float *x, int64_t count, float *sum) {
    for (int64_t i = 0; i < count; i++) sum[i] += x[i];
}

static int64_t largest(const float *x, int64_t count) {
    int64_t index = 0;
    float value = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        if (isnan(x[i])) return -1;
        if (x[i] > value) {
            value = x[i];
            index = i;
        }
    }
    return index;
}

static double exponentials(const float *x, int64_t count, float maximum, float scale, float *out) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        out[i] = expf((x[i] - maximum) * scale);
        sum += (double)out[i];
    }
    return sum;
}

static void round_bf16_to_f32(const float *x, int64_t count, float *out) {
    for (int64_t i = 0; i < count; i++) out[i] = bf16_value(bf16_bits(x[i]));
}

static void quantize_int8(const float *x, int64_t count, int8_t *out, float *scale, int32_t *sum) {
    int32_t bits = 0;
    for (int64_t i = 0; i < count; i++) bits = magnitude_bits(x[i]) > bits ? magnitude_bits(x[i]) : bits;
    float maximum = float_of_bits(bits), inverse = maximum > 0 ? 127 / maximum : 0;
    *scale = maximum / 127;
    *sum = 0;
    for (int64_t i = 0; i < count; i++) {
        out[i] = (int8_t)lrintf(x[i] * inverse);
        *sum += out[i];
    }
}

const legend_kernels *legend_kernels_scalar(void) {
    static const legend_kernels kernels = {
        .name = "scalar",
        .rms_norm = rms_norm,
        .layer_norm = layer_norm,
        .rotate_queries = rotate_queries,
        .store_keys_values = store_keys_values,
        .attention = attention,
        .attention_bf16 = attention,
        .gate = gate,
        .activate = activate,
        .cap = cap_values,
        .add = add,
        .largest = largest,
        .exponentials = exponentials,
        .round_bf16 = round_bf16,
        .round_bf16_to_f32 = round_bf16_to_f32,
        .hadamard = hadamard_by_element,
        .quantize_int8 = quantize_int8,
    };
    return &kernels;
}
