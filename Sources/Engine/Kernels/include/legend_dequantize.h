/// Block formats of GGUF tensors to float32.
///
/// Every function reads `count` consecutive blocks, which may start at any byte, and writes
/// `count * (values per block)` floats to `out`; `blocks` and `out` must not overlap. Integers and
/// half floats in the blocks are little-endian. Products and sums are rounded one by one (no fused
/// multiply-add), so that every machine computes the same bits.
///
/// The layouts are those of the GGUF specification's reference implementation. `d` is the scale of a
/// block and `m` its minimum, `q` the stored integer:
///
/// | format | values | bytes | value                               |
/// | ------ | ------ | ----- | ----------------------------------- |
/// | f32    |      1 |     4 | as stored                           |
/// | f16    |      1 |     2 | IEEE 754 binary16                   |
/// | bf16   |      1 |     2 | the upper half of a float32         |
/// | q4_0   |     32 |    18 | d (q - 8)                           |
/// | q4_1   |     32 |    20 | d q + m                             |
/// | q5_0   |     32 |    22 | d (q - 16)                          |
/// | q5_1   |     32 |    24 | d q + m                             |
/// | q8_0   |     32 |    34 | d q, q signed                       |
/// | q4_K   |    256 |   144 | d s q - m t, s and t per 32 values  |
/// | q5_K   |    256 |   176 | d s q - m t, s and t per 32 values  |
/// | q6_K   |    256 |   210 | d s (q - 32), s per 16 values       |
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
void legend_dequantize_q4_K(const void *blocks, int64_t count, float *out);
void legend_dequantize_q5_K(const void *blocks, int64_t count, float *out);
void legend_dequantize_q6_K(const void *blocks, int64_t count, float *out);

#endif
