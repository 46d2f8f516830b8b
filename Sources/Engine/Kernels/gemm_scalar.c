/// The plain C path of the matrix products: their definition, one element at a time.
#include <math.h>

#include "gemm.h"
#include "layout.h"

/// Element of `B` for one output and one word of `k`.
static uint32_t weight_word(const legend_product *p, int64_t output, int64_t k) {
    return p->b[(output / LEGEND_PANEL * p->depth + k) * LEGEND_PANEL + output % LEGEND_PANEL];
}

/// The sum for row `m` and stored output `n`.
static float dot(const legend_product *p, legend_gemm_format format, int64_t m, int64_t n) {
    const uint32_t *a = p->a + m * p->a_stride;
    float sum = 0;
    int32_t integers = 0;
    for (int64_t k = 0; k < p->depth; k++) {
        uint32_t x = a[k], w = weight_word(p, n, k);
        switch (format) {
        case legend_gemm_f32: sum += float_of_bits((int32_t)x) * float_of_bits((int32_t)w); break;
        case legend_gemm_bf16:
            sum += bf16_value(x & 0xffff) * bf16_value(w & 0xffff);
            sum += bf16_value(x >> 16) * bf16_value(w >> 16);
            break;
        case legend_gemm_int8:
            for (int byte = 0; byte < 32; byte += 8) integers += (int8_t)(x >> byte) * (uint8_t)(w >> byte);
        }
    }
    return format == legend_gemm_int8
        ? (float)(integers - p->a_offsets[m]) * (p->b_scales[n] * p->a_scales[m]) : sum;
}

static void multiply(const legend_product *p, legend_gemm_format format) {
    int is_gated = p->store == legend_gemm_gated || p->store == legend_gemm_gated_bf16;
    int64_t columns = is_gated ? p->outputs / 2 : p->outputs;
    for (int64_t m = 0; m < p->rows; m++) {
        for (int64_t n = 0; n < columns; n++) {
            int64_t place = m * p->c_stride + n;
            if (!is_gated) {
                float sum = dot(p, format, m, n), *c = (float *)p->c + place;
                *c = p->store == legend_gemm_add ? *c + sum : sum;
                continue;
            }
            int64_t half = LEGEND_PANEL / 2, stored = n / half * LEGEND_PANEL + n % half;
            float gate = dot(p, format, m, stored), up = dot(p, format, m, stored + half);
            float product = activated(p->activation, gate) * up;
            if (p->store == legend_gemm_gated) ((float *)p->c)[place] = product;
            else ((uint16_t *)p->c)[place] = bf16_bits(product);
        }
    }
}

static void multiply_f32(const legend_product *product) { multiply(product, legend_gemm_f32); }
static void multiply_bf16(const legend_product *product) { multiply(product, legend_gemm_bf16); }
static void multiply_int8(const legend_product *product) { multiply(product, legend_gemm_int8); }

const legend_gemm *legend_gemm_scalar(void) {
    static const legend_gemm gemm = GEMM_PATH("scalar", multiply_bf16, multiply_int8);
    return &gemm;
}
