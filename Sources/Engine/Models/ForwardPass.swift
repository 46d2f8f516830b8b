/// The transformer of one thread: the model's shared weights and this thread's scratch.
///
/// `x` is the residual stream `[rows, hidden]` in f32. A block is
///
///     x += attention(norm(x) · Wqkvᵀ) · Woᵀ
///     x += (silu(norm(x) · Wgateᵀ) * (norm(x) · Wupᵀ)) · Wdownᵀ
///
/// where `attention(q, k, v) = softmax(rotate(q) · rotate(k)ᵀ / √d) · v` for each head. Linear weights are `[out, in]`.
final class ForwardPass {
    private let model: TransformerModel
    private let configuration: ModelConfiguration
    private let gemm: any GEMMLane
    private let kernels = Kernels()
    private let rotary: RotaryTable
    private var scratch: Scratch
    private let clock = PartClock()

    /// Where the time of all runs went.
    var times: PartTimes { clock.times }

    init(_ model: TransformerModel) throws {
        self.model = model
        configuration = model.configuration
        gemm = try model.backend.makeLane(
            rowsMax: Scratch.tileRows,
            outputsMax: max(
                configuration.hiddenSize, configuration.projectedWidth, 2 * configuration.feedForwardSize))
        rotary = RotaryTable(frequencies: model.rotaryFrequencies)
        scratch = Scratch(
            configuration, format: model.backend.inputFormat, isContiguous: model.backend.takesContiguousInput)
    }

    /// The rows of a run: all, whose keys and values are computed, and those that the layer updates.
    private struct Rows {
        let plan: RowPlan
        let all: ActiveRows
        let active: ActiveRows
    }

    /// Runs the blocks up to the deepest layer that is asked for and shows the hidden states of each such layer to
    /// `observe`, in ascending order: layer 0 are the embeddings, `layerCount` the last block's output after the final
    /// norm.
    ///
    /// - Parameters:
    ///   - cache: Holds what the rows attend to and the plan does not compute, from the plans before.
    ///   - observe: Gets the layer, the states `[active.count, hidden]` and which rows they are.
    /// - Throws: an error of the matrix library.
    func run(
        _ plan: RowPlan, cache: KeyValueCache,
        observe: (_ layer: Int, _ states: FloatBuffer, _ active: ActiveRows) -> Void
    ) throws {
        let deepest = plan.layers.max() ?? 0
        precondition(
            (0...configuration.layerCount).contains(deepest), "layer \(deepest) of \(configuration.layerCount)")
        scratch.reserve(rows: plan.rowCount)
        let x = scratch.residual
        clock.measure(\.elementwise) { embed(plan.tokens, into: x) }  // [rows, hidden]
        let all = ActiveRows((0..<Int32(plan.rowCount)).map { $0 }, of: plan)
        let asked = ActiveRows(plan.asked, of: plan)
        if plan.layers.contains(0) { clock.measure(\.elementwise) { observe(0, x, all) } }
        let tiles = Scratch.tiles(0..<plan.rowCount)

        for layer in 1..<(deepest + 1) {
            let rows = Rows(plan: plan, all: all, active: layer == deepest ? asked : all)
            let slots = clock.measure(\.elementwise) { cache.open(layer - 1, for: plan) }
            for tile in tiles { try run(model.blocks[layer - 1], tile, of: rows, slots) }
            clock.measure(\.elementwise) {
                cache.close(layer - 1, after: plan)
                if layer < configuration.layerCount, plan.layers.contains(layer) { observe(layer, x, rows.active) }
            }
        }
        guard deepest == configuration.layerCount else { return }
        clock.measure(\.elementwise) {
            let states = x[0, count: asked.count * configuration.hiddenSize]
            norm(states, model.outputNorm, into: states)
            observe(deepest, x, asked)
        }
    }

