internal import Diagnostics
import ModelFiles

/// What sets a family of decoder-only transformers apart, as data: each family is one file in `Families`.
///
/// Every fact is read by what loads or runs a model. A family that needs a fact which is not here (another norm, biases,
/// caps, windows) adds a case or a field, and the compiler shows where it must be honoured; a file of a known family
/// that says something else is refused by `ArchitectureKeys`, by the name of the key, or for a tensor too many.
struct Architecture: Sendable {
    /// `general.architecture` in a GGUF file, and what the keys of its metadata begin with.
    let name: String
    let norm: Norm
    /// Of the gate, in the feed-forward part.
    let activation: Activation
    let rotaryPairs: RotaryPairs
    let tensors: ModelKeys
    /// What a person must know of a file to trust its numbers, each a sentence about the model.
    let warnings: @Sendable (GGUFFile, ModelConfiguration, _ hasRotaryDivisors: Bool) throws -> [String]

    /// All that this engine runs.
    static let supported: [Architecture] = [.llama]

    /// The architecture of a file.
    ///
    /// - Throws: `ModelFileError` for one that is not supported.
    static func of(_ file: GGUFFile) throws -> Architecture {
        let key = "general.architecture"
        let name = try file.metadata.string(key)
        guard let architecture = supported.first(where: { $0.name == name }) else {
            throw ModelFileError(
                file: file.path, place: .key(key), what: "value",
                expected: "one of the supported: \(supported.map(\.name).joined(separator: ", "))",
                found: name.quoted)
        }
        return architecture
    }

    /// The norm before attention, before feed-forward and at the end.
    enum Norm {
        /// `x / √(mean(x²) + ε) * weight` (Zhang and Sennrich, arXiv 1910.07467).
        case rms

        /// The key of ε, without the architecture's name.
        var epsilonKey: String {
            switch self {
            case .rms: "attention.layer_norm_rms_epsilon"
            }
        }
    }

    /// Which components of a head are rotated together.
    enum RotaryPairs {
        /// `(x[2i], x[2i + 1])`, as in Meta's files.
        case neighbours

        /// What `tensor_data_layout` says of queries and keys that lie so; converters have two names for it.
        var dataLayouts: [String] {
            switch self {
            case .neighbours: ["reference", "Meta AI original pth"]
            }
        }
    }
}

/// A tensor's names in files, and its shape.
struct TensorKey: Sendable {
    /// In a GGUF file; for a block's without `blk.N.`.
    let gguf: String
    /// In Hugging Face's files; for a block's without `model.layers.N.`.
    let huggingFace: String?
    /// Row-major, outermost dimension first: a linear weight is `[out, in]`.
    let shape: [Dimension]

    init(_ gguf: String, huggingFace: String?, _ shape: [Dimension]) {
        (self.gguf, self.huggingFace, self.shape) = (gguf, huggingFace, shape)
    }

    /// The same of block `index`.
    func inBlock(_ index: Int) -> TensorKey {
        TensorKey("blk.\(index).\(gguf)", huggingFace: huggingFace.map { "model.layers.\(index).\($0)" }, shape)
    }
}

/// A dimension that depends on the model.
enum Dimension: Sendable {
    /// Any number of rows: the configuration does not say how many tokens there are.
    case vocabulary
    case hidden
    /// All heads' queries.
    case query
    /// All key-value heads' keys, or values.
    case keyValue
    case feedForward
    /// Pairs of components that are rotated.
    case rotaryPairs
}

/// The tensors of a model by field.
struct ModelKeys: Sendable {
    let tokenEmbedding: TensorKey
    let outputNorm: TensorKey
    /// What the rotary frequencies are divided by; files may lack it.
    let rotaryDivisors: TensorKey?
    /// What states after the final norm are multiplied by to predict tokens; without it the token embeddings.
    let vocabularyProjection: TensorKey
    let block: BlockKeys
}

/// The tensors of a block by field.
struct BlockKeys: Sendable {
    let attentionNorm: TensorKey
    let query: TensorKey
    let key: TensorKey
    let value: TensorKey
    let attentionOutput: TensorKey
    let feedForwardNorm: TensorKey
    let gate: TensorKey
    let up: TensorKey
    let down: TensorKey
}
