/// The three formats without instructions of their own: bf16 is multiplied as f32, int8 in 16 bits. For files that have
/// included `vector_path.h` and define `MULTIPLY_PAIRS(a, b)`: the sums of the products of neighbouring 16-bit integers.

#define GEMM(part) part##_f32
#define GEMM_TARGET TARGET
#define GEMM_SUM vec
#define GEMM_INTEGERS 0
#define GEMM_B vec
#define GEMM_LOAD(words) LOAD(words)
#define GEMM_DOT(sum, b, word) sum += (b) * float_of_bits((int32_t)(word))
#include "gemm_format.h"

typedef struct { vec even, odd; } bf16_words;

#define GEMM(part) part##_bf16
#define GEMM_TARGET TARGET
#define GEMM_SUM vec
#define GEMM_INTEGERS 0
#define GEMM_B bf16_words
#define GEMM_LOAD(words) \
    ((bf16_words){(vec)((bits_vec)LOAD(words) << 16), (vec)((bits_vec)LOAD(words) & 0xffff0000)})
#define GEMM_DOT(sum, b, word) \
    sum += (b).even * bf16_value((uint16_t)(word)); \
    sum += (b).odd * bf16_value((word) >> 16)
#include "gemm_format.h"

/// Bytes 0 and 2, and 1 and 3, of every word as 16-bit integers.
typedef struct { bits_vec even, odd; } int8_words;

/// Two signed bytes, 16 bits apart, as 16-bit integers.
INLINE uint32_t widened_pair(uint32_t word) {
    return (uint16_t)(int8_t)word | (uint32_t)(uint16_t)(int8_t)(word >> 16) << 16;
}

#define GEMM(part) part##_int8
#define GEMM_TARGET TARGET
#define GEMM_SUM int_vec
#define GEMM_INTEGERS 1
#define GEMM_B int8_words
#define GEMM_LOAD(words) \
    ((int8_words){(bits_vec)LOAD(words) & 0x00ff00ff, (bits_vec)LOAD(words) >> 8 & 0x00ff00ff})
#define GEMM_DOT(sum, b, word) \
    sum += MULTIPLY_PAIRS((b).even, (bits_vec){0} + widened_pair(word)); \
    sum += MULTIPLY_PAIRS((b).odd, (bits_vec){0} + widened_pair((word) >> 8))
#include "gemm_format.h"
