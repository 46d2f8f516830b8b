import ModelFiles

/// The tensors of a model in its file, each under its field: all present, of the right shape, and no others.
struct TransformerTensors: Sendable {
    struct Block: Sendable {
        let attentionNorm: GGUFTensor
        let query: GGUFTensor
        let key: GGUFTensor
        let value: GGUFTensor
        let attentionOutput: GGUFTensor
        let feedForwardNorm: GGUFTensor
        let gate: GGUFTensor
        let up: GGUFTensor
        let down: GGUFTensor

        fileprivate init(_ keys: BlockKeys, _ index: Int, _ inventory: inout Inventory) throws {
            attentionNorm = try inventory.take(keys.attentionNorm.inBlock(index))
            query = try inventory.take(keys.query.inBlock(index))
            key = try inventory.take(keys.key.inBlock(index))
            value = try inventory.take(keys.value.inBlock(index))
            attentionOutput = try inventory.take(keys.attentionOutput.inBlock(index))
            feedForwardNorm = try inventory.take(keys.feedForwardNorm.inBlock(index))
            gate = try inventory.take(keys.gate.inBlock(index))
            up = try inventory.take(keys.up.inBlock(index))
            down = try inventory.take(keys.down.inBlock(index))
        }
    }

    let tokenEmbedding: GGUFTensor
    let blocks: [Block]
    let outputNorm: GGUFTensor
    let rotaryDivisors: GGUFTensor?
    let vocabularyProjection: GGUFTensor?

    /// - Throws: `ModelFileError` that names a missing tensor, an extra one, or one of another shape.
    init(_ file: GGUFFile, _ architecture: Architecture, _ configuration: ModelConfiguration) throws {
        let keys = architecture.tensors
        var inventory = Inventory(file, configuration)
        tokenEmbedding = try inventory.take(keys.tokenEmbedding)
        outputNorm = try inventory.take(keys.outputNorm)
        rotaryDivisors = try keys.rotaryDivisors.flatMap { try inventory.takeIfPresent($0) }
        vocabularyProjection = try inventory.takeIfPresent(keys.vocabularyProjection)
        blocks = try (0..<configuration.layerCount).map { try Block(keys.block, $0, &inventory) }
        try inventory.requireEmpty(architecture)
    }
}

/// The file's tensors that nothing has asked for yet.
private struct Inventory {
    private let file: GGUFFile
    private let configuration: ModelConfiguration
    private let names: Set<String>
    private var unused: Set<String>

    init(_ file: GGUFFile, _ configuration: ModelConfiguration) {
        self.file = file
        self.configuration = configuration
        names = Set(file.tensorNames)
        unused = names
    }

    mutating func take(_ key: TensorKey) throws -> GGUFTensor {
        guard names.contains(key.gguf) else {
            let alias = key.huggingFace.map { " (\($0) in Hugging Face's files)" } ?? ""
            throw ModelFileError(
                file: file.path, place: .tensor(key.gguf), what: "tensor", expected: "it to be present" + alias,
                found: "no such name among the file's \(names.count)")
        }
        unused.remove(key.gguf)
        let found = try file.tensor(key.gguf).shape
        // Where the configuration says nothing of a dimension, any will do.
        let shape = key.shape.enumerated().map { place, dimension in
            configuration[dimension] ?? (place < found.count ? found[place] : 0)
        }
        return try file.tensor(key.gguf, shape: shape)
    }

    mutating func takeIfPresent(_ key: TensorKey) throws -> GGUFTensor? {
        names.contains(key.gguf) ? try take(key) : nil
    }

    func requireEmpty(_ architecture: Architecture) throws {
        guard let extra = file.tensorNames.first(where: unused.contains) else { return }
        throw ModelFileError(
            file: file.path, place: .tensor(extra), what: "tensor",
            expected: "only tensors of the \(architecture.name) architecture", found: "\(unused.count) others")
    }
}
