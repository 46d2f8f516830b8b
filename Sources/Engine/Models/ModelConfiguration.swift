internal import Diagnostics
internal import JSON
import ModelFiles

/// The sizes and numbers of a decoder-only transformer, from what its files say, checked against one another.
struct ModelConfiguration: Sendable {
    /// A layer's share of what differs between layers.
    struct Layer: Hashable, Sendable {
        /// A token sees itself and at most one less before it; nil for all before it.
        let window: Int?
        /// Nil where positions are learned.
        var rotary: RotarySettings?
    }

    /// A mixture of experts in each layer.
    struct Experts: Hashable, Sendable {
        let count: Int
        /// Experts that a token goes through: those with the largest weights.
        let used: Int
        /// Whether the weights of those are divided by their sum.
        let areNormalized: Bool
        /// What the weights are multiplied by.
        let scale: Float
    }

    let name: String
    private(set) var layers: [Layer]
    let hiddenSize: Int
    /// Of one expert where there are several.
    let feedForwardSize: Int
    /// Nil where each layer has one feed-forward part.
    let experts: Experts?
    let headCount: Int
    let keyValueHeadCount: Int
    let headDimension: Int
    let activation: Activation
    let normEpsilon: Float
    /// The most tokens a sequence may have.
    let contextLength: Int
    /// What token embeddings are multiplied by.
    let embeddingScale: Float
    /// What a block's attention and feed-forward are multiplied by before they are added.
    let residualScale: Float
    /// What a query's products with keys are multiplied by.
    let attentionScale: Float
    /// Scores `s` between queries and keys become `cap tanh(s / cap)`; nil where they stay.
    let attentionCap: Float?
    /// What products with the vocabulary are multiplied by, and then capped as scores are.
    let logitScale: Float
    let logitCap: Float?
    /// Attention and feed-forward of a block read the same residual stream.
    let isParallel: Bool
    /// What the files say that is passed over, each a sentence.
    let warnings: [String]

    var layerCount: Int { layers.count }
    var queryWidth: Int { headCount * headDimension }
    var keyValueWidth: Int { keyValueHeadCount * headDimension }
    /// A row's queries, keys and values, one behind the other.
    var projectedWidth: Int { queryWidth + 2 * keyValueWidth }
    /// Components of a head that are rotated: as many in all layers.
    var rotatedCount: Int { layers[0].rotary?.rotatedCount ?? 0 }

    /// The size of a dimension; nil for one that any file may choose.
    subscript(_ dimension: Dimension) -> Int? {
        switch dimension {
        case .vocabulary: nil
        case .positions: contextLength
        case .hidden: hiddenSize
        case .query: queryWidth
        case .keyValue: keyValueWidth
        case .projected: projectedWidth
        case .head: headDimension
        case .feedForward: feedForwardSize
        case .gateUp: 2 * feedForwardSize
        case .rotaryPairs: rotatedCount / 2
        case .experts: experts?.count
        }
    }

    /// Divides rotary frequencies by factors that are tensors, one for each pair: those of layers that see everything.
    mutating func divideRotary(by divisors: [Float], amplitude: Double) {
        for index in layers.indices where layers[index].window == nil || layers.allSatisfy({ $0.window != nil }) {
            var factor = 1.0
            if case .linear(let all)? = layers[index].rotary?.scaling { factor = all }
            layers[index].rotary?.scaling = .divisors(divisors.map { Double($0) * factor }, amplitude: amplitude)
        }
    }

