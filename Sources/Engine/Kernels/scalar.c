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

/// Component `i` of a head after rotation by the angles of one position.
static float rotated(const float *head, int64_t i, const legend_rotary *rotary, int64_t position) {
    if (i >= rotary->dimensions) return head[i];
    int64_t angle = position * rotary->dimensions + i;
    return head[i] * rotary->cosines[angle] + head[i ^ 1] * rotary->sines[angle];
}

static void rotate_queries(
    const legend_heads *heads, const legend_rotary *rotary, const int32_t *positions, int64_t rows, float scale,
    float *query) {
    int64_t d = heads->head_dim;
    for (int64_t h = 0; h < rows * heads->heads; h++) {
        float *head = query + h * d;
        int64_t position = positions[h / heads->heads], i = 0;
        for (; i < rotary->dimensions; i += 2) {
            float first = rotated(head, i, rotary, position), second = rotated(head, i + 1, rotary, position);
            head[i] = first * scale;
            head[i + 1] = second * scale;
        }
        for (; i < d; i++) head[i] *= scale;
    }
}

static void store_keys_values(
    const legend_heads *heads, const legend_rotary *rotary, const int32_t *positions, int64_t first_row, int64_t rows,
    const float *key_value, float *keys, float *values) {
    int64_t d = heads->head_dim, kv_heads = heads->kv_heads;
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t h = 0; h < kv_heads; h++) {
            const float *key = key_value + (r * 2 * kv_heads + h) * d, *value = key + kv_heads * d;
            float *key_out = keys + key_offset(heads, h, first_row + r);
            float *value_out = values + value_offset(heads, h, first_row + r);
            for (int64_t i = 0; i < d; i++) key_out[i * LEGEND_BLOCK] = rotated(key, i, rotary, positions[r]);
            for (int64_t i = 0; i < value_width(d); i++) value_out[i] = i < d ? value[i] : 0;
        }
    }
}

/// The running maximum and sum of a softmax whose scores come one after another.
typedef struct {
    float maximum;
    float sum;
} online_softmax;

/// Adds one score with its value to the weighted sum `out[d]`, which is relative to the maximum so far.
static void attend(online_softmax *state, float score, const float *value, int64_t d, float *out) {
    float maximum = fmaxf(state->maximum, score);
    float kept = expf(state->maximum - maximum), weight = expf(score - maximum);
    for (int64_t i = 0; i < d; i++) out[i] = out[i] * kept + weight * value[i];
    state->sum = state->sum * kept + weight;
    state->maximum = maximum;
}

static void attention(
    const legend_heads *heads, const float *query, const int32_t *key_end, int64_t queries,
    const legend_row_range *ranges, int64_t range_count, const float *keys, const float *values, float *scratch,
    float *out) {
    (void)scratch;
    int64_t d = heads->head_dim, group = heads->heads / heads->kv_heads;
    for (int64_t h = 0; h < queries * heads->heads; h++, query += d, out += d) {
        int64_t kv_head = h % heads->heads / group, limit = key_end[h / heads->heads];
        online_softmax state = {-INFINITY, 0};
        for (int64_t i = 0; i < d; i++) out[i] = 0;
        for (int64_t n = 0; n < range_count; n++) {
            for (int64_t row = ranges[n].first; row < ranges[n].end && row < limit; row++) {
                const float *key = keys + key_offset(heads, kv_head, row);
                float score = 0;
                for (int64_t i = 0; i < d; i++) score += query[i] * key[i * LEGEND_BLOCK];
                attend(&state, score, values + value_offset(heads, kv_head, row), d, out);
            }
        }
        for (int64_t i = 0; i < d; i++) out[i] /= state.sum;
    }
}

static void swiglu(const float *gate_up, int64_t rows, int64_t width, float *out) {
    for (int64_t r = 0; r < rows; r++, gate_up += 2 * width, out += width) {
        for (int64_t i = 0; i < width; i++) out[i] = gate_up[i] / (1 + expf(-gate_up[i])) * gate_up[width + i];
    }
}

static void add(const float *x, int64_t count, float *sum) {
    for (int64_t i = 0; i < count; i++) sum[i] += x[i];
}

static void round_bf16(const float *x, int64_t count, uint16_t *out) {
    for (int64_t i = 0; i < count; i++) out[i] = bf16_bits(x[i]);
}

static void round_bf16_to_f32(const float *x, int64_t count, float *out) {
    for (int64_t i = 0; i < count; i++) out[i] = bf16_value(bf16_bits(x[i]));
}

const legend_kernels *legend_kernels_scalar(void) {
    static const legend_kernels kernels = {
        .name = "scalar",
        .rms_norm = rms_norm,
        .rotate_queries = rotate_queries,
        .store_keys_values = store_keys_values,
        .attention = attention,
        .swiglu = swiglu,
        .add = add,
        .round_bf16 = round_bf16,
        .round_bf16_to_f32 = round_bf16_to_f32,
    };
    return &kernels;
}
