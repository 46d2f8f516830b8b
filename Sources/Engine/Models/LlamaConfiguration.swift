import ModelFiles

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
    /// What positions are divided by before they are rotated: the linear scaling of long contexts (Chen et al., arXiv
    /// 2306.15595).
    let positionDivisor: Double
    let normEpsilon: Float
    /// The most tokens a sequence may have.
    let contextLength: Int
    /// What the file says that is passed over, each a sentence.
    let warnings: [String]

    var queryWidth: Int { headCount * headDimension }
    var keyValueWidth: Int { keyValueHeadCount * headDimension }

    /// - Throws: `ModelFileError` for a missing or impossible value, or a feature that would change the result and is
    ///   not supported.
    init(_ file: GGUFFile) throws {
        try file.requireWhole()
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
        positionDivisor = try reader.positionDivisor()
        try reader.refuseWindow(contextLength: contextLength)
        warnings = try LlamaKeys(file).check(hiddenSize: hiddenSize, headDimension: headDimension)
    }

    /// Whether the numbers or names are those of Llama 3.1, 3.2 or 3.3, whose rotary frequencies are divided by factors
    /// of their own. Files that were converted before the format had a place for these (July 2024) lack them.
    static func needsRotaryDivisors(_ file: GGUFFile, base: Float, contextLength: Int) throws -> Bool {
        let names = try ["general.name", "general.basename", "general.base_model.0.name"].compactMap {
            try file.metadata.stringIfPresent($0)
        }
        let isNamed = names.contains { $0.contains(#/(?i)llama[-_ ]?3\.[123](?![0-9])/#) }
        return isNamed || base == 500_000 && contextLength > 8192
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

    /// A factor without a type is linear, as other software has it.
    func positionDivisor() throws -> Double {
        let (typeKey, key, oldKey) = ("llama.rope.scaling.type", "llama.rope.scaling.factor", "llama.rope.scale_linear")
        let type = try file.metadata.stringIfPresent(typeKey)
        let named = try [key, oldKey].map { key in
            let factor = try file.metadata.numbersIfPresent(key)?.first
            try require(factor.map { $0 >= 0 && $0.isFinite } ?? true, key, "a positive number", "\(factor ?? 0)")
            return factor == 0 ? nil : factor
        }
        if let new = named[0], let old = named[1] { try require(new == old, oldKey, "the \(new) of \(key)", "\(old)") }
        let factor = named[0] ?? named[1] ?? 1
        switch type {
        case nil, "linear": return factor
        case "none":
            try require(factor == 1, key, "1 where \(typeKey) is none", "\(factor)")
            return 1
        // What it stretches by 1 it leaves as it is.
        case "yarn" where named[0] == 1: return 1
        case let other?:
            try require(
                false, typeKey, "none or linear (a tensor rope_freqs.weight is supported)", ModelFileError.quoted(other)
            )
            return 1
        }
    }

    func refuseWindow(contextLength: Int) throws {
        let window = try file.metadata.unsignedIfPresent("llama.attention.sliding_window") ?? 0
        try require(
            window == 0 || window >= contextLength, "llama.attention.sliding_window",
            "none shorter than the context of \(contextLength)", "\(window)")
    }
}
