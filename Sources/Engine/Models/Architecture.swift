internal import Diagnostics
internal import JSON
import ModelFiles

/// What sets a family of decoder-only transformers apart, as data: each family is one file in `Families`.
///
/// What any model may have or lack (factors, caps, windows, scaled positions, experts) its files say, and
/// `ModelConfiguration` reads; what a family always has is a field here. A family that needs a fact which is not here adds a
/// case or a field, and the compiler shows where it must be honoured; a file that says something else is refused by the name
/// of the key, or for a tensor too many.
struct Architecture: Sendable {
    /// `general.architecture` in a GGUF file, and what the keys of its metadata begin with.
    let name: String
    /// `model_type` in `config.json`.
    let modelTypes: [String]
    let norm: Norm
    /// Where the files don't say: of the gate, or of the hidden units where there is no gate.
    let activation: Activation
    /// Nil where positions are learned: then a tensor has them.
    let rotaryPairs: ByFormat<RotaryPairs>?
    let tensors: ModelKeys
    var embedding = EmbeddingScale.none
    var windows = WindowPattern.everywhere
    /// Whether the weights of a token's experts are divided by their sum, where the files don't say.
    var normalizesExperts = true
    /// Of layers that see a window, where the files don't say; nil where it is that of the others.
    var windowRotaryBase: Double?
    /// What libraries take where `config.json` lacks a key.
    var folderDefaults: [SettingKey: Double] = [:]
    /// Caps that other software takes where a GGUF file lacks their keys.
    var ggufDefaults: [SettingKey: Double] = [:]
    /// Where the files don't say, what queries are multiplied by; nil for `1 / √d`.
    var attentionScale: (@Sendable (_ layers: Int, _ hidden: Int, _ heads: Int) -> Double?)?
    /// What a person must know of a file to trust its numbers, each a sentence about the model.
    var warnings: @Sendable (ModelSettings, ModelConfiguration, _ hasRotaryDivisors: Bool) throws -> [String] = {
        _, _, _ in []
    }

    /// All that this engine runs.
    static let supported: [Architecture] = [
        .llama, .mistral, .qwen2, .qwen3, .gemma2, .gemma3, .phi3, .olmo2, .gpt2, .gptNeoX, .granite, .mixtral,
        .qwen3MoE, .olmoE,
    ]

    /// The architecture of a model.
    ///
    /// - Throws: `ModelFileError` for one that is not supported.
    static func of(_ file: ModelFile) throws -> Architecture {
        let (path, key, found): (String, String, String)
        let names: (Architecture) -> [String]
        switch file {
        case .gguf(let gguf):
            (path, key) = (gguf.path, "general.architecture")
            found = try gguf.metadata.string(key)
            names = { [$0.name] }
        case .folder(let folder):
            (path, key) = (folder.configurationPath, "model_type")
            found = try folder.languageModel.value(of: key)?.string ?? ""
            names = \.modelTypes
        }
        let hasExperts = try file.hasExperts(key: found)
        let named = supported.filter { names($0).contains(found) }
        guard let architecture = named.first(where: { $0.hasExperts == hasExperts }) ?? named.first else {
            throw ModelFileError(
                file: path, place: .key(key), what: "value",
                expected: "one of the supported: \(supported.flatMap(names).joined(separator: ", "))",
                found: found.quoted)
        }
        return architecture
    }

    private var hasExperts: Bool {
        if case .experts = tensors.block.feedForward { true } else { false }
    }

    /// The norms before and behind attention and feed-forward, and at the end.
    enum Norm: Sendable {
        /// `x / √(mean(x²) + ε) * weight` (Zhang and Sennrich, arXiv 1910.07467).
        case rms
        /// The same; in folders weights lack the 1 that they are around.
        case rmsAroundOne
        /// `(x - mean(x)) / √(variance(x) + ε) * weight + bias` (Ba et al., arXiv 1607.06450).
        case layer

        var epsilonKey: SettingKey {
            switch self {
            case .rms, .rmsAroundOne: .rmsEpsilon
            case .layer: .layerEpsilon
            }
        }
    }

    /// Which components of a head are rotated together.
    enum RotaryPairs: Sendable {
        /// `(x[2i], x[2i + 1])`, as in Meta's files.
        case neighbours
        /// `(x[i], x[i + d / 2])` of `d` rotated components, as in Hugging Face's files.
        case halves

        /// What `tensor_data_layout` says of queries and keys that lie so; converters have two names for it.
        var dataLayouts: [String] {
            switch self {
            case .neighbours: ["reference", "Meta AI original pth"]
            case .halves: []
            }
        }
    }

    /// What token embeddings are multiplied by where the files don't say.
    enum EmbeddingScale: Sendable {
        case none
        /// `√hidden`.
        case rootOfHidden
    }

    /// Which layers have a window, where a model has one and its files don't say.
    enum WindowPattern: Sendable {
        case everywhere
        /// Each so many layers the last sees everything.
        case allBut(each: Int)
    }
}

extension ModelFile {
    /// Whether a GGUF file of an architecture has experts, which is all that tells Mixtral from Llama.
    fileprivate func hasExperts(key architecture: String) throws -> Bool {
        guard case .gguf(let gguf) = self else { return false }
        return try gguf.metadata.numbersIfPresent(architecture + ".expert_count")?.contains { $0 != 0 } ?? false
    }
}

/// A fact that the two formats have in different ways.
struct ByFormat<Fact: Sendable>: Sendable {
    let gguf: Fact
    let folder: Fact

    init(gguf: Fact, folder: Fact) { (self.gguf, self.folder) = (gguf, folder) }
    init(_ both: Fact) { (gguf, folder) = (both, both) }

    subscript(file: ModelFile) -> Fact {
        switch file {
        case .gguf: gguf
        case .folder: folder
        }
    }
}
