#include "legend_dequantize.h"

#include <string.h>

// A fused multiply-add would round once where the formats' definition rounds twice.
#pragma STDC FP_CONTRACT OFF

// MARK: Loads

static inline uint16_t load_u16(const uint8_t *bytes) { return (uint16_t)(bytes[0] | bytes[1] << 8); }

static inline uint32_t load_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/// binary16 to binary32, exact for every input, without branches so that loops over it vectorise.
static inline float float_of_half(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    const uint32_t magnitude = half & 0x7fff;
    // Exponent biases differ by 112; infinities and NaNs have the top exponent in both formats.
    const uint32_t exponent_offset = magnitude >= 0x7c00 ? (uint32_t)224 << 23 : (uint32_t)112 << 23;
    const uint32_t normal = (magnitude << 13) + exponent_offset;
    // A subnormal half is m * 2^-24: put m below a leading one at 2^-14 and take the one away again.
    const float subnormal = float_of_bits(((uint32_t)113 << 23) + (magnitude << 13)) - 0x1p-14f;
    uint32_t subnormal_bits;
    memcpy(&subnormal_bits, &subnormal, sizeof subnormal_bits);
    return float_of_bits(sign | (magnitude < 0x0400 ? subnormal_bits : normal));
}

static inline float load_half(const uint8_t *bytes) { return float_of_half(load_u16(bytes)); }

// MARK: Unquantized

void legend_dequantize_f32(const void *blocks, int64_t count, float *out) {
    const uint8_t *bytes = blocks;
    for (int64_t i = 0; i < count; i++) out[i] = float_of_bits(load_u32(bytes + 4 * i));
}

void legend_dequantize_f16(const void *blocks, int64_t count, float *out) {
    const uint8_t *bytes = blocks;
    for (int64_t i = 0; i < count; i++) out[i] = load_half(bytes + 2 * i);
}

void legend_dequantize_bf16(const void *blocks, int64_t count, float *out) {
    const uint8_t *bytes = blocks;
    for (int64_t i = 0; i < count; i++) out[i] = float_of_bits((uint32_t)load_u16(bytes + 2 * i) << 16);
}

// MARK: Blocks of 32

// In a block of 32, byte j of the 4-bit part holds value j in its low half and value j + 16 in its high half.

void legend_dequantize_q4_0(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 18, out += 32) {
        const float scale = load_half(block);
        const uint8_t *nibbles = block + 2;
        for (int j = 0; j < 16; j++) {
            out[j] = scale * (float)((nibbles[j] & 15) - 8);
            out[j + 16] = scale * (float)((nibbles[j] >> 4) - 8);
        }
    }
}

void legend_dequantize_q4_1(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 20, out += 32) {
        const float scale = load_half(block);
        const float minimum = load_half(block + 2);
        const uint8_t *nibbles = block + 4;
        for (int j = 0; j < 16; j++) {
            out[j] = scale * (float)(nibbles[j] & 15) + minimum;
            out[j + 16] = scale * (float)(nibbles[j] >> 4) + minimum;
        }
    }
}

// Bit j of the 32 high bits is the fifth bit of value j.

void legend_dequantize_q5_0(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 22, out += 32) {
        const float scale = load_half(block);
        const uint32_t high = load_u32(block + 2);
        const uint8_t *nibbles = block + 6;
        for (int j = 0; j < 16; j++) {
            const int first = (nibbles[j] & 15) | (int)(high >> j & 1) << 4;
            const int second = (nibbles[j] >> 4) | (int)(high >> (j + 16) & 1) << 4;
            out[j] = scale * (float)(first - 16);
            out[j + 16] = scale * (float)(second - 16);
        }
    }
}

void legend_dequantize_q5_1(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 24, out += 32) {
        const float scale = load_half(block);
        const float minimum = load_half(block + 2);
        const uint32_t high = load_u32(block + 4);
        const uint8_t *nibbles = block + 8;
        for (int j = 0; j < 16; j++) {
            const int first = (nibbles[j] & 15) | (int)(high >> j & 1) << 4;
            const int second = (nibbles[j] >> 4) | (int)(high >> (j + 16) & 1) << 4;
            out[j] = scale * (float)first + minimum;
            out[j + 16] = scale * (float)second + minimum;
        }
    }
}

