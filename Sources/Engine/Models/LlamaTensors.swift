import ModelFiles

/// The tensors of a Llama model in its file, by GGUF's names, each present and of the right shape, and no others.
struct LlamaTensors {
    struct Block {
        static let matrixCount = 4

        let attentionNorm: GGUFTensor
        let feedForwardNorm: GGUFTensor
        /// The tensors of each packed matrix: query, key and value; attention output; gate and up; down.
        let matrices: [[GGUFTensor]]
    }

    let tokenEmbedding: GGUFTensor
    let blocks: [Block]
    let outputNorm: GGUFTensor
    /// What the rotary frequencies are divided by, if the model has it.
    let rotaryDivisors: GGUFTensor?

    init(_ file: GGUFFile, _ configuration: LlamaConfiguration) throws {
        var inventory = Inventory(file)
        let (hidden, feedForward) = (configuration.hiddenSize, configuration.feedForwardSize)
        let (query, keyValue) = (configuration.queryWidth, configuration.keyValueWidth)
        tokenEmbedding = try inventory.matrix("token_embd.weight", columns: hidden)
        outputNorm = try inventory.take("output_norm.weight", [hidden])
        inventory.ignore("output.weight")  // the vocabulary projection: nothing here predicts tokens
        rotaryDivisors = try inventory.takeIfPresent("rope_freqs.weight", [configuration.rotaryDimension / 2])
        blocks = try (0..<configuration.layerCount).map { layer in
            func weight(_ name: String, _ shape: [Int]) throws -> GGUFTensor {
                try inventory.take("blk.\(layer).\(name).weight", shape)
            }
            return Block(
                attentionNorm: try weight("attn_norm", [hidden]),
                feedForwardNorm: try weight("ffn_norm", [hidden]),
                matrices: [
                    [
                        try weight("attn_q", [query, hidden]), try weight("attn_k", [keyValue, hidden]),
                        try weight("attn_v", [keyValue, hidden]),
                    ],
                    [try weight("attn_output", [hidden, query])],
                    [try weight("ffn_gate", [feedForward, hidden]), try weight("ffn_up", [feedForward, hidden])],
                    [try weight("ffn_down", [hidden, feedForward])],
                ])
        }
        try inventory.requireEmpty()
    }
}

/// The file's tensors that nothing has asked for yet.
private struct Inventory {
    private let file: GGUFFile
    private var unused: Set<String>

    init(_ file: GGUFFile) {
        self.file = file
        unused = Set(file.tensorNames)
    }

    mutating func take(_ name: String, _ shape: [Int]) throws -> GGUFTensor {
        unused.remove(name)
        return try file.tensor(name, shape: shape)
    }

    mutating func takeIfPresent(_ name: String, _ shape: [Int]) throws -> GGUFTensor? {
        unused.contains(name) ? try take(name, shape) : nil
    }

    /// A matrix of any number of rows.
    mutating func matrix(_ name: String, columns: Int) throws -> GGUFTensor {
        let rows = try file.tensor(name).shape[0]
        return try take(name, [rows, columns])
    }

    mutating func ignore(_ name: String) { unused.remove(name) }

    func requireEmpty() throws {
        guard let extra = file.tensorNames.first(where: unused.contains) else { return }
        throw ModelFileError(
            file: file.path, place: .tensor(extra), what: "tensor", expected: "only tensors of the llama architecture",
            found: "\(unused.count) others")
    }
}
