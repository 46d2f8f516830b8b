/// A layer's name in each format, to which `.weight` and `.bias` are added, and its shape.
struct LayerKey: Sendable {
    /// When a layer has a bias.
    enum Bias: Sendable {
        case never
        case always
        /// In folders where `config.json` says so; in GGUF files where there is one.
        case whereSaid(SettingKey)
    }

    /// For a block's without `blk.N.`; nil where the format has no such layer.
    let gguf: String?
    /// For a block's without what all of the block begin with.
    let folder: String?
    /// Row-major, outermost dimension first: a linear weight is `[out, in]`.
    let shape: [Dimension]
    let bias: Bias
    /// In folders the weight is `[in, out]`.
    let isTransposedInFolders: Bool

    init(
        _ gguf: String?, _ folder: String?, _ shape: [Dimension], bias: Bias = .never,
        isTransposedInFolders: Bool = false
    ) {
        (self.gguf, self.folder, self.shape) = (gguf, folder, shape)
        (self.bias, self.isTransposedInFolders) = (bias, isTransposedInFolders)
    }
}

/// A dimension that depends on the model.
enum Dimension: Sendable {
    /// Any number of rows: the configuration does not say how many tokens there are.
    case vocabulary
    case positions
    case hidden
    /// All heads' queries.
    case query
    /// All key-value heads' keys, or values.
    case keyValue
    /// Queries, keys and values.
    case projected
    case head
    case feedForward
    /// Gate and up.
    case gateUp
    case experts
    /// Pairs of components that are rotated.
    case rotaryPairs
}

/// The layers of a model by field.
struct ModelKeys: Sendable {
    /// What the names of all tensors but the vocabulary projection begin with in folders, and of block `N`'s then.
    let folderPrefix: String
    let folderBlocks: String
    let tokenEmbedding: LayerKey
    var positionEmbedding: LayerKey?
    let outputNorm: LayerKey
    /// What the rotary frequencies are divided by; files may lack it, and folders have none.
    var rotaryDivisors: [String] = []
    /// What states after the final norm are multiplied by to predict tokens; without it the token embeddings. In folders
    /// the whole name.
    let vocabularyProjection: LayerKey
    let block: BlockKeys
    /// The last names of tensors that hold no weights.
    var buffers: [String] = ["rotary_emb.inv_freq"]
}

/// The layers of a block by field.
struct BlockKeys: Sendable {
    /// Before attention; nil where it reads the residual stream as it is.
    var attentionNorm: LayerKey?
    let projections: ProjectionKeys
    /// Of queries and keys before they are rotated: of each head, or of all as one vector.
    var queryNorm: LayerKey?
    var keyNorm: LayerKey?
    let attentionOutput: LayerKey
    /// Of what attention adds.
    var attentionPostNorm: LayerKey?
    var feedForwardNorm: LayerKey?
    let feedForward: FeedForwardKeys
    /// Of what feed-forward adds.
    var feedForwardPostNorm: LayerKey?
}

/// Queries, keys and values.
enum ProjectionKeys: Sendable {
    case separate(query: LayerKey, key: LayerKey, value: LayerKey)
    case fused(LayerKey, rows: ByFormat<FusedRows>)

    /// How the rows of a fused weight follow one another.
    enum FusedRows: Sendable {
        /// All queries, all keys, all values.
        case byKind
        /// The query, key and value of the first head, then of the second, and so on.
        case byHead
    }
}

/// What a feed-forward part consists of.
enum FeedForwardKeys: Sendable {
    /// `down(activation(gate(x)) * up(x))` (Shazeer, arXiv 2002.05202).
    case gated(gate: LayerKey, up: LayerKey, down: LayerKey)
    /// The same with gate and, below it, up as one weight.
    case gatedFused(gateUp: LayerKey, down: LayerKey)
    /// `down(activation(up(x)))`.
    case plain(up: LayerKey, down: LayerKey)
    /// A mixture of gated experts, of which a router chooses a few for each token (Shazeer et al., arXiv 1701.06538).
    case experts(ExpertKeys)
}

/// The layers of a mixture of experts. In GGUF all experts' gates are one weight `[experts, feed-forward, hidden]`, and so
/// on; in folders each expert has weights of its own.
struct ExpertKeys: Sendable {
    /// `[experts, hidden]`
    let router: LayerKey
    /// What stands before and behind the expert's number in folders.
    let folder: String
    let gate: (gguf: String, folder: String)
    let up: (gguf: String, folder: String)
    let down: (gguf: String, folder: String)
}
