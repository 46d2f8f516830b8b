/// All memory that a lane's forward pass writes, but for keys and values. Everything but what holds the whole plan has a
/// fixed size, so that a sequence of the model's full context needs little more than a short one.
struct Scratch {
    /// Rows that go through a block's matrices together.
    static let tileRows = 640

    /// Rows that are normalised and converted at a time, so that they stay in the first-level cache.
    static let blockRows = 8

    // All rows of a plan, grown between plans.
    private(set) var residual: FloatBuffer  // [rows, hidden]

    // One block of rows.
    let normed: FloatBuffer  // [block, hidden]

    // One tile, rounded up to whole buckets of the matrix products.
    let normedInput: GEMMInput  // [tile, hidden]
    let queryKeyValue: FloatBuffer  // [tile, heads + 2 * key-value heads, head dimension]
    let attended: FloatBuffer  // [tile, heads, head dimension]
    let attendedInput: GEMMInput  // [tile, heads * head dimension]
    let activated: GEMMInput  // [tile, feed-forward]
    let attention: FloatBuffer
    /// What attention or feed-forward adds, where it is normalised first.
    let branch: FloatBuffer  // [tile, hidden]
    /// Hidden units, or gate and up, before their activation, where the product does not apply it.
    let hiddenUnits: FloatBuffer  // [tile, feed-forward or twice as many]
    /// Where there are experts.
    let experts: ExpertScratch?

    private let configuration: ModelConfiguration
    private var capacity: Int

    init(_ model: TransformerModel) {
        let configuration = model.configuration
        let rows = GEMMRows.roundedUp(Self.tileRows)
        func input(width: Int) -> GEMMInput {
            GEMMInput(
                format: model.backend.inputFormat, rows: rows, width: width,
                isContiguous: model.backend.takesContiguousInput)
        }
        self.configuration = configuration
        capacity = Self.tileRows
        residual = FloatBuffer(count: capacity * configuration.hiddenSize)
        normed = FloatBuffer(count: Self.blockRows * configuration.hiddenSize)
        normedInput = input(width: configuration.hiddenSize)
        queryKeyValue = FloatBuffer(count: rows * configuration.projectedWidth)
        attended = FloatBuffer(count: rows * configuration.queryWidth)
        attendedInput = input(width: configuration.queryWidth)
        activated = input(width: configuration.feedForwardSize)
        let hasBranch = model.blocks.contains { $0.attentionPostNorm != nil || $0.feedForwardPostNorm != nil }
        branch = FloatBuffer(count: hasBranch ? rows * configuration.hiddenSize : 0)
        hiddenUnits = FloatBuffer(count: rows * (model.blocks.map(\.feedForward.unitsBeforeActivation).max() ?? 0))
        experts = configuration.experts.map { ExpertScratch(configuration, $0, rows: rows) }
        attention = FloatBuffer(count: Kernels.attentionScratch(headDimension: configuration.headDimension))
    }

    /// Makes room for a plan of `rows` rows.
    mutating func reserve(rows: Int) {
        guard rows > capacity else { return }
        capacity = rows
        residual = FloatBuffer(count: rows * configuration.hiddenSize)
    }

    /// Cuts rows into the fewest tiles, of about equal size and whole buckets.
    static func tiles(_ rows: Range<Int>) -> [Range<Int>] {
        guard !rows.isEmpty else { return [] }
        let tileCount = (rows.count + tileRows - 1) / tileRows
        let size = GEMMRows.roundedUp((rows.count + tileCount - 1) / tileCount)
        return stride(from: rows.lowerBound, to: rows.upperBound, by: size).map {
            $0..<min($0 + size, rows.upperBound)
        }
    }
}

extension TransformerModel.FeedForward {
    /// Floats of a row that are activated after their product.
    fileprivate var unitsBeforeActivation: Int {
        switch self {
        case .gated, .experts: 0
        case .gatedWithBias(let first, _), .plain(let first, _): first.matrix.outputs
        }
    }
}

/// What a tile needs on its way through experts.
struct ExpertScratch {
    let states: FloatBuffer  // [tile, hidden]
    let routerInput: GEMMInput  // [tile, hidden]
    let logits: FloatBuffer  // [tile, experts]
    /// The states of an expert's rows, and then what it makes of them.
    let gathered: FloatBuffer  // [tile, hidden]

    init(_ configuration: ModelConfiguration, _ experts: ModelConfiguration.Experts, rows: Int) {
        states = FloatBuffer(count: rows * configuration.hiddenSize)
        gathered = FloatBuffer(count: rows * configuration.hiddenSize)
        logits = FloatBuffer(count: rows * experts.count)
        routerInput = GEMMInput(format: .f32, rows: rows, width: configuration.hiddenSize, isContiguous: false)
    }
}
