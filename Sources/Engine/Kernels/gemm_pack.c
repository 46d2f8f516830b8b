/// Weights into panels.
#include <math.h>

#include <stddef.h>

#include "gemm.h"
#include "layout.h"

/// One output's weights as words. int8: with 128 added, so that they are unsigned; returns the scale.
static float store_words(legend_gemm_format format, const float *weights, int64_t k, uint32_t *words) {
    if (format == legend_gemm_f32) {
        __builtin_memcpy(words, weights, (size_t)k * sizeof *words);
        return 1;
    }
    int64_t depth = legend_gemm_depth(format, k);
    if (format == legend_gemm_bf16) {
        for (int64_t i = 0; i < k / 2; i++) {
            words[i] = bf16_bits(weights[2 * i]) | (uint32_t)bf16_bits(weights[2 * i + 1]) << 16;
        }
        if (k % 2) words[depth - 1] = bf16_bits(weights[k - 1]);
        return 1;
    }
    int32_t bits = 0;
    for (int64_t i = 0; i < k; i++) bits = magnitude_bits(weights[i]) > bits ? magnitude_bits(weights[i]) : bits;
    float maximum = float_of_bits(bits), inverse = maximum > 0 ? 127 / maximum : 0;
    for (int64_t i = 0; i < depth; i++) words[i] = 0;
    for (int64_t i = 0; i < k; i++) {
        words[i / 4] |= (uint32_t)(uint8_t)(lrintf(weights[i] * inverse) + 128) << i % 4 * 8;
    }
    return maximum / 127;
}

void legend_gemm_pack_panel(
    legend_gemm_format format, const float *weights, int64_t k, uint32_t *panel, float *scales, uint32_t *scratch) {
    int64_t depth = legend_gemm_depth(format, k);
    for (int64_t n = 0; n < LEGEND_PANEL; n++) scales[n] = store_words(format, weights + n * k, k, scratch + n * depth);
    // Sixteen words of k at a time: each line of the scratch is read once.
    for (int64_t first = 0; first < depth; first += LEGEND_BLOCK) {
        int64_t end = first + LEGEND_BLOCK < depth ? first + LEGEND_BLOCK : depth;
        for (int64_t n = 0; n < LEGEND_PANEL; n++) {
            for (int64_t i = first; i < end; i++) panel[i * LEGEND_PANEL + n] = scratch[n * depth + i];
        }
    }
}
