#include "legend_dequantize.h"

#include "dequantize_iq1_grid.h"
#include "dequantize_iq_grids.h"
#include "dequantize_unpack.h"

// A fused multiply-add would round once where the formats' definition rounds twice.
#pragma STDC FP_CONTRACT OFF

// MARK: Four bits, not evenly spaced

/// What the sixteen codes of iq4_nl and iq4_xs stand for.
static const int8_t iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// 16 bytes of codes, value j in the low half of byte j and value j + 16 in its high half.
static inline void scale_iq4(const uint8_t *codes, float scale, float *out) {
    float products[16];
    for (int j = 0; j < 16; j++) products[j] = scale * (float)iq4_values[j];
    for (int j = 0; j < 16; j++) {
        out[j] = products[codes[j] & 15];
        out[j + 16] = products[codes[j] >> 4];
    }
}

void legend_dequantize_iq4_nl(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 18, out += 32) scale_iq4(block + 2, load_half(block), out);
}

// The scale of a run of 32 has six bits, 32 too large: the low four are nibble r of bytes 4-7, the high two are bits 2r
// and 2r + 1 of the 16 before.

void legend_dequantize_iq4_xs(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 136) {
        const float block_scale = load_half(block);
        const int high = load_u16(block + 2);
        for (int run = 0; run < 8; run++, out += 32) {
            const int low = block[4 + run / 2] >> 4 * (run % 2) & 15;
            const int scale = (low | (high >> 2 * run & 3) << 4) - 32;
            scale_iq4(block + 8 + 16 * run, block_scale * (float)scale, out);
        }
    }
}

// MARK: Points of a grid with signs

// A run of 32 values is four groups of eight, each the magnitudes of one point, or of two points of four, and signs.

/// Eight signs of which seven are stored: the number of negative ones is even.
static inline uint8_t eight_signs(uint32_t seven) {
    seven &= 127;
    return (uint8_t)(seven | (uint32_t)__builtin_parity(seven) << 7);
}

/// Eight values, not 0 and less than 128 in magnitude; value j is negative where bit j of `signs` is set.
static inline void write_signed(uint64_t magnitudes, uint8_t signs, float scale, float *out) {
    const uint64_t negative = spread_bits(signs);
    int8_t values[8];
    store_bytes((magnitudes ^ 255 * negative) + negative, values);
    for (int j = 0; j < 8; j++) out[j] = scale * (float)values[j];
}

static inline float iq2_scale(float block_scale, uint32_t packed) {
    return block_scale * (0.5f + (float)(int)packed) * 0.25f;
}

// A run is four bytes, one index each, and 32 bits: four times seven signs, then four bits of scale.

void legend_dequantize_iq2_xxs(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 66) {
        const float block_scale = load_half(block);
        for (int run = 0; run < 8; run++) {
            const uint8_t *indices = block + 2 + 8 * run;
            const uint32_t packed = load_u32(indices + 4);
            const float scale = iq2_scale(block_scale, packed >> 28);
            for (int group = 0; group < 4; group++, out += 8) {
                write_signed(iq2_xxs_grid[indices[group]], eight_signs(packed >> 7 * group), scale, out);
            }
        }
    }
}

// A group is 16 bits: nine of index, then seven signs. A byte has the scales of a run's two halves, four bits each.

void legend_dequantize_iq2_xs(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 74) {
        const float block_scale = load_half(block);
        for (int run = 0; run < 8; run++) {
            const uint8_t packed_scales = block[66 + run];
            const float scales[2] = {
                iq2_scale(block_scale, packed_scales & 15), iq2_scale(block_scale, packed_scales >> 4)};
            for (int group = 0; group < 4; group++, out += 8) {
                const uint16_t packed = load_u16(block + 2 + 8 * run + 2 * group);
                write_signed(iq2_xs_grid[packed & 511], eight_signs(packed >> 9), scales[group / 2], out);
            }
        }
    }
}

// An index has ten bits: the high two are bits 2g and 2g + 1 of the run's byte, for group g. Signs have a byte for each
// group; scales are those of iq2_xs.

void legend_dequantize_iq2_s(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 82) {
        const float block_scale = load_half(block);
        for (int run = 0; run < 8; run++) {
            const uint8_t *low = block + 2 + 4 * run, *signs = block + 34 + 4 * run;
            const uint8_t high = block[66 + run];
            const uint8_t packed_scales = block[74 + run];
            const float scales[2] = {
                iq2_scale(block_scale, packed_scales & 15), iq2_scale(block_scale, packed_scales >> 4)};
            for (int group = 0; group < 4; group++, out += 8) {
                const int index = low[group] | (high >> 2 * group & 3) << 8;
                write_signed(iq2_s_grid[index], signs[group], scales[group / 2], out);
            }
        }
    }
}

