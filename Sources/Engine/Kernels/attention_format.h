/// Attention on one vector path with keys and values in one format: `ATTENTION(attention)`. `vector_path.h` includes it
/// for f32, a file with more instructions once more, with these defined:
///
/// - `ATTENTION(part)`: the name of a function of this instance. `ATTENTION_TARGET`: the instruction set.
/// - `ATTENTION_WORDS`: sixteen words; `ATTENTION_LOAD(words)` loads them.
/// - `ATTENTION_DOT(sum, words, word)`: adds the products of sixteen words with one to `sum`.
/// - `ATTENTION_STORE_WEIGHTS(row, i, weights)`: stores the weights of keys `i ...` of a row, which begins at `row`.
/// - `ATTENTION_KEYS_PER_WORD`: 1 for f32, 2 for bf16.
///
/// The functions of a tile are inlined with its number of rows as a constant. What a row sums, and in which order, does
/// not depend on that.
#define ATTENTION_INLINE ATTENTION_TARGET __attribute__((always_inline)) static inline

/// Scores of the tile against one block of keys that begins at `first_key`; keys that a row does not see get -∞.
ATTENTION_INLINE void ATTENTION(score_block)(attention_tile *tile, const int rows, const uint32_t *keys,
    int64_t first_key, int64_t first, int64_t end, float *scores) {
    const uint32_t *query = tile->query;
    const int64_t depth = tile->depth;
    vec score[TILE_ROWS];
    UNROLL for (int r = 0; r < rows; r++) score[r] = (vec){0};
    for (int64_t i = 0; i < depth; i++, keys += lanes) {
        ATTENTION_WORDS key = ATTENTION_LOAD(keys);
        UNROLL for (int r = 0; r < rows; r++) ATTENTION_DOT(score[r], key, query[r * depth + i]);
    }
    if (tile->cap > 0) {
        UNROLL for (int r = 0; r < rows; r++) {
            score[r] /= tile->cap;
            vector_tanh(&score[r]);
            score[r] *= tile->cap;
        }
    }
    UNROLL for (int r = 0; r < rows; r++) STORE(scores + r * chunk_keys, score[r]);
    int64_t seen_end = tile->is_own_range && tile->key_end_least < end ? tile->key_end_least : end;
    int64_t seen_first = tile->place_first_most - tile->offset;
    if (first_key < (seen_first > first ? seen_first : first) || first_key + lanes > seen_end) {
        hide_unseen(tile, rows, first_key, first, end, scores);
    }
}

/// `e^x` for `x <= 0`, and next to nothing for less than -87: what a softmax needs, with an error below that of the
/// format.
INLINE void ATTENTION(exp)(vec *x) {
    vec v = SELECT(*x < -87.0f, SPLAT(-87), *x);  // a NaN stays one
    vector_exp_series(&v, ATTENTION_KEYS_PER_WORD == 1 ? 7 : 4);
    *x = v;
}

/// Turns row `r` of a chunk's scores into weights relative to the maximum so far, and rescales what was summed before. In
/// bf16 two weights share a word. The chunk ends before the slot `end`.
ATTENTION_INLINE void ATTENTION(softmax_row)(attention_tile *tile, int r, int64_t keys, int64_t end) {
    float *scores = tile->scores + r * chunk_keys, *out = tile->out + r * tile->width;
    if (end <= tile->place_first[r] - tile->offset) {  // all of it lies before the row's window
        for (int64_t i = 0; i < keys; i += lanes) ATTENTION_STORE_WEIGHTS(scores, i, (vec){0});
        return;
    }
    vec largest = SPLAT(tile->maximum[r]);
    for (int64_t i = 0; i < keys; i += lanes) {
        vec score = LOAD(scores + i);
        largest = SELECT(score > largest, score, largest);
    }
    float maximum = vector_maximum(&largest);
    vec sums = {0};
    for (int64_t i = 0; i < keys; i += lanes) {
        vec weight = LOAD(scores + i) - maximum;
        ATTENTION(exp)(&weight);
        sums += weight;
        ATTENTION_STORE_WEIGHTS(scores, i, weight);
    }
    float kept = 1;
    if (maximum > tile->maximum[r]) {
        if (tile->maximum[r] > -INFINITY) {  // else nothing was summed before
            kept = expf(tile->maximum[r] - maximum);
            for (int64_t i = 0; i < tile->width; i += lanes) STORE(out + i, LOAD(out + i) * kept);
        }
        tile->maximum[r] = maximum;
    }
    tile->sum[r] = tile->sum[r] * kept + vector_sum(&sums);
}

