internal import Diagnostics
import ModelFiles

/// The sizes and numbers of a decoder-only transformer, from GGUF metadata, checked against one another.
struct ModelConfiguration: Sendable {
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
    /// A row's queries, keys and values, one behind the other.
    var projectedWidth: Int { queryWidth + 2 * keyValueWidth }
    /// What a query's products with keys are multiplied by: `1 / √d`.
    var attentionScale: Float { 1 / Float(headDimension).squareRoot() }

    /// The size of a dimension; nil for one that any file may choose.
    subscript(_ dimension: Dimension) -> Int? {
        switch dimension {
        case .vocabulary: nil
        case .hidden: hiddenSize
        case .query: queryWidth
        case .keyValue: keyValueWidth
        case .feedForward: feedForwardSize
        case .rotaryPairs: rotaryDimension / 2
        }
    }

    /// - Throws: `ModelFileError` for a missing or impossible value, or a feature that would change the result and is
    ///   not supported.
    init(_ file: GGUFFile, _ architecture: Architecture) throws {
        let reader = ConfigurationReader(file: file, architecture: architecture)
        name = try file.metadata.stringIfPresent("general.name") ?? architecture.name
        layerCount = try reader.size("block_count")
        hiddenSize = try reader.size("embedding_length")
        feedForwardSize = try reader.size("feed_forward_length")
        contextLength = try reader.size("context_length", atMost: Int(Int32.max))
        headCount = try reader.size("attention.head_count")
        keyValueHeadCount = try reader.size("attention.head_count_kv", default: headCount)
        try reader.require(
            headCount.isMultiple(of: keyValueHeadCount), "attention.head_count_kv",
            "a divisor of the \(headCount) heads", "\(keyValueHeadCount)")
        headDimension = try reader.size("attention.key_length", default: max(hiddenSize / headCount, 1))
        let valueLength = try reader.size("attention.value_length", default: headDimension)
        try reader.require(
            valueLength == headDimension, "attention.value_length", "the key length \(headDimension)",
            "\(valueLength)")
        rotaryDimension = try reader.size("rope.dimension_count", default: headDimension)
        try reader.require(
            rotaryDimension <= headDimension && rotaryDimension.isMultiple(of: 2), "rope.dimension_count",
            "an even number of at most \(headDimension)", "\(rotaryDimension)")
        rotaryBase = try reader.positive("rope.freq_base", default: 10_000)
        normEpsilon = try reader.positive(architecture.norm.epsilonKey)
        positionDivisor = try reader.positionDivisor()
        try reader.refuseWindow(contextLength: contextLength)
        warnings = try ArchitectureKeys(file, architecture).check(hiddenSize: hiddenSize, headDimension: headDimension)
    }
}

/// Reads numbers of an architecture's metadata, by keys without its name, and explains what is wrong with them.
private struct ConfigurationReader {
    let file: GGUFFile
    let architecture: Architecture

    private func full(_ key: String) -> String { "\(architecture.name).\(key)" }

    func require(_ condition: Bool, _ key: String, _ expected: String, _ found: String) throws {
        guard !condition else { return }
        throw ModelFileError(file: file.path, place: .key(full(key)), what: "value", expected: expected, found: found)
    }

    /// A count from 1 to `largest`, which keeps every product of two sizes far from overflow.
    func size(_ key: String, default missing: Int? = nil, atMost largest: Int = 1 << 20) throws -> Int {
        let value = try file.metadata.unsignedIfPresent(full(key)) ?? missing ?? file.metadata.unsigned(full(key))
        try require((1...largest).contains(value), key, "1 to \(largest)", "\(value)")
        return value
    }

    func positive(_ key: String, default missing: Float? = nil) throws -> Float {
        let value = try file.metadata.floatIfPresent(full(key)) ?? missing ?? file.metadata.float(full(key))
        try require(value > 0 && value.isFinite, key, "a positive number", "\(value)")
        return value
    }

    /// A factor without a type is linear, as other software has it.
    func positionDivisor() throws -> Double {
        let (typeKey, key, oldKey) = ("rope.scaling.type", "rope.scaling.factor", "rope.scale_linear")
        let type = try file.metadata.stringIfPresent(full(typeKey))
        let named = try [key, oldKey].map { key in
            let factor = try file.metadata.numbersIfPresent(full(key))?.first
            try require(factor.map { $0 >= 0 && $0.isFinite } ?? true, key, "a positive number", "\(factor ?? 0)")
            return factor == 0 ? nil : factor
        }
        if let new = named[0], let old = named[1] {
            try require(new == old, oldKey, "the \(new) of \(full(key))", "\(old)")
        }
        let factor = named[0] ?? named[1] ?? 1
        switch type {
        case nil, "linear": return factor
        case "none":
            try require(factor == 1, key, "1 where \(full(typeKey)) is none", "\(factor)")
            return 1
        // What it stretches by 1 it leaves as it is.
        case "yarn" where named[0] == 1: return 1
        case let other?:
            try require(
                false, typeKey, "none or linear (a tensor rope_freqs.weight is supported)", other.quoted
            )
            return 1
        }
    }

    func refuseWindow(contextLength: Int) throws {
        let window = try file.metadata.unsignedIfPresent(full("attention.sliding_window")) ?? 0
        try require(
            window == 0 || window >= contextLength, "attention.sliding_window",
            "none shorter than the context of \(contextLength)", "\(window)")
    }
}