    /// - Throws: `ModelFileError` for a missing or impossible value, or a feature that would change the result and is
    ///   not supported.
    init(_ settings: ModelSettings) throws {
        let architecture = settings.architecture
        name = try settings.modelName
        // Each costs memory before its tensors are looked for.
        let layerCount = try settings.size(.layerCount, atMost: 1 << 14)
        hiddenSize = try settings.size(.hiddenSize)
        experts = try settings.experts()
        // GPT-2 leaves it out where it is the usual one.
        let usualFeedForward = architecture.rotaryPairs == nil ? 4 * hiddenSize : nil
        let ownFeedForward = try experts == nil ? nil : settings.number(.expertFeedForwardSize)
        feedForwardSize = try settings.size(
            ownFeedForward == nil ? .feedForwardSize : .expertFeedForwardSize, default: usualFeedForward)
        let headCount = try settings.size(.headCount)
        self.headCount = headCount
        keyValueHeadCount = try settings.size(.keyValueHeadCount, default: headCount)
        guard headCount.isMultiple(of: keyValueHeadCount) else {
            throw settings.error(.keyValueHeadCount, "a divisor of the \(headCount) heads", "\(keyValueHeadCount)")
        }
        headDimension = try settings.size(
            .headDimension,
            default: settings.folderDefault(.headDimension).map { Int($0) } ?? max(hiddenSize / headCount, 1))
        let valueDimension = try settings.size(.valueDimension, default: headDimension)
        guard valueDimension == headDimension else {
            throw settings.error(.valueDimension, "the key length \(headDimension)", "\(valueDimension)")
        }
        let longest = try settings.size(.contextLength, atMost: Int(Int32.max))
        contextLength = try min(longest, settings.originalContext() ?? longest)
        layers = try settings.layers(count: layerCount, headDimension: headDimension, contextLength: longest)

        activation = try settings.activation
        normEpsilon = Float(try settings.positive(architecture.norm.epsilonKey))
        for key in [SettingKey.rmsEpsilon, .layerEpsilon] where key != architecture.norm.epsilonKey {
            guard let other = try settings.number(key) else { continue }
            throw settings.error(key, "none: the norms are of another kind", "\(other)")
        }
        embeddingScale = try settings.embeddingScale(hiddenSize: hiddenSize)
        residualScale = Float(try settings.positiveIfPresent(.residualScale) ?? 1)
        let usualScale = 1 / Double(headDimension).squareRoot()
        attentionScale = Float(
            try settings.positiveIfPresent(.attentionScale)
                ?? settings.positiveIfPresent(.attentionDivisor).map { 1 / $0.squareRoot() }
                ?? architecture.attentionScale?(layerCount, hiddenSize, headCount) ?? usualScale)
        attentionCap = try settings.cap(.attentionCap)
        logitScale = Float(1 / (try settings.positiveIfPresent(.logitDivisor) ?? 1))
        logitCap = try settings.cap(.logitCap)
        isParallel = try settings.flag(.isParallel) ?? false
        var warnings = try settings.checkOtherKeys(hiddenSize: hiddenSize)
        if contextLength < longest {
            warnings.append(
                """
                its positions are stretched by divisors of their own beyond \(contextLength) tokens, which is not done here: \
                its context is \(contextLength) tokens, not \(longest)
                """)
        }
        self.warnings = warnings
    }
}

extension ModelSettings {
    fileprivate var modelName: String {
        get throws {
            switch file {
            case .gguf(let gguf): return try gguf.metadata.stringIfPresent("general.name") ?? architecture.name
            case .folder:
                let given = folderValue("_name_or_path")?.string ?? ""
                return given.isEmpty ? file.path.split(separator: "/").last.map(String.init) ?? file.path : given
            }
        }
    }

    /// What libraries take where `config.json` says nothing; nil for GGUF files, which say it.
    func folderDefault(_ key: SettingKey) -> Double? { folderObject == nil ? nil : architecture.folderDefaults[key] }

    /// - Throws: `ModelFileError` where the architecture has experts and the files none, or the other way round.
    fileprivate func experts() throws -> ModelConfiguration.Experts? {
        let count = try number(.expertCount) ?? folderDefault(.expertCount) ?? 0
        guard case .experts = architecture.tensors.block.feedForward else {
            guard count == 0 else {
                throw error(.expertCount, "0: \(architecture.name) has no mixtures of experts", "\(count)")
            }
            return nil
        }
        let experts = try size(.expertCount, atMost: 4096)
        let used = try size(.expertsUsed, atMost: experts)
        return ModelConfiguration.Experts(
            count: experts, used: used,
            areNormalized: try flag(.normalizesExperts) ?? architecture.normalizesExperts,
            scale: Float(try positiveIfPresent(.expertsScale) ?? 1))
    }

    fileprivate var activation: Activation {
        get throws {
            guard let name = try text(.activation) else { return architecture.activation }
            guard let found = Activation.allCases.first(where: { $0.names.contains(name) }) else {
                throw error(
                    .activation, "one of \(Activation.allCases.flatMap(\.names).joined(separator: ", "))", name.quoted)
            }
            return found
        }
    }

    fileprivate func embeddingScale(hiddenSize: Int) throws -> Float {
        switch architecture.embedding {
        case .none: Float(try positiveIfPresent(.embeddingScale) ?? 1)
        case .rootOfHidden:
            Float(try positiveIfPresent(.embeddingScale) ?? Double(hiddenSize).squareRoot())
        }
    }

    fileprivate func cap(_ key: SettingKey) throws -> Float? {
        let missing = try numbers(key) == nil ? architecture.ggufDefaults[key] : nil
        return try (folderObject == nil ? missing : nil).map { Float($0) } ?? positiveIfPresent(key).map { Float($0) }
    }

    fileprivate func checkOtherKeys(hiddenSize: Int) throws -> [String] {
        switch file {
        case .gguf(let gguf): try GGUFKeys(gguf, architecture).check(hiddenSize: hiddenSize)
        case .folder: try FolderKeys(self).check()
        }
    }
}
