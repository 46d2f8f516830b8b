/// All memory that a lane's forward pass writes, but for keys and values. Everything but what holds the whole plan has a fixed size, so that a sequence of the model's full context needs little more than a short one.
struct Scratch {
    /// Rows that go through a block's matrices together.
    static let tileRows = 640

    /// Rows that are normalised and converted at a time, so that they stay in the first-level cache.
    static let blockRows = 8

    // All rows of a plan, grown between plans.
    private(set) var residual: FloatBuffer  // [rows, hidden]

    // One block.
    let normed: FloatBuffer  // [block, hidden]

    // One tile, rounded up to whole buckets of the matrix products.
    let normedInput: GEMMInput  // [tile, hidden]
    let queryKeyValue: FloatBuffer  // [tile, heads + 2 * key-value heads, head dimension]
    let attended: FloatBuffer  // [tile, heads, head dimension]
    let attendedInput: GEMMInput  // [tile, heads * head dimension]
    let activated: GEMMInput  // [tile, feed-forward]
    let attention: FloatBuffer

    private let configuration: ModelConfiguration
    private var capacity: Int

    init(_ configuration: ModelConfiguration, format: GEMMInput.Format, isContiguous: Bool) {
        let rows = GEMMRows.roundedUp(Self.tileRows)
        func input(width: Int) -> GEMMInput {
            GEMMInput(format: format, rows: rows, width: width, isContiguous: isContiguous)
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
