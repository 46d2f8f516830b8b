/// The hyperparameters of a Llama model, from GGUF metadata, checked against one another.
struct LlamaConfiguration: Sendable {
    /// The values of `general.architecture` that this engine runs.
    static let supportedArchitectures = ["llama"]

    let name: String
    let layerCount: Int
    let hiddenSize: Int
    let feedForwardSize: Int
    let headCount: Int
    let keyValueHeadCount: Int
    let headDimension: Int
    /// Components of a head that are rotated.
    let rotaryDimension: Int
    let rotaryBase: Float
    let normEpsilon: Float
    /// The most tokens a sequence may have.
    let contextLength: Int

    var queryWidth: Int { headCount * headDimension }
    var keyValueWidth: Int { keyValueHeadCount * headDimension }

    /// - Throws: `ModelFileError` for a missing or impossible value, or a feature that would change the result and is
    ///   not supported.
    init(_ file: GGUFFile) throws {
        let reader = try ConfigurationReader(file)
        name = try file.metadata.stringIfPresent("general.name") ?? "llama"
        layerCount = try reader.size("llama.block_count")
        hiddenSize = try reader.size("llama.embedding_length")
        feedForwardSize = try reader.size("llama.feed_forward_length")
        contextLength = try reader.size("llama.context_length", atMost: Int(Int32.max))
        headCount = try reader.size("llama.attention.head_count")
        keyValueHeadCount = try reader.size("llama.attention.head_count_kv", default: headCount)
        try reader.require(
            headCount.isMultiple(of: keyValueHeadCount), "llama.attention.head_count_kv",
            "a divisor of the \(headCount) heads", "\(keyValueHeadCount)")
        headDimension = try reader.size("llama.attention.key_length", default: max(hiddenSize / headCount, 1))
        let valueLength = try reader.size("llama.attention.value_length", default: headDimension)
        try reader.require(
            valueLength == headDimension, "llama.attention.value_length", "the key length \(headDimension)",
            "\(valueLength)")
        rotaryDimension = try reader.size("llama.rope.dimension_count", default: headDimension)
        try reader.require(
            rotaryDimension <= headDimension && rotaryDimension.isMultiple(of: 2), "llama.rope.dimension_count",
            "an even number of at most \(headDimension)", "\(rotaryDimension)")
        rotaryBase = try reader.positive("llama.rope.freq_base", default: 10_000)
        normEpsilon = try reader.positive("llama.attention.layer_norm_rms_epsilon")
        try reader.refuseOtherFeatures(contextLength: contextLength)
    }
}

/// Reads numbers of a Llama file's metadata and explains what is wrong with them.
private struct ConfigurationReader {
    let file: GGUFFile

    init(_ file: GGUFFile) throws {
        self.file = file
        let architecture = try file.metadata.string("general.architecture")
        let supported = LlamaConfiguration.supportedArchitectures
        try require(
            supported.contains(architecture), "general.architecture",
            "one of the supported: \(supported.joined(separator: ", "))",
            architecture.prefix(80).debugDescription)
    }

    func require(_ condition: Bool, _ key: String, _ expected: String, _ found: String) throws {
        guard !condition else { return }
        throw ModelFileError(file: file.path, place: .key(key), what: "value", expected: expected, found: found)
    }

    /// A count from 1 to `largest`, which keeps every product of two sizes far from overflow.
    func size(_ key: String, default missing: Int? = nil, atMost largest: Int = 1 << 20) throws -> Int {
        let value = try file.metadata.unsignedIfPresent(key) ?? missing ?? file.metadata.unsigned(key)
        try require((1...largest).contains(value), key, "1 to \(largest)", "\(value)")
        return value
    }

    func positive(_ key: String, default missing: Float? = nil) throws -> Float {
        let value = try file.metadata.floatIfPresent(key) ?? missing ?? file.metadata.float(key)
        try require(value > 0 && value.isFinite, key, "a positive number", "\(value)")
        return value
    }

    /// Refuses what would make the computed hidden states silently wrong.
    func refuseOtherFeatures(contextLength: Int) throws {
        let scaling = try file.metadata.stringIfPresent("llama.rope.scaling.type") ?? "none"
        try require(
            scaling == "none", "llama.rope.scaling.type", "none (a tensor rope_freqs.weight is supported)",
            scaling.prefix(80).debugDescription)
        let experts = try file.metadata.unsignedIfPresent("llama.expert_count") ?? 0
        try require(experts == 0, "llama.expert_count", "0: mixtures of experts are not supported", "\(experts)")
        let window = try file.metadata.unsignedIfPresent("llama.attention.sliding_window") ?? 0
        try require(
            window == 0 || window >= contextLength, "llama.attention.sliding_window",
            "none shorter than the context of \(contextLength)", "\(window)")
    }
}
