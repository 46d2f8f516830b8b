/// Weights into panels.
#include "legend_gemm.h"

/// Words of `k` that are moved at a time: a cache line of each output.
enum { line_words = 16 };

void legend_gemm_pack_panel(
    const uint32_t *rows, int64_t stride, int64_t depth, legend_gemm_format format, uint32_t *panel) {
    // A signed byte with 128 added is the same bits with the highest one turned.
    const uint32_t turned = format == legend_gemm_int8 ? 0x80808080 : 0;
    for (int64_t first = 0; first < depth; first += line_words) {
        int64_t end = first + line_words < depth ? first + line_words : depth;
        for (int64_t n = 0; n < LEGEND_PANEL; n++) {
            for (int64_t i = first; i < end; i++) panel[i * LEGEND_PANEL + n] = rows[n * stride + i] ^ turned;
        }
    }
}
