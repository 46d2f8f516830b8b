import ModelFiles

/// The weight of a linear layer, and its bias where it has one.
struct LinearSource: Sendable {
    let weight: MatrixSource
    /// One for each output.
    let bias: [Float]?
}

/// The numbers of a norm.
struct NormWeights: Sendable {
    let weight: [Float]
    /// Of layer norms.
    let bias: [Float]
}

/// The tensors of a model in its files, each under its field: all present, of the right shape, and no others.
struct TransformerTensors: Sendable {
    struct Block: Sendable {
        let attentionNorm: NormWeights?
        let queryKeyValue: LinearSource
        let queryNorm: [Float]?
        let keyNorm: [Float]?
        let attentionOutput: LinearSource
        let attentionPostNorm: NormWeights?
        let feedForwardNorm: NormWeights?
        let feedForward: FeedForward
        let feedForwardPostNorm: NormWeights?
    }

    enum FeedForward: Sendable {
        /// Gate and, below it, up.
        case gated(gateUp: LinearSource, down: LinearSource)
        case plain(up: LinearSource, down: LinearSource)
        /// The router's weight `[experts, hidden]`, and of each expert gate and, below it, up.
        case experts(router: MatrixSource, experts: [(gateUp: MatrixSource, down: MatrixSource)])
    }

    let tokenEmbedding: ModelTensor
    let positionEmbedding: ModelTensor?
    let blocks: [Block]
    let outputNorm: NormWeights
    let rotaryDivisors: [Float]?
    let vocabularyProjection: ModelTensor?

    /// - Throws: `ModelFileError` that names a missing tensor, an extra one, or one of another shape.
    init(_ settings: ModelSettings, _ configuration: ModelConfiguration) throws {
        let keys = settings.architecture.tensors
        var reader = TensorReader(
            inventory: try Inventory(settings, configuration), architecture: settings.architecture,
            configuration: configuration)
        tokenEmbedding = try reader.inventory.weight(keys.tokenEmbedding)
        positionEmbedding = try keys.positionEmbedding.map { try reader.inventory.weight($0) }
        outputNorm = try reader.norm(keys.outputNorm, nil)
        rotaryDivisors = try reader.inventory.takeFirst(keys.rotaryDivisors, [.rotaryPairs])?.dequantized()
        // Those of texts beyond the original context.
        reader.inventory.passOver(["rope_factors_long.weight"])
        vocabularyProjection = try reader.inventory.vocabularyProjection(keys.vocabularyProjection)
        blocks = try (0..<configuration.layerCount).map { try reader.block(keys.block, $0) }
        try reader.inventory.requireEmpty()
    }
}

/// Takes the tensors of layers and brings them into the kernels' order.
private struct TensorReader {
    var inventory: Inventory
    let architecture: Architecture
    let configuration: ModelConfiguration

    private var heads: HeadRows {
        HeadRows(
            headDimension: configuration.headDimension, rotatedCount: configuration.rotatedCount,
            pairs: architecture.rotaryPairs?[inventory.settings.file])
    }

    mutating func block(_ keys: BlockKeys, _ index: Int) throws -> TransformerTensors.Block {
        TransformerTensors.Block(
            attentionNorm: try keys.attentionNorm.map { try norm($0, index) },
            queryKeyValue: try projections(keys.projections, index),
            queryNorm: try keys.queryNorm.map { try headNorm($0, index, heads: configuration.headCount) },
            keyNorm: try keys.keyNorm.map { try headNorm($0, index, heads: configuration.keyValueHeadCount) },
            attentionOutput: try linear(keys.attentionOutput, index, scaledBy: configuration.residualScale),
            attentionPostNorm: try keys.attentionPostNorm.map { try norm($0, index) },
            feedForwardNorm: try keys.feedForwardNorm.map { try norm($0, index) },
            feedForward: try feedForward(keys.feedForward, index),
            feedForwardPostNorm: try keys.feedForwardPostNorm.map { try norm($0, index) })
    }

    // MARK: Norms

    mutating func norm(_ key: LayerKey, _ block: Int?) throws -> NormWeights {
        let weight = try inventory.weight(key, block: block).dequantized()
        let bias = try inventory.bias(key, block: block)
        return NormWeights(weight: aroundOne(weight), bias: bias ?? [])
    }

    /// A norm of each head, or of all `heads` as one vector, in the order of their components.
    private mutating func headNorm(_ key: LayerKey, _ block: Int, heads count: Int) throws -> [Float] {
        let weight = aroundOne(try inventory.weight(key, block: block).dequantized())
        let order = heads.order(heads: weight.count / configuration.headDimension)
        return order.map { $0.map { weight[Int($0)] } } ?? weight
    }

