/// Numbers and packed integers of the block formats. Shared by their kernels; not part of the module.
#ifndef LEGEND_DEQUANTIZE_UNPACK_H
#define LEGEND_DEQUANTIZE_UNPACK_H

#include <stdint.h>
#include <string.h>

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

// MARK: Eight small integers, each to a byte of its own

// Each step halves the fields that still share a place and moves the upper half up; integer j ends in byte j.

/// Bits 0 to 7.
static inline uint64_t spread_bits(uint8_t packed) {
    uint64_t bytes = packed;
    bytes = (bytes | bytes << 28) & 0x0000000f0000000f;
    bytes = (bytes | bytes << 14) & 0x0003000300030003;
    return (bytes | bytes << 7) & 0x0101010101010101;
}

/// Eight integers of two bits.
static inline uint64_t spread_pairs(uint16_t packed) {
    uint64_t bytes = packed;
    bytes = (bytes | bytes << 24) & 0x000000ff000000ff;
    bytes = (bytes | bytes << 12) & 0x000f000f000f000f;
    return (bytes | bytes << 6) & 0x0303030303030303;
}

/// Eight integers of four bits.
static inline uint64_t spread_nibbles(uint32_t packed) {
    uint64_t bytes = packed;
    bytes = (bytes | bytes << 16) & 0x0000ffff0000ffff;
    bytes = (bytes | bytes << 8) & 0x00ff00ff00ff00ff;
    return (bytes | bytes << 4) & 0x0f0f0f0f0f0f0f0f;
}

/// Byte j of `bytes` to `out[j]`, for eight of them.
static inline void store_bytes(uint64_t bytes, int8_t *out) {
    for (int j = 0; j < 8; j++) out[j] = (int8_t)(bytes >> 8 * j);
}

#endif
