/// The transformer of one lane: the model's shared weights and this thread's scratch.
///
/// `x` is the residual stream `[rows, hidden]` in f32; a block is
/// `x += attention(norm(x)) · Wo`, `x += (silu(norm(x) · Wgate) * (norm(x) · Wup)) · Wdown`.
final class ForwardPass {
    private let model: LlamaModel
    private let configuration: LlamaConfiguration
    private let gemm: any GEMMLane
    private let kernels = Kernels()
    private let rotary: RotaryTable
    private var scratch: Scratch
    private var prefix: KeptPrefix
    private var clock = PartClock()

    /// Where the time of all runs went.
    var times: PartTimes { clock.times }

    init(_ model: LlamaModel) throws {
        self.model = model
        configuration = model.configuration
        gemm = try model.backend.makeLane(
            rowsMax: Scratch.tileRows,
            outputsMax: max(
                configuration.hiddenSize, configuration.queryWidth + 2 * configuration.keyValueWidth,
                2 * configuration.feedForwardSize))
        rotary = RotaryTable(frequencies: model.rotaryFrequencies)
        scratch = Scratch(
            configuration, format: model.backend.inputFormat, isContiguous: model.backend.takesContiguousInput,
            keysAndValues: model.keyValueFormat)
        prefix = KeptPrefix(configuration, format: model.keyValueFormat)
    }

    /// Runs the blocks up to the deepest of `layers` and shows the hidden states of each of them to `observe`, in
    /// ascending order: layer 0 are the embeddings, `layerCount` the last block's output after the final norm.
    ///
    /// - Parameters:
    ///   - batch: The run before was that of the batch before, unless this one is the first of a cut.
    ///   - asked: Rows of the tree that `observe` will look at, ascending. In the deepest layer only these exist.
    ///   - observe: Gets the layer, the states `[active.count, hidden]` and which rows they are.
    /// - Returns: the number of rows that were computed.
    func run(
        _ batch: MicroBatch, layers: Set<Int>, asked: [Int32],
        observe: (_ layer: Int, _ states: FloatBuffer, _ active: ActiveRows) -> Void
    ) throws -> Int {
        clock.start()
        let tree = batch.tree
        let deepest = layers.max() ?? 0
        // What is asked for must be computed, whether or not its keys and values are known.
        let known = min(batch.knownRows, Int(asked.first ?? 0))
        let computed = known..<tree.rowCount
        scratch.reserve(rows: tree.rowCount)
        let x = scratch.residual
        embed(tree.tokens[computed], into: x)
        let all = ActiveRows(computed.map(Int32.init), of: tree)
        let askedRows = ActiveRows(asked, of: tree)
        if layers.contains(0) { observe(0, x, all) }
        let (tiles, lastPath) = (Scratch.tiles(computed), tree.lastPath)
        clock.lap(\.elementwise)

        for layer in 1..<(deepest + 1) {
            let active = layer == deepest ? askedRows : all
            prefix.restore(known, block: layer - 1, into: scratch.keysAndValues)
            for tile in tiles { try run(tile, all, active, tree, model.blocks[layer - 1]) }
            prefix.keep(
                batch.keptTokens, of: lastPath, restored: known, block: layer - 1, from: scratch.keysAndValues)
            if layer < configuration.layerCount, layers.contains(layer) { observe(layer, x, active) }
            clock.lap(\.elementwise)
        }
        if deepest == configuration.layerCount {
            let states = x[0, count: askedRows.count * configuration.hiddenSize]
            kernels.rmsNorm(states, weight: model.outputNorm, epsilon: configuration.normEpsilon, into: states)
            observe(deepest, x, askedRows)
        }
        clock.lap(\.elementwise)
        return computed.count
    }

