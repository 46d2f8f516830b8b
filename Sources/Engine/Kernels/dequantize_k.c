#include "legend_dequantize.h"

#include "dequantize_unpack.h"

// A fused multiply-add would round once where the formats' definition rounds twice.
#pragma STDC FP_CONTRACT OFF

// Super-blocks of 256 values, in eight runs of 32.

// MARK: Two and three bits

// 32 bytes hold four runs of 32 values, two bits each: the first in the lowest bits. Byte j of the scales belongs to 16
// values: their scale in its low half, their minimum in its high half.

void legend_dequantize_q2_K(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 84) {
        const float block_scale = load_half(block + 80);
        const float block_minimum = load_half(block + 82);
        for (int run = 0; run < 8; run++) {
            const uint8_t *pairs = block + 16 + 32 * (run / 4);
            const int shift = 2 * (run % 4);
            // Bytes first: the shifts are then done in vectors of bytes.
            int8_t values[32];
            for (int j = 0; j < 32; j++) values[j] = pairs[j] >> shift & 3;
            for (int part = 0; part < 2; part++, out += 16) {
                const uint8_t packed = block[2 * run + part];
                const float scale = block_scale * (float)(packed & 15);
                const float minimum = block_minimum * (float)(packed >> 4);
                for (int j = 0; j < 16; j++) out[j] = scale * (float)values[16 * part + j] - minimum;
            }
        }
    }
}

/// The `index`th of the sixteen scales that q3_K packs into 12 bytes, six bits each and 32 too large.
///
/// The low four bits of scales 0 to 7 are the low halves of bytes 0-7, those of scales 8 to 15 the high halves. The
/// high two bits of scale s are bits 2(s / 4) and 2(s / 4) + 1 of byte 8 + s % 4.
static inline float unpack_signed_scale(const uint8_t *packed, int index) {
    const int low = packed[index % 8] >> 4 * (index / 8) & 15;
    const int high = packed[8 + index % 4] >> 2 * (index / 4) & 3;
    return (float)((low | high << 4) - 32);
}

// Two bits of a value are stored as in q2_K. Bit r of high byte j belongs to value j of run r, which is less by 4 where
// the bit is not set.

void legend_dequantize_q3_K(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 110) {
        const uint8_t *high = block;
        const float block_scale = load_half(block + 108);
        for (int run = 0; run < 8; run++, out += 32) {
            const uint8_t *pairs = block + 32 + 32 * (run / 4);
            const int shift = 2 * (run % 4);
            for (int part = 0; part < 2; part++) {
                const float scale = block_scale * unpack_signed_scale(block + 96, 2 * run + part);
                for (int j = 16 * part; j < 16 * part + 16; j++) {
                    const int value = (pairs[j] >> shift & 3) | (high[j] >> run & 1) << 2;
                    out[j] = scale * (float)(value - 4);
                }
            }
        }
    }
}

// MARK: Four to six bits

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

// MARK: Ternary

/// Digits of `packed[0]` to `packed[width - 1]` in base 3, `digits` of each, less 1: the first ones first.
///
/// A byte is a fraction of 256. Times 3 it has its next digit before the point, and what is left behind it.
static inline float *write_ternary(const uint8_t *packed, int width, int digits, float scale, float *out) {
    uint8_t rest[32];
    for (int j = 0; j < width; j++) rest[j] = packed[j];
    for (int digit = 0; digit < digits; digit++, out += width) {
        for (int j = 0; j < width; j++) {
            const uint16_t tripled = (uint16_t)(3 * rest[j]);
            rest[j] = (uint8_t)tripled;
            out[j] = scale * (float)((tripled >> 8) - 1);
        }
    }
    return out;
}

void legend_dequantize_tq1_0(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 54) {
        const float scale = load_half(block + 52);
        out = write_ternary(block, 32, 5, scale, out);
        out = write_ternary(block + 32, 16, 5, scale, out);
        out = write_ternary(block + 48, 4, 4, scale, out);
    }
}

// Values are stored as in q2_K.

void legend_dequantize_tq2_0(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 66) {
        const float scale = load_half(block + 64);
        for (int run = 0; run < 8; run++, out += 32) {
            const uint8_t *pairs = block + 32 * (run / 4);
            const int shift = 2 * (run % 4);
            for (int j = 0; j < 32; j++) out[j] = scale * (float)((pairs[j] >> shift & 3) - 1);
        }
    }
}
