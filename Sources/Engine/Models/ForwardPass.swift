import CKernels

/// The transformer of one thread: the model's shared weights and this thread's scratch.
///
/// `x` is the residual stream `[rows, hidden]` in f32. A block is, with the norms that its family has,
///
///     x += norm(attention(norm(x) · Wqkvᵀ) · Woᵀ)
///     x += norm(feedForward(norm(x)))
///
/// where `attention(q, k, v) = softmax(cap(rotate(q) · rotate(k)ᵀ · scale)) · v` for each head over what its window shows;
/// blocks of a parallel kind read the same `x` in both lines. Linear weights are `[out, in]`; biases are added where a layer
/// has them. `ForwardPass+FeedForward.swift` has the second line.
final class ForwardPass {
    let model: TransformerModel
    let configuration: ModelConfiguration
    let gemm: any GEMMLane
    let routerLane: any GEMMLane
    let kernels = Kernels()
    let clock = PartClock()
    private(set) var scratch: Scratch
    /// One for each kind of rotary positions, and which one each block has.
    private let rotaryTables: [RotaryTable]
    private let rotaryOfBlock: [Int]

    /// Where the time of all runs went.
    var times: PartTimes { clock.times }

    init(_ model: TransformerModel) throws {
        self.model = model
        configuration = model.configuration
        gemm = try model.backend.makeLane(
            rowsMax: Scratch.tileRows,
            outputsMax: max(
                configuration.hiddenSize, configuration.projectedWidth, 2 * configuration.feedForwardSize))
        routerLane = TransformerModel.routerBackend.makeLane(rowsMax: 0, outputsMax: 0)
        var kinds: [RotarySettings?] = []
        rotaryOfBlock = configuration.layers.map { layer in
            if let known = kinds.firstIndex(of: layer.rotary) { return known }
            kinds.append(layer.rotary)
            return kinds.count - 1
        }
        rotaryTables = kinds.map { RotaryTable(frequencies: $0?.frequencies ?? [], amplitude: $0?.amplitude ?? 1) }
        scratch = Scratch(model)
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
        clock.measure(\.elementwise) { embed(plan, into: x) }  // [rows, hidden]
        let all = ActiveRows((0..<Int32(plan.rowCount)).map { $0 }, of: plan)
        let asked = ActiveRows(plan.asked, of: plan)
        if plan.layers.contains(0) { clock.measure(\.elementwise) { observe(0, x, all) } }
        let tiles = Scratch.tiles(0..<plan.rowCount)

        for layer in 1..<(deepest + 1) {
            let rows = Rows(plan: plan, all: all, active: layer == deepest ? asked : all)
            let slots = clock.measure(\.elementwise) { cache.open(layer - 1, for: plan) }
            for tile in tiles { try run(layer - 1, tile, of: rows, slots) }
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
    private func run(_ index: Int, _ tile: Range<Int>, of rows: Rows, _ slots: KeyValueStore) throws {
        let (s, block, rotary) = (scratch, model.blocks[index], rotaryTables[rotaryOfBlock[index]])
        let updated = rows.active.indices(in: tile)
        // [tile, heads + 2 kvHeads, d]
        let projected = MatrixRows(s.queryKeyValue, width: configuration.projectedWidth)

        // Attention: x += norm(softmax(rotate(q) · rotate(k)ᵀ · scale) · v · Woᵀ).
        clock.measure(\.elementwise) { norm(s.residual, tile, block.attentionNorm) }  // [tile, hidden]
        try clock.measure(\.gemm) {
            try gemm.multiply(
                s.normedInput, rows: tile.count, by: block.queryKeyValue.matrix, into: projected, adding: false)
        }
        clock.measure(\.elementwise) {
            add(block.queryKeyValue.bias, to: projected, rows: tile.count)
            normHeads(tile.count, of: block)
            rotateAndStoreKeys(tile, of: rows.plan, by: rotary, in: slots)  // [tile, kvHeads, d]
        }
        guard !updated.isEmpty else { return }
        clock.measure(\.elementwise) {
            if rows.active.count < rows.all.count { gather(updated, of: rows, tile) }
            kernels.rotateQueries(
                projected, positions: rows.active.positions[updated], rotary: rotary,
                scaledBy: configuration.attentionScale, shape: slots.shape)  // [updated, heads, d]
        }
        clock.measure(\.attention) { attend(updated, of: rows, index, slots) }  // [updated, heads, d]
        clock.measure(\.elementwise) {
            s.attendedInput.store(s.attended, rows: 0..<updated.count)
            if configuration.isParallel { normForFeedForward(block, updated) }
        }
        try addProduct(
            s.attendedInput, by: block.attentionOutput, normedBy: block.attentionPostNorm, to: updated)

        // Feed-forward: x += norm(feedForward(norm(x))).
        if !configuration.isParallel {
            clock.measure(\.elementwise) { normForFeedForward(block, updated) }  // [updated, hidden]
        }
        try feedForward(block, updated)
    }

    /// `x[rows] += norm(input · weightᵀ + bias)`, where there is such a norm.
    func addProduct(
        _ input: GEMMInput, by layer: TransformerModel.Linear, normedBy postNorm: NormWeights?, to rows: Range<Int>
    ) throws {
        let x = MatrixRows(scratch.residual, width: configuration.hiddenSize, first: rows.lowerBound)
        guard let postNorm else {
            try clock.measure(\.gemm) {
                try gemm.multiply(input, rows: rows.count, by: layer.matrix, into: x, adding: true)
            }
            clock.measure(\.elementwise) { add(layer.bias, to: x, rows: rows.count) }
            return
        }
        let branch = MatrixRows(scratch.branch, width: configuration.hiddenSize)
        try clock.measure(\.gemm) {
            try gemm.multiply(input, rows: rows.count, by: layer.matrix, into: branch, adding: false)
        }
        clock.measure(\.elementwise) {
            add(layer.bias, to: branch, rows: rows.count)
            let count = rows.count * configuration.hiddenSize
            let added = scratch.branch[0, count: count]
            norm(added, postNorm, into: added)
            kernels.add(added, to: scratch.residual[rows.lowerBound * configuration.hiddenSize, count: count])
        }
    }

    // MARK: Attention

    /// The norms of queries and keys, each head alone or all of a row as one vector, as long as the weights are.
    private func normHeads(_ rows: Int, of block: TransformerModel.Block) {
        let width = configuration.projectedWidth
        let parts = [
            (block.queryNorm, 0, configuration.queryWidth),
            (block.keyNorm, configuration.queryWidth, configuration.keyValueWidth),
        ]
        for case (let weight?, let first, let count) in parts {
            for row in 0..<rows {
                let heads = scratch.queryKeyValue[row * width + first, count: count]
                kernels.rmsNorm(heads, weight: weight, epsilon: configuration.normEpsilon, into: heads)
            }
        }
    }

    /// Puts the rotated keys, and the values, of the rows `tile` into their slots.
    private func rotateAndStoreKeys(
        _ tile: Range<Int>, of plan: RowPlan, by rotary: RotaryTable, in slots: KeyValueStore
    ) {
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

    /// Each active row attends to what its run says, as far as to itself, and to no more than the block's window.
    private func attend(_ updated: Range<Int>, of rows: Rows, _ block: Int, _ slots: KeyValueStore) {
        let queryWidth = configuration.queryWidth
        let rules = legend_attention_rules(
            cap: configuration.attentionCap ?? 0, window: Int32(configuration.layers[block].window ?? 0))
        for run in rows.active.runs where run.active.overlaps(updated) {
            let queries = run.active.clamped(to: updated)
            let first = queries.lowerBound - updated.lowerBound
            kernels.attend(
                MatrixRows(scratch.queryKeyValue, width: configuration.projectedWidth, first: first),
                slotEnds: rows.active.slotEnds[queries], attended: rows.plan.runs[run.run].attended, in: slots,
                rules: rules, scratch: scratch.attention,
                into: scratch.attended[first * queryWidth, count: queries.count * queryWidth])
        }
    }

    // MARK: Rows

    private func embed(_ plan: RowPlan, into x: FloatBuffer) {
        let hidden = configuration.hiddenSize
        for (row, token) in plan.tokens.enumerated() {
            let state = x[row * hidden, count: hidden]
            model.tokenEmbedding.dequantize(rows: Int(token)..<Int(token) + 1, into: state)
            if configuration.embeddingScale != 1 {
                for index in state.indices { state[index] *= configuration.embeddingScale }
            }
            guard let positions = model.positionEmbedding else { continue }
            let place = Int(plan.positions[row])
            positions.dequantize(rows: place..<place + 1, into: scratch.normed.elements)
            kernels.add(scratch.normed[0, count: hidden], to: state)
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

    /// Adds a layer's bias to its products.
    func add(_ bias: [Float]?, to products: MatrixRows, rows: Int) {
        guard let bias else { return }
        for row in 0..<rows { kernels.add(bias, to: products, row: row) }
    }

    /// The normalised rows of `x` as input of a product; the rows themselves where there is no norm.
    private func norm(_ x: FloatBuffer, _ rows: Range<Int>, _ weights: NormWeights?) {
        let hidden = configuration.hiddenSize
        for first in stride(from: 0, to: rows.count, by: Scratch.blockRows) {
            let block = first..<min(first + Scratch.blockRows, rows.count)
            let states = x[(rows.lowerBound + first) * hidden, count: block.count * hidden]
            if let weights {
                norm(states, weights, into: scratch.normed.elements)
            } else {
                _ = scratch.normed.elements.update(fromContentsOf: states)
            }
            scratch.normedInput.store(scratch.normed, rows: block)
        }
    }

    /// What feed-forward reads; experts' rows are converted once they are gathered.
    private func normForFeedForward(_ block: TransformerModel.Block, _ rows: Range<Int>) {
        guard let experts = scratch.experts, let weights = block.feedForwardNorm else {
            return norm(scratch.residual, rows, block.feedForwardNorm)
        }
        let hidden = configuration.hiddenSize
        norm(
            scratch.residual[rows.lowerBound * hidden, count: rows.count * hidden], weights,
            into: experts.states.elements)
    }

    /// `out = norm(x) * weight`, row by row; `out` may be `x`.
    private func norm(
        _ x: UnsafeMutableBufferPointer<Float>, _ weights: NormWeights, into out: UnsafeMutableBufferPointer<Float>
    ) {
        switch model.architecture.norm {
        case .rms, .rmsAroundOne:
            kernels.rmsNorm(x, weight: weights.weight, epsilon: configuration.normEpsilon, into: out)
        case .layer:
            kernels.layerNorm(
                x, weight: weights.weight, bias: weights.bias, epsilon: configuration.normEpsilon, into: out)
        }
    }
}