    /// One block for the rows `tile` of the micro-batch; the rows before have been through it.
    ///
    /// Keys and values are those of all rows, since rows further down a path attend to them; everything else is for the
    /// active ones, which move to their places in `x`.
    private func run(
        _ tile: Range<Int>, _ all: ActiveRows, _ active: ActiveRows, _ tree: PrefixTree, _ block: LlamaModel.Block
    ) throws {
        let s = scratch
        let (hidden, queryWidth) = (configuration.hiddenSize, configuration.queryWidth)
        let width = queryWidth + 2 * configuration.keyValueWidth
        let (present, updated) = (all.indices(in: tile), active.indices(in: tile))

        norm(s.residual, present, block.attentionNorm)  // [tile, hidden]
        clock.lap(\.elementwise)
        try gemm.multiply(
            s.normedInput, rows: tile.count, by: block.queryKeyValue, into: MatrixRows(s.queryKeyValue, width: width),
            adding: false)
        clock.lap(\.gemm)
        kernels.store(
            MatrixRows(s.queryKeyValue, width: width, skipping: queryWidth), rows: tile,
            positions: all.positions[present], rotary: rotary, in: s.keysAndValues)
        guard !updated.isEmpty else { return clock.lap(\.elementwise) }
        if active.count < all.count {
            let moved = updated.map { all.index(of: Int(active.rows[$0])) }
            move(moved, of: s.residual, width: hidden, to: updated.lowerBound)
            move(moved.map { $0 - present.lowerBound }, of: s.queryKeyValue, width: width, to: 0)
        }
        let query = MatrixRows(s.queryKeyValue, width: width)  // [updated, heads + ..., d]
        kernels.rotateQueries(
            query, positions: active.positions[updated], rotary: rotary, shape: s.keysAndValues.shape)
        clock.lap(\.elementwise)
        attend(updated, active, tree)  // [updated, heads, d]
        clock.lap(\.attention)
        s.attendedInput.store(s.attended.base, rows: 0..<updated.count)
        clock.lap(\.elementwise)
        let x = MatrixRows(s.residual, width: hidden, first: updated.lowerBound)
        try gemm.multiply(s.attendedInput, rows: updated.count, by: block.attentionOutput, into: x, adding: true)
        clock.lap(\.gemm)

        norm(s.residual, updated, block.feedForwardNorm)  // [updated, hidden]
        clock.lap(\.elementwise)
        try gemm.multiplyGated(s.normedInput, rows: updated.count, by: block.gateUp, into: s.activated)
        try gemm.multiply(s.activated, rows: updated.count, by: block.down, into: x, adding: true)
        clock.lap(\.gemm)
    }

    /// Each active row attends to its path from the root of the tree down to itself.
    private func attend(_ updated: Range<Int>, _ active: ActiveRows, _ tree: PrefixTree) {
        let queryWidth = configuration.queryWidth
        let width = queryWidth + 2 * configuration.keyValueWidth
        for run in active.runs where run.active.overlaps(updated) {
            let queries = run.active.clamped(to: updated)
            let first = queries.lowerBound - updated.lowerBound
            kernels.attend(
                MatrixRows(scratch.queryKeyValue, width: width, first: first), keyEnds: active.keyEnds[queries],
                seen: tree.branches[run.branch].path, in: scratch.keysAndValues, scratch: scratch.attention,
                into: scratch.attended[first * queryWidth, count: queries.count * queryWidth])
        }
    }

    // MARK: Rows

    private func embed(_ tokens: ArraySlice<Int32>, into x: FloatBuffer) {
        let hidden = configuration.hiddenSize
        for (row, token) in tokens.enumerated() {
            model.tokenEmbedding.dequantize(rows: Int(token)..<Int(token) + 1, into: x[row * hidden, count: hidden])
        }
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
            kernels.rmsNorm(
                x[(rows.lowerBound + first) * hidden, count: block.count * hidden], weight: weight,
                epsilon: configuration.normEpsilon, into: scratch.normed.elements)
            scratch.normedInput.store(scratch.normed.base, rows: block)
        }
    }
}
