/// What becomes of a tile of sums, in vectors of sixteen. For files that have included `vector_path.h`.

/// Turns integer sums into floats: `(sum - offset) * a_scale * b_scale`.
TARGET static void scale_tile(const legend_product *p, int64_t row, int rows, int64_t panel, gemm_tile *tile) {
    const float *outputs = p->b_scales + panel * LEGEND_PANEL;
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < LEGEND_PANEL; i += lanes) {
            int_vec sums = (int_vec)LOAD(tile->sums[r] + i) - p->a_offsets[row + r];
            vec scale = LOAD(outputs + i) * p->a_scales[row + r];
            STORE(tile->sums[r] + i, __builtin_convertvector(sums, vec) * scale);
        }
    }
}

TARGET static void store_gated(const legend_product *p, int64_t row, int rows, int64_t panel, const gemm_tile *tile) {
    int64_t first = panel * lanes, count = p->outputs / 2 - first;
    for (int r = 0; r < rows; r++) {
        vec gate = LOAD(tile->sums[r]);
        vector_activation(p->activation, &gate);
        float activated[lanes];
        STORE(activated, gate * LOAD(tile->sums[r] + lanes));
        int64_t place = (row + r) * p->c_stride + first;
        if (p->store == legend_gemm_gated) {
            float *c = (float *)p->c + place;
            if (count >= lanes) STORE(c, LOAD(activated));
            else for (int64_t i = 0; i < count; i++) c[i] = activated[i];
        } else {
            uint16_t *c = (uint16_t *)p->c + place;
            bits_vec rounded;
            vector_round_bf16(activated, &rounded);
            if (count >= lanes) *(unaligned_half_vec *)c = __builtin_convertvector(rounded >> 16, half_vec);
            else for (int64_t i = 0; i < count; i++) c[i] = (uint16_t)(rounded[i] >> 16);
        }
    }
}

TARGET static void store_floats(const legend_product *p, int64_t row, int rows, int64_t panel, const gemm_tile *tile) {
    int64_t first = panel * LEGEND_PANEL, count = p->outputs - first;
    count = count < LEGEND_PANEL ? count : LEGEND_PANEL;
    for (int r = 0; r < rows; r++) {
        const float *sums = tile->sums[r];
        float *c = (float *)p->c + (row + r) * p->c_stride + first;
        int64_t i = 0;
        if (p->store == legend_gemm_add) {
            for (; i + lanes <= count; i += lanes) STORE(c + i, LOAD(c + i) + LOAD(sums + i));
            for (; i < count; i++) c[i] += sums[i];
        } else {
            for (; i + lanes <= count; i += lanes) STORE(c + i, LOAD(sums + i));
            for (; i < count; i++) c[i] = sums[i];
        }
    }
}

/// - integers: whether the sums are.
INLINE void store_tile_sums(
    const legend_product *p, int64_t row, int rows, int64_t panel, gemm_tile *tile, int integers) {
    if (integers) scale_tile(p, row, rows, panel, tile);
    int is_gated = p->store == legend_gemm_gated || p->store == legend_gemm_gated_bf16;
    if (is_gated) store_gated(p, row, rows, panel, tile);
    else store_floats(p, row, rows, panel, tile);
}