    /// One block for the rows `tile` of the plan; the rows before have been through it.
    ///
    /// Keys and values are those of all rows, since rows further on attend to them; everything else is for the active
    /// ones, which move to their places in `x`.
    private func run(
        _ block: TransformerModel.Block, _ tile: Range<Int>, of rows: Rows, _ slots: KeyValueStore
    ) throws {
        let (s, width) = (scratch, configuration.projectedWidth)
        let updated = rows.active.indices(in: tile)
        let projected = MatrixRows(s.queryKeyValue, width: width)  // [tile, heads + 2 kvHeads, d]

        // Attention: x += softmax(rotate(q) · rotate(k)ᵀ / √d) · v · Woᵀ.
        clock.measure(\.elementwise) { norm(s.residual, tile, block.attentionNorm) }  // [tile, hidden]
        try clock.measure(\.gemm) {
            try gemm.multiply(
                s.normedInput, rows: tile.count, by: block.queryKeyValue, into: projected, adding: false)
        }
        clock.measure(\.elementwise) { rotateAndStoreKeys(tile, of: rows.plan, in: slots) }  // [tile, kvHeads, d]
        guard !updated.isEmpty else { return }
        clock.measure(\.elementwise) {
            if rows.active.count < rows.all.count { gather(updated, of: rows, tile) }
            kernels.rotateQueries(
                projected, positions: rows.active.positions[updated], rotary: rotary,
                scaledBy: configuration.attentionScale, shape: slots.shape)  // [updated, heads, d]
        }
        clock.measure(\.attention) { attend(updated, of: rows, slots) }  // [updated, heads, d]
        clock.measure(\.elementwise) { s.attendedInput.store(s.attended, rows: 0..<updated.count) }
        let x = MatrixRows(s.residual, width: configuration.hiddenSize, first: updated.lowerBound)
        try clock.measure(\.gemm) {
            try gemm.multiply(s.attendedInput, rows: updated.count, by: block.attentionOutput, into: x, adding: true)
        }

        // Feed-forward: x += (silu(norm(x) · Wgateᵀ) * (norm(x) · Wupᵀ)) · Wdownᵀ.
        clock.measure(\.elementwise) { norm(s.residual, updated, block.feedForwardNorm) }  // [updated, hidden]
        try clock.measure(\.gemm) {
            try gemm.multiplyGated(
                s.normedInput, rows: updated.count, by: block.gateUp, activation: model.architecture.activation,
                into: s.activated)  // [updated, feed-forward]
            try gemm.multiply(s.activated, rows: updated.count, by: block.down, into: x, adding: true)
        }
    }

    // MARK: Attention

    /// Puts the rotated keys, and the values, of the rows `tile` into their slots.
    private func rotateAndStoreKeys(_ tile: Range<Int>, of plan: RowPlan, in slots: KeyValueStore) {
        for run in plan.runs where run.rows.overlaps(tile) {
            let rows = run.rows.clamped(to: tile)
            let firstSlot = run.slots.lowerBound + rows.lowerBound - run.rows.lowerBound
            kernels.rotateAndStoreKeys(
                MatrixRows(
                    scratch.queryKeyValue, width: configuration.projectedWidth,
                    first: rows.lowerBound - tile.lowerBound,
                    skipping: configuration.queryWidth),
                slots: firstSlot..<firstSlot + rows.count, positions: plan.positions[rows], rotary: rotary, in: slots)
        }
    }

    /// Each active row attends to what its run says, as far as to itself.
    private func attend(_ updated: Range<Int>, of rows: Rows, _ slots: KeyValueStore) {
        let queryWidth = configuration.queryWidth
        for run in rows.active.runs where run.active.overlaps(updated) {
            let queries = run.active.clamped(to: updated)
            let first = queries.lowerBound - updated.lowerBound
            kernels.attend(
                MatrixRows(scratch.queryKeyValue, width: configuration.projectedWidth, first: first),
                slotEnds: rows.active.slotEnds[queries], attended: rows.plan.runs[run.run].attended, in: slots,
                scratch: scratch.attention,
                into: scratch.attended[first * queryWidth, count: queries.count * queryWidth])
        }
    }

    // MARK: Rows

    private func embed(_ tokens: [Int32], into x: FloatBuffer) {
        let hidden = configuration.hiddenSize
        for (row, token) in tokens.enumerated() {
            model.tokenEmbedding.dequantize(rows: Int(token)..<Int(token) + 1, into: x[row * hidden, count: hidden])
        }
    }

    /// Moves the active rows `updated` of the tile up to their places among the active ones.
    private func gather(_ updated: Range<Int>, of rows: Rows, _ tile: Range<Int>) {
        let moved = updated.map { Int(rows.active.rows[$0]) }
        move(moved, of: scratch.residual, width: configuration.hiddenSize, to: updated.lowerBound)
        move(
            moved.map { $0 - tile.lowerBound }, of: scratch.queryKeyValue, width: configuration.projectedWidth, to: 0)
    }

    /// Moves rows, which ascend, up to the rows from `target` on.
    private func move(_ rows: [Int], of buffer: FloatBuffer, width: Int, to target: Int) {
        for (index, row) in rows.enumerated() where target + index != row {
            buffer[(target + index) * width, count: width].baseAddress!.update(
                from: buffer[row * width, count: width].baseAddress!, count: width)
        }
    }

    /// The normalised rows of `x` as input of a product.
    private func norm(_ x: FloatBuffer, _ rows: Range<Int>, _ weight: [Float]) {
        let hidden = configuration.hiddenSize
        for first in stride(from: 0, to: rows.count, by: Scratch.blockRows) {
            let block = first..<min(first + Scratch.blockRows, rows.count)
            norm(
                x[(rows.lowerBound + first) * hidden, count: block.count * hidden], weight,
                into: scratch.normed.elements)
            scratch.normedInput.store(scratch.normed, rows: block)
        }
    }

    /// `out = norm(x) * weight`, row by row; `out` may be `x`.
    private func norm(
        _ x: UnsafeMutableBufferPointer<Float>, _ weight: [Float], into out: UnsafeMutableBufferPointer<Float>
    ) {
        switch model.architecture.norm {
        case .rms: kernels.rmsNorm(x, weight: weight, epsilon: configuration.normEpsilon, into: out)
        }
    }
}
