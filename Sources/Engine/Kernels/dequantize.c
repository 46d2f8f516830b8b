#include "legend_dequantize.h"

#include "dequantize_unpack.h"

// A fused multiply-add would round once where the formats' definition rounds twice.
#pragma STDC FP_CONTRACT OFF

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

// MARK: One and two bits

// Eight bits hold eight consecutive values: a bit that is set is 1, one that is not is -1.

void legend_dequantize_q1_0(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 18, out += 128) {
        const float scale = load_half(block);
        int8_t values[128];
        for (int j = 0; j < 16; j++) store_bytes(~(spread_bits(block[2 + j]) * 0xfe), values + 8 * j);
        for (int j = 0; j < 128; j++) out[j] = scale * (float)values[j];
    }
}

// A byte holds four consecutive values, the first in its lowest bits.

void legend_dequantize_q2_0(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 18, out += 64) {
        const float scale = load_half(block);
        int8_t values[64];
        for (int j = 0; j < 8; j++) store_bytes(spread_pairs(load_u16(block + 2 + 2 * j)), values + 8 * j);
        for (int j = 0; j < 64; j++) out[j] = scale * (float)(values[j] - 1);
    }
}

// MARK: Four-bit floats

/// Twice the values of E2M1, which has a sign, two bits of exponent and one of fraction. Code 8, minus zero, is 0 too.
static const int8_t e2m1_doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// 2^(code - 128): half of what an E8M0 scale stands for. Codes 0 and 1 are subnormal; 255 is a number like the others.
static inline float half_of_e8m0(uint8_t code) {
    return float_of_bits(code < 2 ? (uint32_t)0x00200000 << code : (uint32_t)(code - 1) << 23);
}

/// Half of an unsigned E4M3 number: four bits of exponent, biased by 7, and three of fraction. The top bit is ignored.
/// Code 0x7f, which stands for no number, is 0; 0xff is a number like the others.
static inline float half_of_e4m3(uint8_t code) {
    const uint32_t exponent = code >> 3 & 15, fraction = code & 7;
    if (code == 0x7f) return 0;
    if (exponent == 0) return (float)fraction * 0x1p-10f;
    return float_of_bits((exponent + 119) << 23 | fraction << 20);
}

/// `count` bytes: values 0 to count - 1 are in the low halves, those from `count` on in the high halves.
static inline void scale_e2m1(const uint8_t *nibbles, int count, float half_scale, float *out) {
    float products[16];
    for (int j = 0; j < 16; j++) products[j] = half_scale * (float)e2m1_doubled[j];
    for (int j = 0; j < count; j++) {
        out[j] = products[nibbles[j] & 15];
        out[j + count] = products[nibbles[j] >> 4];
    }
}

void legend_dequantize_mxfp4(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 17, out += 32) {
        scale_e2m1(block + 1, 16, half_of_e8m0(block[0]), out);
    }
}

// Four runs of 16 values, with a scale each.

void legend_dequantize_nvfp4(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 36) {
        for (int run = 0; run < 4; run++, out += 16) {
            scale_e2m1(block + 4 + 8 * run, 8, half_of_e4m3(block[run]), out);
        }
    }
}