/// `out[rows, width] += weights[rows, keys] · values[keys, width]`, for `words` words of keys.
ATTENTION_INLINE void ATTENTION(add_values)(attention_tile *tile, const int rows, const float *weights,
    const uint32_t *values, int64_t words) {
    for (int64_t column = 0; column < tile->width; column += lanes) {
        float *out = tile->out + column;
        const uint32_t *value = values + column, *weight = (const uint32_t *)weights;
        vec sum[TILE_ROWS];
        UNROLL for (int r = 0; r < rows; r++) sum[r] = LOAD(out + r * tile->width);
        for (int64_t word = 0; word < words; word++, value += tile->width) {
            ATTENTION_WORDS v = ATTENTION_LOAD(value);
            UNROLL for (int r = 0; r < rows; r++) ATTENTION_DOT(sum[r], v, weight[r * chunk_keys + word]);
        }
        UNROLL for (int r = 0; r < rows; r++) STORE(out + r * tile->width, sum[r]);
    }
}

/// Attends to the rows `[first, end)`, in chunks of whole blocks whose weights stay in the first-level cache.
ATTENTION_INLINE void ATTENTION(attend_range)(attention_tile *tile, const int rows, const legend_heads *heads,
    int64_t kv_head, int64_t first, int64_t end, const uint32_t *keys, const uint32_t *values) {
    const int64_t per_word = ATTENTION_KEYS_PER_WORD;
    int64_t seen_first = tile->place_first_least - tile->offset;
    for (int64_t chunk = first / lanes * lanes; chunk < end; chunk += chunk_keys) {
        if (chunk + chunk_keys <= seen_first) continue;  // it lies before all rows' windows
        int64_t chunk_end = chunk + chunk_keys < end ? chunk + chunk_keys : end, key = chunk;
        for (; key < chunk_end; key += lanes) {
            ATTENTION(score_block)(
                tile, rows, keys + key_offset(heads, kv_head, key), key, first, end, tile->scores + key - chunk);
        }
        for (int r = 0; r < rows; r++) ATTENTION(softmax_row)(tile, r, key - chunk, chunk_end);
        // A pair may begin before the range or end after it: the weight of that key is next to nothing.
        int64_t begin = (chunk > first ? chunk : first) / per_word * per_word;
        ATTENTION(add_values)(
            tile, rows, tile->scores + (begin - chunk) / per_word, values + value_offset(heads, kv_head, begin),
            (chunk_end - begin + per_word - 1) / per_word);
    }
}

/// Attends to all ranges.
ATTENTION_INLINE void ATTENTION(attend)(attention_tile *tile, const int rows, const legend_heads *heads,
    int64_t kv_head, const legend_row_range *ranges, int64_t range_count, const uint32_t *keys, const uint32_t *values) {
    int64_t place = 0;
    for (int64_t n = 0; n < range_count; n++) {
        tile->is_own_range = n == range_count - 1;
        tile->offset = place - ranges[n].first;
        place += ranges[n].end - ranges[n].first;
        int64_t end = ranges[n].end;
        if (tile->is_own_range && tile->key_end_most < end) end = tile->key_end_most;
        ATTENTION(attend_range)(tile, rows, heads, kv_head, ranges[n].first, end, keys, values);
    }
}

ATTENTION_TARGET static void ATTENTION(attend_many)(attention_tile *tile, const legend_heads *heads, int64_t kv_head,
    const legend_row_range *ranges, int64_t range_count, const uint32_t *keys, const uint32_t *values) {
    ATTENTION(attend)(tile, TILE_ROWS, heads, kv_head, ranges, range_count, keys, values);
}