// A group is two bytes, one index each. Signs and scale of a run are the 32 bits of iq2_xxs, behind all indices.

void legend_dequantize_iq3_xxs(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 98) {
        const float block_scale = load_half(block);
        for (int run = 0; run < 8; run++) {
            const uint8_t *indices = block + 2 + 8 * run;
            const uint32_t packed = load_u32(block + 66 + 4 * run);
            const float scale = block_scale * (0.5f + (float)(int)(packed >> 28)) * 0.5f;
            for (int group = 0; group < 4; group++, out += 8) {
                const uint64_t magnitudes = iq3_xxs_grid[indices[2 * group]]
                    | (uint64_t)iq3_xxs_grid[indices[2 * group + 1]] << 32;
                write_signed(magnitudes, eight_signs(packed >> 7 * group), scale, out);
            }
        }
    }
}

// Bit p of a run's high byte is the ninth bit of index p of its eight. Signs have a byte for each group, the scale of
// run r is nibble r of the last four bytes.

void legend_dequantize_iq3_s(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 110) {
        const float block_scale = load_half(block);
        for (int run = 0; run < 8; run++) {
            const uint8_t *low = block + 2 + 8 * run, *signs = block + 74 + 4 * run;
            const uint8_t high = block[66 + run];
            const int packed_scale = block[106 + run / 2] >> 4 * (run % 2) & 15;
            const float scale = block_scale * (float)(1 + 2 * packed_scale);
            for (int group = 0; group < 4; group++, out += 8) {
                const int first = low[2 * group] | (high >> 2 * group & 1) << 8;
                const int second = low[2 * group + 1] | (high >> (2 * group + 1) & 1) << 8;
                const uint64_t magnitudes = iq3_s_grid[first] | (uint64_t)iq3_s_grid[second] << 32;
                write_signed(magnitudes, signs[group], scale, out);
            }
        }
    }
}

// MARK: Points of a ternary grid, shifted

/// Point `index` of the grid, its coordinates -1, 0 and 1 all shifted by 1/8, down where `down` is not 0.
static inline void write_shifted(int index, int down, float scale, float *out) {
    // What is stored is greater by 1.
    const float shift = down ? -1.125f : -0.875f;
    int8_t numbers[8];
    store_bytes(spread_pairs(iq1_grid[index]), numbers);
    for (int j = 0; j < 8; j++) out[j] = scale * ((float)numbers[j] + shift);
}

// An index has eleven bits: the high three of group g are bits 3g to 3g + 2 of the run's 16, which end in three bits of
// scale and the direction of the shift.

void legend_dequantize_iq1_s(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 50) {
        const float block_scale = load_half(block);
        for (int run = 0; run < 8; run++) {
            const uint8_t *low = block + 2 + 4 * run;
            const int high = load_u16(block + 34 + 2 * run);
            const float scale = block_scale * (float)(2 * (high >> 12 & 7) + 1);
            for (int group = 0; group < 4; group++, out += 8) {
                write_shifted(low[group] | (high >> 3 * group & 7) << 8, high & 0x8000, scale, out);
            }
        }
    }
}

// A nibble of the high bytes belongs to a group: three bits of index and the direction of its shift. The last eight
// bytes are four times 16 bits: four scales of three bits, for 16 values each, and a quarter of the block's scale, its
// lowest bits first.

void legend_dequantize_iq1_m(const void *blocks, int64_t count, float *out) {
    const uint8_t *block = blocks;
    for (int64_t i = 0; i < count; i++, block += 56) {
        const uint8_t *scales = block + 48;
        uint32_t packed_scale = 0;
        for (int quarter = 0; quarter < 4; quarter++) {
            packed_scale |= (uint32_t)(load_u16(scales + 2 * quarter) >> 12) << 4 * quarter;
        }
        const float block_scale = float_of_half((uint16_t)packed_scale);
        for (int pair = 0; pair < 16; pair++) {
            const uint8_t high = block[32 + pair];
            const int packed = load_u16(scales + 2 * (pair / 4)) >> 3 * (pair % 4) & 7;
            const float scale = block_scale * (float)(2 * packed + 1);
            for (int group = 0; group < 2; group++, out += 8) {
                const int nibble = high >> 4 * group & 15;
                write_shifted(block[2 * pair + group] | (nibble & 7) << 8, nibble & 8, scale, out);
            }
        }
    }
}