void legend_dequantize_q8_0(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 34, out += 32) {
        const float scale = load_half(block);
        const int8_t *values = (const int8_t *)(block + 2);
        for (int j = 0; j < 32; j++) out[j] = scale * (float)values[j];
    }
}

// MARK: Super-blocks of 256

/// The `index`th of the eight (scale, minimum) pairs that q4_K and q5_K pack into 12 bytes, six bits each.
///
/// Pairs 0 to 3 are the low six bits of bytes 0-3 (scales) and 4-7 (minima). Pairs 4 to 7 have their low four bits in
/// bytes 8-11 (scales in the low halves) and their high two bits on top of bytes 0-3 and 4-7.
static inline void unpack_scale(const uint8_t *packed, int index, float *scale, float *minimum) {
    if (index < 4) {
        *scale = (float)(packed[index] & 63);
        *minimum = (float)(packed[index + 4] & 63);
    } else {
        *scale = (float)((packed[index + 4] & 15) | (packed[index - 4] >> 6) << 4);
        *minimum = (float)((packed[index + 4] >> 4) | (packed[index] >> 6) << 4);
    }
}

// 32 bytes of nibbles hold two runs of 32 values: one in the low halves, the next in the high halves.

void legend_dequantize_q4_K(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 144) {
        const float block_scale = load_half(block);
        const float block_minimum = load_half(block + 2);
        for (int run = 0; run < 8; run++, out += 32) {
            float scale, minimum;
            unpack_scale(block + 4, run, &scale, &minimum);
            scale *= block_scale;
            minimum *= block_minimum;
            const uint8_t *nibbles = block + 16 + 32 * (run / 2);
            const int shift = 4 * (run % 2);
            for (int j = 0; j < 32; j++) out[j] = scale * (float)(nibbles[j] >> shift & 15) - minimum;
        }
    }
}

// Bit r of high byte j is the fifth bit of value j of run r.

void legend_dequantize_q5_K(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 176) {
        const float block_scale = load_half(block);
        const float block_minimum = load_half(block + 2);
        const uint8_t *high = block + 16;
        for (int run = 0; run < 8; run++, out += 32) {
            float scale, minimum;
            unpack_scale(block + 4, run, &scale, &minimum);
            scale *= block_scale;
            minimum *= block_minimum;
            const uint8_t *nibbles = block + 48 + 32 * (run / 2);
            const int shift = 4 * (run % 2);
            for (int j = 0; j < 32; j++) {
                const int value = (nibbles[j] >> shift & 15) | (high[j] >> run & 1) << 4;
                out[j] = scale * (float)value - minimum;
            }
        }
    }
}

// Each half of 128 values has 64 bytes of nibbles, 32 bytes of high bits and 8 scales. Its four runs of 32 values have
// the low nibbles of bytes 0-31, those of bytes 32-63, the high nibbles of bytes 0-31, those of bytes 32-63. Run r has
// bits 2r and 2r + 1 of the high bytes, and scales 2r and 2r + 1 for its first and second 16 values.

void legend_dequantize_q6_K(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 210) {
        const int8_t *scales = (const int8_t *)(block + 192);
        const float block_scale = load_half(block + 208);
        for (int run = 0; run < 8; run++, out += 32) {
            const int half = run / 4, quarter = run % 4;
            const uint8_t *nibbles = block + 64 * half + 32 * (quarter % 2);
            const uint8_t *high = block + 128 + 32 * half;
            const int nibble_shift = 4 * (quarter / 2), high_shift = 2 * quarter;
            for (int part = 0; part < 2; part++) {
                const float scale = block_scale * (float)scales[2 * run + part];
                for (int j = 16 * part; j < 16 * part + 16; j++) {
                    const int value = (nibbles[j] >> nibble_shift & 15) | (high[j] >> high_shift & 3) << 4;
                    out[j] = scale * (float)(value - 32);
                }
            }
        }
    }
}