/// For a query alone, as generation has it.
ATTENTION_TARGET static void ATTENTION(attend_few)(attention_tile *tile, const legend_heads *heads, int64_t kv_head,
    const legend_row_range *ranges, int64_t range_count, const uint32_t *keys, const uint32_t *values) {
    ATTENTION(attend)(tile, few_rows, heads, kv_head, ranges, range_count, keys, values);
}

/// Loads rows `first ...` of the `[queries * group]` rows of one key-value head; missing rows are zero.
ATTENTION_TARGET static void ATTENTION(load_tile)(attention_tile *tile, const legend_heads *heads, int64_t kv_head,
    int64_t first, int64_t rows, const float *query, int64_t stride, const int32_t *key_end,
    const legend_attention_rules *rules, int64_t offset) {
    int64_t group = heads->heads / heads->kv_heads, d = heads->head_dim;
    tile->key_end_least = INT32_MAX;
    tile->key_end_most = 0;
    tile->place_first_least = INT64_MAX;
    tile->place_first_most = 0;
    for (int64_t r = 0; r < TILE_ROWS; r++) {
        int64_t row = first + (r < rows ? r : 0);
        const float *head = query + row / group * stride + (kv_head * group + row % group) * d;
        uint32_t *words = tile->query + r * tile->depth;
        if (r >= rows) __builtin_memset(words, 0, (size_t)tile->depth * sizeof *words);
        else if (ATTENTION_KEYS_PER_WORD == 2) round_bf16(head, d, (uint16_t *)words);
        else __builtin_memcpy(words, head, (size_t)d * sizeof *words);
        int32_t seen_end = key_end[row / group];
        tile->key_end[r] = seen_end;
        tile->key_end_least = seen_end < tile->key_end_least ? seen_end : tile->key_end_least;
        tile->key_end_most = seen_end > tile->key_end_most ? seen_end : tile->key_end_most;
        int64_t seen_first = window_first(rules, seen_end - 1 + offset);
        tile->place_first[r] = seen_first;
        tile->place_first_least = seen_first < tile->place_first_least ? seen_first : tile->place_first_least;
        tile->place_first_most = seen_first > tile->place_first_most ? seen_first : tile->place_first_most;
        tile->maximum[r] = -INFINITY;
        tile->sum[r] = 0;
    }
    for (int64_t i = 0; i < TILE_ROWS * tile->width; i++) tile->out[i] = 0;
}

ATTENTION_TARGET static void ATTENTION(attention)(
    const legend_heads *heads, const legend_attention_rules *rules, const float *query, int64_t stride, const int32_t *key_end, int64_t queries,
    const legend_row_range *ranges, int64_t range_count, const uint32_t *keys, const uint32_t *values, float *scratch,
    float *out) {
    int64_t total = queries * (heads->heads / heads->kv_heads);
    attention_tile tile = {.depth = key_depth(heads), .width = value_width(heads->head_dim), .cap = rules->cap};
    int64_t offset = -ranges[range_count - 1].first;  // of the rows' own range
    for (int64_t n = 0; n + 1 < range_count; n++) offset += ranges[n].end - ranges[n].first;
    tile.scores = scratch;
    tile.out = tile.scores + TILE_ROWS * chunk_keys;
    tile.query = (uint32_t *)(tile.out + TILE_ROWS * tile.width);
    for (int64_t kv_head = 0; kv_head < heads->kv_heads; kv_head++) {
        for (int64_t first = 0; first < total; first += TILE_ROWS) {
            int64_t rows = total - first < TILE_ROWS ? total - first : TILE_ROWS;
            ATTENTION(load_tile)(&tile, heads, kv_head, first, rows, query, stride, key_end, rules, offset);
            if (total <= few_rows) ATTENTION(attend_few)(&tile, heads, kv_head, ranges, range_count, keys, values);
            else ATTENTION(attend_many)(&tile, heads, kv_head, ranges, range_count, keys, values);
            store_tile(&tile, heads, kv_head, first, rows, out);
        }
    }
}

#undef ATTENTION_INLINE
#undef ATTENTION
#undef ATTENTION_TARGET
#undef ATTENTION_WORDS
#undef ATTENTION_LOAD
#undef ATTENTION_DOT
#undef ATTENTION_STORE_WEIGHTS
#undef ATTENTION_KEYS_PER_WORD
