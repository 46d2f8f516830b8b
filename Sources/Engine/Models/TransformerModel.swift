import ModelFiles

/// A model's weights, packed for one backend and shared by all lanes.
///
/// Linear weights are `[out, in]`. The embeddings of tokens and positions stay in the mapped file and are dequantized row by
/// row.
final class TransformerModel: Sendable {
    /// A linear layer: `x · matrixᵀ + bias`.
    struct Linear: Sendable {
        let matrix: any PackedMatrix
        /// One for each output; nil for none.
        let bias: [Float]?

        fileprivate init(_ source: LinearSource, _ backend: any GEMMBackend, _ role: MatrixRole = .linear) throws {
            matrix = try backend.pack(source.weight, role)
            bias = source.bias
        }
    }

    enum FeedForward: Sendable {
        /// Gate and up as one matrix whose product is gated as it is made.
        case gated(gateUp: any PackedMatrix, down: Linear)  // [2 * feed-forward, hidden], [hidden, feed-forward]
        /// The same with biases, which come before the gate.
        case gatedWithBias(gateUp: Linear, down: Linear)
        case plain(up: Linear, down: Linear)  // [feed-forward, hidden], [hidden, feed-forward]
        /// The router is always f32: a token whose states are rounded goes to the experts that it went to.
        case experts(router: any PackedMatrix, experts: [Expert])  // [experts, hidden]

        struct Expert: Sendable {
            let gateUp: any PackedMatrix  // [2 * feed-forward, hidden]
            let down: any PackedMatrix  // [hidden, feed-forward]
        }

        fileprivate init(_ source: TransformerTensors.FeedForward, _ backend: any GEMMBackend) throws {
            switch source {
            case .gated(let gateUp, let down) where gateUp.bias == nil:
                self = .gated(gateUp: try backend.pack(gateUp.weight, .gated), down: try Linear(down, backend))
            case .gated(let gateUp, let down):
                self = .gatedWithBias(gateUp: try Linear(gateUp, backend), down: try Linear(down, backend))
            case .plain(let up, let down):
                self = .plain(up: try Linear(up, backend), down: try Linear(down, backend))
            case .experts(let router, let experts):
                self = .experts(
                    router: try TransformerModel.routerBackend.pack(router, .linear),
                    experts: try experts.map { expert in
                        Expert(
                            gateUp: try backend.pack(expert.gateUp, .gated),
                            down: try backend.pack(expert.down, .linear))
                    })
            }
        }

        fileprivate var matrices: [any PackedMatrix] {
            switch self {
            case .gated(let gateUp, let down): [gateUp, down.matrix]
            case .gatedWithBias(let first, let down), .plain(let first, let down): [first.matrix, down.matrix]
            case .experts(let router, let experts): [router] + experts.flatMap { [$0.gateUp, $0.down] }
            }
        }
    }

    /// One transformer block. Matrices that multiply the same input are packed as one, one below the other.
    struct Block: Sendable {
        let attentionNorm: NormWeights?  // [hidden]
        let queryKeyValue: Linear  // [(heads + 2 kvHeads) * d, hidden]
        let queryNorm: [Float]?  // [d] or [heads * d]
        let keyNorm: [Float]?  // [d] or [kvHeads * d]
        let attentionOutput: Linear  // [hidden, heads * d]
        let attentionPostNorm: NormWeights?  // [hidden]
        let feedForwardNorm: NormWeights?  // [hidden]
        let feedForward: FeedForward
        let feedForwardPostNorm: NormWeights?  // [hidden]

        fileprivate init(_ tensors: TransformerTensors.Block, _ backend: any GEMMBackend) throws {
            attentionNorm = tensors.attentionNorm
            queryKeyValue = try Linear(tensors.queryKeyValue, backend)
            queryNorm = tensors.queryNorm
            keyNorm = tensors.keyNorm
            attentionOutput = try Linear(tensors.attentionOutput, backend)
            attentionPostNorm = tensors.attentionPostNorm
            feedForwardNorm = tensors.feedForwardNorm
            feedForward = try FeedForward(tensors.feedForward, backend)
            feedForwardPostNorm = tensors.feedForwardPostNorm
        }

