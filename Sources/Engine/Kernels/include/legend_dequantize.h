/// Block formats of GGUF tensors to float32.
///
/// Every function reads `count` consecutive blocks, which may start at any byte, and writes
/// `count * (values per block)` floats to `out`; `blocks` and `out` must not overlap. Any bytes are
/// blocks. Integers and half floats in the blocks are little-endian. Products and sums are rounded one
/// by one (no fused multiply-add), in the order of the formulas, so that every machine computes the
/// same bits.
///
/// The layouts are those of the GGUF specification's reference implementation. `d` is the scale of a
/// block and `m` its minimum, `q` the stored integer, `s` and `t` the integers that scale a part of a
/// block and its minimum, `g` the integer that a table of the format has for `q`:
///
/// | format  | values | bytes | value                                               |
/// | ------- | ------ | ----- | --------------------------------------------------- |
/// | f32     |      1 |     4 | as stored                                           |
/// | f16     |      1 |     2 | IEEE 754 binary16                                   |
/// | bf16    |      1 |     2 | the upper half of a float32                         |
/// | q4_0    |     32 |    18 | d (q - 8)                                           |
/// | q4_1    |     32 |    20 | d q + m                                             |
/// | q5_0    |     32 |    22 | d (q - 16)                                          |
/// | q5_1    |     32 |    24 | d q + m                                             |
/// | q8_0    |     32 |    34 | d q, q signed                                       |
/// | q1_0    |    128 |    18 | d or -d                                             |
/// | q2_0    |     64 |    18 | d (q - 1)                                           |
/// | mxfp4   |     32 |    17 | d q, q in E2M1, d in E8M0                           |
/// | nvfp4   |     64 |    36 | d q, q in E2M1, d in E4M3 per 16 values             |
/// | q2_K    |    256 |    84 | d s q - m t, s and t per 16 values                  |
/// | q3_K    |    256 |   110 | d s (q - 4), s signed per 16 values                 |
/// | q4_K    |    256 |   144 | d s q - m t, s and t per 32 values                  |
/// | q5_K    |    256 |   176 | d s q - m t, s and t per 32 values                  |
/// | q6_K    |    256 |   210 | d s (q - 32), s signed per 16 values                |
/// | tq1_0   |    256 |    54 | d (q - 1), q a digit in base 3                      |
/// | tq2_0   |    256 |    66 | d (q - 1)                                           |
/// | iq4_nl  |     32 |    18 | d g                                                 |
/// | iq4_xs  |    256 |   136 | d s g, s signed per 32 values                       |
/// | iq2_xxs |    256 |    66 | d (1/2 + s) / 4 (+-g), s per 32 values              |
/// | iq2_xs  |    256 |    74 | d (1/2 + s) / 4 (+-g), s per 16 values              |
/// | iq2_s   |    256 |    82 | d (1/2 + s) / 4 (+-g), s per 16 values              |
/// | iq3_xxs |    256 |    98 | d (1/2 + s) / 2 (+-g), s per 32 values              |
/// | iq3_s   |    256 |   110 | d (1 + 2 s) (+-g), s per 32 values                  |
/// | iq1_s   |    256 |    50 | d (1 + 2 s) (g +- 1/8), s and +- per 32 values      |
/// | iq1_m   |    256 |    56 | d (1 + 2 s) (g +- 1/8), s per 16, +- per 8 values   |
///
/// In the last seven q numbers a point of four or eight values.
#ifndef LEGEND_DEQUANTIZE_H
#define LEGEND_DEQUANTIZE_H

#include <stdint.h>

void legend_dequantize_f32(const void *blocks, int64_t count, float *out);
void legend_dequantize_f16(const void *blocks, int64_t count, float *out);
void legend_dequantize_bf16(const void *blocks, int64_t count, float *out);
void legend_dequantize_q4_0(const void *blocks, int64_t count, float *out);
void legend_dequantize_q4_1(const void *blocks, int64_t count, float *out);
void legend_dequantize_q5_0(const void *blocks, int64_t count, float *out);
void legend_dequantize_q5_1(const void *blocks, int64_t count, float *out);
void legend_dequantize_q8_0(const void *blocks, int64_t count, float *out);
void legend_dequantize_q1_0(const void *blocks, int64_t count, float *out);
void legend_dequantize_q2_0(const void *blocks, int64_t count, float *out);
void legend_dequantize_mxfp4(const void *blocks, int64_t count, float *out);
void legend_dequantize_nvfp4(const void *blocks, int64_t count, float *out);
void legend_dequantize_q2_K(const void *blocks, int64_t count, float *out);
void legend_dequantize_q3_K(const void *blocks, int64_t count, float *out);
void legend_dequantize_q4_K(const void *blocks, int64_t count, float *out);
void legend_dequantize_q5_K(const void *blocks, int64_t count, float *out);
void legend_dequantize_q6_K(const void *blocks, int64_t count, float *out);
void legend_dequantize_tq1_0(const void *blocks, int64_t count, float *out);
void legend_dequantize_tq2_0(const void *blocks, int64_t count, float *out);
void legend_dequantize_iq4_nl(const void *blocks, int64_t count, float *out);
void legend_dequantize_iq4_xs(const void *blocks, int64_t count, float *out);
void legend_dequantize_iq2_xxs(const void *blocks, int64_t count, float *out);
void legend_dequantize_iq2_xs(const void *blocks, int64_t count, float *out);
void legend_dequantize_iq2_s(const void *blocks, int64_t count, float *out);
void legend_dequantize_iq3_xxs(const void *blocks, int64_t count, float *out);
void legend_dequantize_iq3_s(const void *blocks, int64_t count, float *out);
void legend_dequantize_iq1_s(const void *blocks, int64_t count, float *out);
void legend_dequantize_iq1_m(const void *blocks, int64_t count, float *out);

#endif
