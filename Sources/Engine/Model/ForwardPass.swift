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

    init(_ model: LlamaModel) throws {
        self.model = model
        configuration = model.configuration
        gemm = try model.backend.makeLane(
            rowsMax: Scratch.tileRows,
            inputsMax: max(configuration.hiddenSize, configuration.queryWidth, configuration.feedForwardSize))
        rotary = RotaryTable(frequencies: model.rotaryFrequencies)
        scratch = Scratch(configuration)
    }

    /// Runs the blocks up to the deepest of `layers` and shows the hidden states of each of them to `observe`, in
    /// ascending order: layer 0 are the embeddings, `layerCount` the last block's output after the final norm.
    ///
    /// - Parameters:
    ///   - asked: Rows of the tree that `observe` will look at, ascending. In the deepest layer only these exist.
    ///   - observe: Gets the layer, the states `[active.count, hidden]` and which rows they are.
    func run(
        _ tree: PrefixTree, layers: Set<Int>, asked: [Int32],
        observe: (_ layer: Int, _ states: FloatBuffer, _ active: ActiveRows) -> Void
    ) throws {
        let deepest = layers.max() ?? 0
        scratch.reserve(rows: tree.rowCount)
        let x = scratch.residual
        embed(tree.tokens, into: x)
        let all = ActiveRows(allOf: tree)
        if layers.contains(0) { observe(0, x, all) }

        var active = all
        for layer in 1..<(deepest + 1) {
            let block = model.blocks[layer - 1]
            try storeKeysAndValues(block, of: x, all)
            if layer == deepest {
                active = ActiveRows(asked, of: tree)
                gather(active.rows, in: x)
            }
            for tile in active.tiles { try update(x, tile, active, tree, block) }
            if layer < configuration.layerCount, layers.contains(layer) { observe(layer, x, active) }
        }
        if deepest == configuration.layerCount {
            let states = x[0, count: active.count * configuration.hiddenSize]
            kernels.rmsNorm(states, weight: model.outputNorm, epsilon: configuration.normEpsilon, into: states)
            observe(deepest, x, active)
        }
    }

    /// The keys and values of every row, which any row further down a path may attend to.
    private func storeKeysAndValues(_ block: LlamaModel.Block, of x: FloatBuffer, _ all: ActiveRows) throws {
        let s = scratch
        for tile in all.tiles {
            norm(x, tile, block.attentionNorm)  // [tile, hidden]
            try gemm.multiply(s.normed, rows: tile.count, by: block.keyValue, into: s.keyValue)  // [tile, 2, kv, d]
            kernels.store(
                s.keyValue, rows: tile, positions: all.positions[tile], rotary: rotary, in: s.keysAndValues)
        }
    }

    /// Everything else of a block, for the active rows `tile`.
    private func update(
        _ x: FloatBuffer, _ tile: Range<Int>, _ active: ActiveRows, _ tree: PrefixTree, _ block: LlamaModel.Block
    ) throws {
        let s = scratch
        let rows = tile.count
        norm(x, tile, block.attentionNorm)  // [tile, hidden]
        try gemm.multiply(s.normed, rows: rows, by: block.query, into: s.query)  // [tile, heads, d]
        kernels.rotateQueries(
            s.query, positions: active.positions[tile], rotary: rotary, shape: s.keysAndValues.shape)
        attend(tile, active, tree)  // [tile, heads, d]
        try gemm.multiply(s.attended, rows: rows, by: block.attentionOutput, into: s.update)  // [tile, hidden]
        addUpdate(to: x, tile)

        norm(x, tile, block.feedForwardNorm)  // [tile, hidden]
        try gemm.multiply(s.normed, rows: rows, by: block.gateUp, into: s.gateUp)  // [tile, 2, feed-forward]
        kernels.swiGLU(s.gateUp, rows: rows, width: configuration.feedForwardSize, into: s.activated)
        try gemm.multiply(s.activated, rows: rows, by: block.down, into: s.update)  // [tile, hidden]
        addUpdate(to: x, tile)
    }

    /// Each active row attends to its path from the root of the tree down to itself.
    private func attend(_ tile: Range<Int>, _ active: ActiveRows, _ tree: PrefixTree) {
        for run in active.runs where run.active.overlaps(tile) {
            let queries = run.active.clamped(to: tile)
            kernels.attend(
                scratch.query, queries: (queries.lowerBound - tile.lowerBound)..<(queries.upperBound - tile.lowerBound),
                keyEnds: active.keyEnds[queries], seen: tree.branches[run.branch].path, in: scratch.keysAndValues,
                scratch: scratch.attention, into: scratch.attended)
        }
    }

    // MARK: Rows of the residual stream

    private func embed(_ tokens: [Int32], into x: FloatBuffer) {
        let hidden = configuration.hiddenSize
        for (row, token) in tokens.enumerated() {
            model.tokenEmbedding.dequantize(rows: Int(token)..<Int(token) + 1, into: x[row * hidden, count: hidden])
        }
    }

    /// Moves the rows, which ascend, to the start of `x`.
    private func gather(_ rows: [Int32], in x: FloatBuffer) {
        let hidden = configuration.hiddenSize
        for (index, row) in rows.enumerated() where index != Int(row) {
            x[index * hidden, count: hidden].baseAddress!.update(
                from: x[Int(row) * hidden, count: hidden].baseAddress!, count: hidden)
        }
    }

    private func norm(_ x: FloatBuffer, _ tile: Range<Int>, _ weight: [Float]) {
        let hidden = configuration.hiddenSize
        kernels.rmsNorm(
            x[tile.lowerBound * hidden, count: tile.count * hidden], weight: weight,
            epsilon: configuration.normEpsilon, into: scratch.normed.elements)
    }

    private func addUpdate(to x: FloatBuffer, _ tile: Range<Int>) {
        let hidden = configuration.hiddenSize
        kernels.add(scratch.update.base, to: x[tile.lowerBound * hidden, count: tile.count * hidden])
    }
}