    private func aroundOne(_ weight: [Float]) -> [Float] {
        guard case .folder = inventory.settings.file, case .rmsAroundOne = architecture.norm else { return weight }
        return weight.map { $0 + 1 }
    }

    // MARK: Linear layers

    private mutating func linear(_ key: LayerKey, _ block: Int, scaledBy scale: Float = 1) throws -> LinearSource {
        let weight = try inventory.weight(key, block: block)
        let bias = try inventory.bias(key, block: block)
        let source = inventory.isTransposed(key) ? MatrixSource(transposed: weight) : MatrixSource([weight])
        return LinearSource(weight: source.scaled(by: scale), bias: bias?.map { $0 * scale })
    }

    private mutating func feedForward(_ keys: FeedForwardKeys, _ block: Int) throws -> TransformerTensors.FeedForward {
        let scale = configuration.residualScale
        switch keys {
        case .gated(let gate, let up, let down):
            let (gate, up) = (try linear(gate, block), try linear(up, block))
            return .gated(gateUp: Self.stacked([gate, up]), down: try linear(down, block, scaledBy: scale))
        case .gatedFused(let gateUp, let down):
            return .gated(gateUp: try linear(gateUp, block), down: try linear(down, block, scaledBy: scale))
        case .plain(let up, let down):
            return .plain(up: try linear(up, block), down: try linear(down, block, scaledBy: scale))
        case .experts(let keys): return try experts(keys, block)
        }
    }

    private mutating func experts(_ keys: ExpertKeys, _ block: Int) throws -> TransformerTensors.FeedForward {
        let router = MatrixSource([try inventory.weight(keys.router, block: block)])
        let count = configuration.experts?.count ?? 0
        let gates = try inventory.experts(
            keys.gate, in: keys.folder, [.feedForward, .hidden], count: count, block: block)
        let ups = try inventory.experts(keys.up, in: keys.folder, [.feedForward, .hidden], count: count, block: block)
        let downs = try inventory.experts(
            keys.down, in: keys.folder, [.hidden, .feedForward], count: count, block: block)
        let scale = configuration.residualScale
        return .experts(
            router: router,
            experts: (0..<count).map { expert in
                (MatrixSource([gates[expert], ups[expert]]), MatrixSource([downs[expert]]).scaled(by: scale))
            })
    }

    /// One layer's outputs below the other's.
    private static func stacked(_ layers: [LinearSource]) -> LinearSource {
        let hasBias = layers.contains { $0.bias != nil }
        return LinearSource(
            weight: MatrixSource(stacked: layers.map(\.weight)),
            bias: hasBias
                ? layers.flatMap { $0.bias ?? Array(repeating: 0, count: $0.weight.outputs) } : nil)
    }

    // MARK: Queries, keys and values

    private mutating func projections(_ keys: ProjectionKeys, _ block: Int) throws -> LinearSource {
        switch keys {
        case .separate(let query, let key, let value):
            return Self.stacked([
                try ordered(query, block, heads.order(heads: configuration.headCount)),
                try ordered(key, block, heads.order(heads: configuration.keyValueHeadCount)),
                try ordered(value, block, nil),
            ])
        case .fused(let key, let rows):
            return try ordered(key, block, order(of: rows[inventory.settings.file]))
        }
    }

    /// The rows of a fused weight: all queries, all keys, all values.
    private func order(of rows: ProjectionKeys.FusedRows) -> [Int32]? {
        let (d, queries, keys) = (
            configuration.headDimension, configuration.headCount, configuration.keyValueHeadCount
        )
        switch rows {
        case .byKind:
            guard heads.pairs == .halves else { return nil }
            return heads.order(starts: (0..<queries + keys).map { $0 * d }, areRotated: true)
                + heads.order(starts: (0..<keys).map { (queries + keys + $0) * d }, areRotated: false)
        case .byHead:
            // A head's query, key and value lie one below the other.
            return [0, 1, 2].flatMap { part in
                heads.order(starts: (0..<queries).map { (3 * $0 + part) * d }, areRotated: part < 2)
            }
        }
    }

    private mutating func ordered(_ key: LayerKey, _ block: Int, _ order: [Int32]?) throws -> LinearSource {
        let layer = try linear(key, block)
        guard let order else { return layer }
        return LinearSource(
            weight: layer.weight.ordered(order), bias: layer.bias.map { bias in order.map { bias[Int($0)] } })
    }
}
