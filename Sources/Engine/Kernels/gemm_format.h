/// One format's matrix product on one vector path: `GEMM(multiply)`. Include it once for each, with these defined:
///
/// - `GEMM(part)`: the name of a function of this instance.
/// - `GEMM_TARGET`: the instruction set. `GEMM_ROWS`, `GEMM_VECTORS`: rows, and vectors of sixteen outputs, whose sums
///   stay in registers.
/// - `GEMM_SUM`: a vector of sixteen sums; `GEMM_INTEGERS`: whether they are integers.
/// - `GEMM_B`: sixteen words of `B`, unpacked; `GEMM_LOAD(words)` makes one.
/// - `GEMM_DOT(sum, b, word)`: adds the products of `b` with one word of `A` to `sum`.

GEMM_TARGET __attribute__((always_inline)) static inline void GEMM(sum_rows)(
    const int rows, const uint32_t *a, int64_t stride, const uint32_t *panel, int64_t depth, gemm_tile *tile) {
    for (int column = 0; column < LEGEND_PANEL; column += GEMM_VECTORS * lanes) {
        const uint32_t *b = panel + column;
        GEMM_SUM sum[GEMM_ROWS][GEMM_VECTORS];
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int v = 0; v < GEMM_VECTORS; v++) sum[r][v] = (GEMM_SUM){0};
        }
        for (int64_t k = 0; k < depth; k++, b += LEGEND_PANEL) {
            GEMM_B words[GEMM_VECTORS];
            UNROLL for (int v = 0; v < GEMM_VECTORS; v++) words[v] = GEMM_LOAD(b + v * lanes);
            UNROLL for (int r = 0; r < rows; r++) {
                uint32_t word = a[r * stride + k];
                UNROLL for (int v = 0; v < GEMM_VECTORS; v++) { GEMM_DOT(sum[r][v], words[v], word); }
            }
        }
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int v = 0; v < GEMM_VECTORS; v++) STORE(tile->sums[r] + column + v * lanes, (vec)sum[r][v]);
        }
    }
}

/// A number of rows that the compiler knows keeps the sums in registers.
GEMM_TARGET static void GEMM(sum_tile)(
    int rows, const uint32_t *a, int64_t stride, const uint32_t *panel, int64_t depth, gemm_tile *tile) {
#define GEMM_CASE(n) \
    case n: \
        if (n <= GEMM_ROWS) GEMM(sum_rows)(n <= GEMM_ROWS ? n : 1, a, stride, panel, depth, tile); \
        break;
    switch (rows) {
        GEMM_CASE(1) GEMM_CASE(2) GEMM_CASE(3) GEMM_CASE(4) GEMM_CASE(5) GEMM_CASE(6) GEMM_CASE(7)
        GEMM_CASE(8) GEMM_CASE(9) GEMM_CASE(10) GEMM_CASE(11) GEMM_CASE(12) GEMM_CASE(13) GEMM_CASE(14)
    }
#undef GEMM_CASE
}

GEMM_TARGET static void GEMM(multiply)(const legend_product *p) {
    gemm_tile tile;
    for (int64_t panel = 0; panel * LEGEND_PANEL < p->outputs; panel++) {
        const uint32_t *b = p->b + panel * p->depth * LEGEND_PANEL;
        for (int64_t row = 0; row < p->rows;) {
            int rows = gemm_tile_rows(p->rows - row, GEMM_ROWS);
            GEMM(sum_tile)(rows, p->a + row * p->a_stride, p->a_stride, b, p->depth, &tile);
            store_tile_sums(p, row, rows, panel, &tile, GEMM_INTEGERS);
            row += rows;
        }
    }
}

#undef GEMM
#undef GEMM_TARGET
#undef GEMM_SUM
#undef GEMM_INTEGERS
#undef GEMM_B
#undef GEMM_LOAD
#undef GEMM_DOT