        fileprivate var matrices: [any PackedMatrix] {
            [queryKeyValue.matrix, attentionOutput.matrix] + feedForward.matrices
        }

        fileprivate func linearWeightCount(_ configuration: ModelConfiguration) -> Int {
            let all = matrices.reduce(0) { $0 + $1.inputs * $1.outputs }
            guard case .experts(_, let experts) = feedForward, let kind = configuration.experts else { return all }
            let expert =
                experts[0].gateUp.outputs * experts[0].gateUp.inputs + experts[0].down.outputs
                * experts[0].down.inputs
            return all - (kind.count - kind.used) * expert
        }
    }

    static let routerBackend = NativeBackend(precision: .f32)

    let architecture: Architecture
    let configuration: ModelConfiguration
    let backend: any GEMMBackend
    let keyValueFormat: KeyValueStore.Format
    let tokenEmbedding: ModelTensor  // [vocabulary, hidden]
    let positionEmbedding: ModelTensor?  // [positions, hidden]
    let blocks: [Block]
    let outputNorm: NormWeights  // [hidden]
    /// What states after the final norm are multiplied by to predict tokens; nil unless it was asked for.
    let vocabularyProjection: (any PackedMatrix)?  // [vocabulary, hidden]
    /// What a person must know of the file to trust its numbers, each a sentence.
    let warnings: [String]

    var vocabularySize: Int { tokenEmbedding.shape[0] }

    private var matrices: [any PackedMatrix] {
        blocks.flatMap(\.matrices) + [vocabularyProjection].compactMap(\.self)
    }
    /// Weights that a token is multiplied by in all blocks: of experts only those that it goes through.
    var linearWeightCount: Int { blocks.reduce(0) { $0 + $1.linearWeightCount(configuration) } }
    var packedBytes: Int { matrices.reduce(0) { $0 + $1.bytes } }

    /// Loads and packs all weights on `threads` threads.
    ///
    /// - Parameter predictsTokens: whether the vocabulary projection is packed, too, which hidden states do not need.
    /// - Throws: `ModelFileError` for an architecture, tensor or shape that does not fit; `GEMMError`.
    init(
        file: ModelFile, backend: any GEMMBackend, attention: AttentionPrecision, predictsTokens: Bool, threads: Int
    ) throws {
        architecture = try Architecture.of(file)
        let settings = try ModelSettings(file, architecture)
        var configuration = try ModelConfiguration(settings)
        let tensors = try TransformerTensors(settings, configuration)
        if let divisors = tensors.rotaryDivisors {
            configuration.divideRotary(by: divisors, amplitude: try settings.scalingAmplitude)
        }
        self.configuration = configuration
        self.backend = backend
        keyValueFormat = KeyValueStore.Format(attention, headDimension: configuration.headDimension)
        tokenEmbedding = tensors.tokenEmbedding
        positionEmbedding = tensors.positionEmbedding
        outputNorm = tensors.outputNorm
        warnings =
            try configuration.warnings
            + architecture.warnings(settings, configuration, tensors.rotaryDivisors != nil)
        blocks = try parallelMap(count: configuration.layerCount, threads: threads) { layer in
            try Block(tensors.blocks[layer], backend)
        }
        if predictsTokens {
            let projection = tensors.vocabularyProjection ?? tensors.tokenEmbedding
            guard projection.shape == tensors.tokenEmbedding.shape else {
                throw ModelFileError(
                    file: file.path, place: .tensor(projection.name), what: "shape",
                    expected: "that of the token embeddings, \(tensors.tokenEmbedding.shape)",
                    found: "\(projection.shape)")
            }
            vocabularyProjection = try backend.pack(MatrixSource([projection]), .linear)
        } else {
            vocabularyProjection = nil
        }
    }
}

extension GEMMBackend {
    /// Packs a weight, and lets the memory of its tensors go.
    fileprivate func pack(_ source: MatrixSource, _ role: MatrixRole) throws -> any PackedMatrix {
        defer { source.release() }
        return try pack(outputs: source.outputs, inputs: source.inputs, role: role, fill: source.fill)
    }
}
