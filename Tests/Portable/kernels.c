// Prints what the portable kernels make of seeded inputs, a line for each kernel, so that two machines can be compared:
// the numbers of a line are bits where every machine must have the same, else values.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "legend_dequantize.h"
#include "legend_gemm.h"
#include "legend_kernels.h"

static uint64_t state = 42;

static uint32_t next_bits(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

static float next_float(void) { return (float)(int32_t)next_bits() / 2147483648.0f; }

static float *floats(int64_t count, float scale) {
    float *x = aligned_alloc(64, (size_t)((count * 4 + 63) / 64 * 64));
    if (!x) abort();
    for (int64_t i = 0; i < count; i++) x[i] = scale * next_float();
    return x;
}

static void print_values(const char *name, const float *x, int64_t count) {
    printf("%s", name);
    for (int64_t i = 0; i < count; i++) printf(" %.9g", (double)x[i]);
    printf("\n");
}

static void print_bits(const char *name, const void *bytes, size_t count) {
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211u;
    printf("%s bits %016llx\n", name, (unsigned long long)hash);
}

typedef void dequantize(const void *blocks, int64_t count, float *out);

static void dequantized(const char *name, dequantize *function, size_t block_bytes, size_t values) {
    enum { blocks = 64 };
    uint8_t *bytes = malloc(block_bytes * blocks);
    float *out = floats((int64_t)(blocks * values), 0);
    if (!bytes) abort();
    for (size_t i = 0; i < block_bytes * blocks; i++) bytes[i] = (uint8_t)next_bits();
    function(bytes, blocks, out);
    // Which NaN comes out of a scale that is one is the processor's.
    for (size_t i = 0; i < blocks * values; i++) if (isnan(out[i])) out[i] = 0;
    print_bits(name, out, blocks * values * sizeof *out);
    free(bytes);
    free(out);
}

#define DEQUANTIZED(format, bytes, values) dequantized(#format, legend_dequantize_##format, bytes, values)

static void products(const legend_gemm *gemm) {
    enum { rows = 5, outputs = 64, k = 96 };
    for (legend_gemm_format format = legend_gemm_f32; format <= legend_gemm_int8; format++) {
        int64_t depth = legend_gemm_depth(format, k);
        uint32_t *a = calloc((size_t)(rows * depth), 4), *b = calloc((size_t)(outputs * depth), 4);
        uint32_t *panels = aligned_alloc(64, (size_t)(outputs * depth * 4));
        if (!a || !b || !panels) abort();
        for (int64_t i = 0; i < (rows + outputs) * depth; i++) {
            uint32_t *word = i < rows * depth ? a + i : b + (i - rows * depth);
            float low = next_float(), high = next_float();
            uint32_t bits[2];
            memcpy(bits, &low, 4);
            memcpy(bits + 1, &high, 4);
            *word = format == legend_gemm_f32    ? bits[0]
                    : format == legend_gemm_bf16 ? bits[0] >> 16 | (bits[1] & 0xFFFF0000u)
                                                 : next_bits();
        }
        for (int64_t n = 0; n < outputs; n += LEGEND_PANEL)
            legend_gemm_pack_panel(b + n * depth, depth, depth, format, panels + n * depth);
        float *a_scales = floats(rows, 0.01f), *b_scales = floats(outputs, 0.01f);
        int32_t a_offsets[rows];
        for (int64_t row = 0; row < rows; row++) {
            int32_t sum = 0;
            for (int64_t i = 0; i < depth * 4; i++) sum += ((const int8_t *)(a + row * depth))[i];
            a_offsets[row] = 128 * sum;
        }
        for (legend_gemm_store store = legend_gemm_replace; store <= legend_gemm_gated; store++) {
            float *c = floats(rows * outputs, 1);
            legend_product product = {
                .rows = rows, .outputs = outputs, .depth = depth, .a = a, .a_stride = depth, .a_scales = a_scales,
                .a_offsets = a_offsets, .b = panels, .b_scales = b_scales, .store = store, .activation = legend_gelu,
                .c = c, .c_stride = outputs,
            };
            if (format == legend_gemm_f32) gemm->multiply_f32(&product);
            if (format == legend_gemm_bf16) gemm->multiply_bf16(&product);
            if (format == legend_gemm_int8) gemm->multiply_int8(&product);
            char name[64];
            snprintf(name, sizeof name, "product-%d-store-%d", (int)format, (int)store);
            print_values(name, c, rows * outputs);
            free(c);
        }
        free(a), free(b), free(panels), free(a_scales), free(b_scales);
    }
}

static void attention(const legend_kernels *kernels, int32_t keys_per_word) {
    enum { head_count = 4, groups = 2, dimension = 32, rows = 40, capacity = 48 };
    legend_heads heads = {head_count, groups, dimension, keys_per_word, capacity};
    float *angles = floats(rows * dimension, 1), *sines = floats(rows * dimension, 1);
    for (int i = 0; i < rows * dimension; i += 2) {
        float angle = angles[i] * 3;
        angles[i] = angles[i + 1] = cosf(angle);
        sines[i] = -(sines[i + 1] = sinf(angle));
    }
    legend_rotary rotary = {angles, sines, dimension};
    int32_t positions[rows], ends[rows];
    for (int i = 0; i < rows; i++) positions[i] = i, ends[i] = i + 1;
    float *query = floats(rows * head_count * dimension, 1), *key_value = floats(rows * 2 * groups * dimension, 1);
    uint32_t *keys = calloc(groups * capacity * dimension, 4), *values = calloc(groups * capacity * dimension, 4);
    if (!keys || !values) abort();
    kernels->rotate_queries(&heads, &rotary, positions, rows, 0.2f, query, head_count * dimension);
    kernels->store_keys_values(&heads, &rotary, positions, 0, rows, key_value, 2 * groups * dimension, keys, values);
    float *scratch = floats(legend_attention_scratch(dimension), 0), *out = floats(rows * head_count * dimension, 0);
    legend_attention_rules rules = {.cap = 20, .window = 16};
    legend_row_range range = {0, rows};
    (keys_per_word == 1 ? kernels->attention : kernels->attention_bf16)(
        &heads, &rules, query, head_count * dimension, ends, rows, &range, 1, keys, values, scratch, out);
    print_values(keys_per_word == 1 ? "attention" : "attention-bf16", out, rows * head_count * dimension);
    free(angles), free(sines), free(query), free(key_value), free(keys), free(values), free(scratch), free(out);
}

static void rows_of_numbers(const legend_kernels *kernels) {
    enum { rows = 3, width = 64 };
    float *weight = floats(width, 1), *bias = floats(width, 1), *x = floats(rows * width, 4);
    float *out = floats(rows * width, 0);
    kernels->rms_norm(x, weight, rows, width, 1e-5f, out);
    print_values("rms_norm", out, rows * width);
    kernels->layer_norm(x, weight, bias, rows, width, 1e-5f, out);
    print_values("layer_norm", out, rows * width);
    for (legend_activation activation = legend_silu; activation <= legend_gelu_tanh; activation++) {
        kernels->gate(activation, x, rows, width / 2, out);
        print_values("gate", out, rows * width / 2);
        memcpy(out, x, rows * width * sizeof *x);
        kernels->activate(activation, rows * width, out);
        print_values("activate", out, rows * width);
    }
    memcpy(out, x, rows * width * sizeof *x);
    kernels->cap(rows * width, 2, 3, out);
    print_values("cap", out, rows * width);
    kernels->add(x, rows * width, out);
    print_values("add", out, rows * width);
    float sum = (float)kernels->exponentials(x, rows * width, x[kernels->largest(x, rows * width)], 0.5f, out);
    print_values("exponentials", out, rows * width);
    print_values("exponentials-sum", &sum, 1);
    memcpy(out, x, rows * width * sizeof *x);
    kernels->hadamard(out, rows * width, 32);
    print_values("hadamard", out, rows * width);
    uint16_t halves[rows * width];
    kernels->round_bf16(x, rows * width, halves);
    print_bits("round_bf16", halves, sizeof halves);
    int8_t bytes[rows * width];
    float scale;
    int32_t total;
    kernels->quantize_int8(x, rows * width, bytes, &scale, &total);
    print_bits("quantize_int8", bytes, sizeof bytes);
    print_values("quantize_int8-scale", &scale, 1);
    free(weight), free(bias), free(x), free(out);
}

int main(void) {
    fprintf(stderr, "%s kernels, %s products\n", legend_kernels_best()->name, legend_gemm_best()->name);
    DEQUANTIZED(f16, 2, 1), DEQUANTIZED(bf16, 2, 1), DEQUANTIZED(q4_0, 18, 32), DEQUANTIZED(q4_1, 20, 32);
    DEQUANTIZED(q5_0, 22, 32), DEQUANTIZED(q5_1, 24, 32), DEQUANTIZED(q8_0, 34, 32), DEQUANTIZED(q1_0, 18, 128);
    DEQUANTIZED(q2_0, 18, 64), DEQUANTIZED(mxfp4, 17, 32), DEQUANTIZED(nvfp4, 36, 64), DEQUANTIZED(q2_K, 84, 256);
    DEQUANTIZED(q3_K, 110, 256), DEQUANTIZED(q4_K, 144, 256), DEQUANTIZED(q5_K, 176, 256);
    DEQUANTIZED(q6_K, 210, 256), DEQUANTIZED(tq1_0, 54, 256), DEQUANTIZED(tq2_0, 66, 256);
    DEQUANTIZED(iq4_nl, 18, 32), DEQUANTIZED(iq4_xs, 136, 256), DEQUANTIZED(iq2_xxs, 66, 256);
    DEQUANTIZED(iq2_xs, 74, 256), DEQUANTIZED(iq2_s, 82, 256), DEQUANTIZED(iq3_xxs, 98, 256);
    DEQUANTIZED(iq3_s, 110, 256), DEQUANTIZED(iq1_s, 50, 256), DEQUANTIZED(iq1_m, 56, 256);
    rows_of_numbers(legend_kernels_scalar());
    products(legend_gemm_scalar());
    attention(legend_kernels_scalar(), 1);
    attention(legend_kernels_scalar(), 2);
    return 0;
}
