import ModelFiles
public import Tokenizers

/// What a model file says about itself.
public struct ModelDescription: Sendable, Hashable {
    public let architecture: String
    public let name: String
    public let layerCount: Int
    public let hiddenSize: Int
    /// Tokens.
    public let contextLength: Int
    /// Rows of the token embedding.
    public let vocabularySize: Int
    /// Weights that every token is multiplied by, in all blocks: a token costs twice as many operations.
    public let linearWeightCount: Int
}

/// A loaded language model that turns texts into hidden states. Threads share it; each makes its own `Lane`.
public final class Embedder: Sendable {
    public let model: ModelDescription
    public let tokenizer: Tokenizer
    /// What products multiply: never `automatic`.
    public let precision: Precision
    /// What attention multiplies, as it was asked for or measured: never `automatic`.
    public let attention: AttentionPrecision
    /// Everything about this build and machine that may change a bit of a result, such as
    /// `bf16 engine 3 native avx512_bf16 kernels avx512_bf16 attention bf16`.
    public let numericBuild: String
    /// What a person must know of the file to trust its numbers, each a sentence about the model.
    public let warnings: [String]
    let transformer: TransformerModel

    /// Counts the changes of this engine that may change a bit of a result.
    private static let numericRevision = 3

    /// Maps a model's files and packs its weights for `backend`, on `loadingThreads` threads.
    ///
    /// - Parameters:
    ///   - attention: Counts where `precision` is not `f32`.
    ///   - predictsTokens: whether texts are to be generated, which takes memory for the vocabulary projection.
    /// - Throws: `ModelFileError` if the file is damaged or of an architecture or tokenizer that is not supported;
    ///   `UnsupportedPrecision`; an error of the backend if it refuses.
    public init(
        modelPath: String, precision: Precision, backend: Backend, attention: AttentionPrecision = .automatic,
        predictsTokens: Bool = false, loadingThreads: Int
    ) throws {
        let file = try ModelFile(path: modelPath)
        let resolved = try precision.resolved(for: backend)
        self.attention = try resolved == .f32 ? .f32 : attention.resolved()
        let gemm = try backend.open(resolved)
        transformer = try TransformerModel(
            file: file, backend: gemm, attention: self.attention, predictsTokens: predictsTokens,
            threads: loadingThreads)
        tokenizer = try Tokenizer(file)
        guard tokenizer.vocabularySize <= transformer.vocabularySize else {
            throw ModelFileError(
                file: modelPath, place: .tensor(transformer.tokenEmbedding.name), what: "rows",
                expected: "one for each of the tokenizer's \(tokenizer.vocabularySize) tokens",
                found: "\(transformer.vocabularySize)")
        }
        self.precision = resolved
        warnings = transformer.warnings + tokenizer.warnings
        numericBuild = """
            \(resolved.rawValue) engine \(Self.numericRevision) \(gemm.identity) kernels \(Kernels().name) \
            attention \(transformer.keyValueFormat)
            """
        model = ModelDescription(
            architecture: transformer.architecture.name, name: transformer.configuration.name,
            layerCount: transformer.configuration.layerCount,
            hiddenSize: transformer.configuration.hiddenSize, contextLength: transformer.configuration.contextLength,
            vocabularySize: transformer.vocabularySize, linearWeightCount: transformer.linearWeightCount)
    }

    /// Bytes of the packed weights, which all lanes share.
    public var packedBytes: Int { transformer.packedBytes }

    /// Scratch for one thread. Call it on the thread that will use the lane: the matrix library keeps settings per
    /// thread.
    public func makeLane() throws -> Lane { try Lane(transformer) }

    /// The tokens of a text, with a BOS if the model expects one. The response starts with the first token that holds
    /// a byte at or after `responseOffset`; there is none if no token does.
    public func tokenize(_ utf8: [UInt8], responseOffset: Int, controlTokens: ControlTokenScope) -> TokenSequence {
        let tokens = tokenizer.encode(utf8, controlTokens: controlTokens, addBOS: tokenizer.addsBOS)
        let responseStart = tokens.firstIndex { !$0.bytes.isEmpty && $0.bytes.upperBound > responseOffset }
        return TokenSequence(tokens: tokens.map(\.id), responseStart: responseStart ?? tokens.count)
    }
}
