import CKernels

/// All memory that a lane's forward pass writes, but for the prefix that it keeps. Everything but what holds the whole
/// micro-batch has a fixed size, so that a sequence of the model's full context needs little more than a short one.
struct Scratch {
    /// Rows that go through a block's matrices together.
    static let tileRows = 640

    /// Rows that are normalised and converted at a time, so that they stay in the first-level cache.
    static let blockRows = 8

    // The whole micro-batch, grown between micro-batches.
    private(set) var residual: FloatBuffer  // [rows, hidden]
    private(set) var keysAndValues: KeyValueStore

    // One block.
    let normed: FloatBuffer  // [block, hidden]

    // One tile, rounded up to whole buckets of the matrix products.
    let normedInput: GEMMInput  // [tile, hidden]
    let queryKeyValue: FloatBuffer  // [tile, heads + 2 * key-value heads, head dimension]
    let attended: FloatBuffer  // [tile, heads, head dimension]
    let attendedInput: GEMMInput  // [tile, heads * head dimension]
    let activated: GEMMInput  // [tile, feed-forward]
    let attention: FloatBuffer

    private let configuration: LlamaConfiguration
    private let keyValueFormat: KeyValueStore.Format
    private var capacity: Int

    init(
        _ configuration: LlamaConfiguration, format: GEMMInput.Format, isContiguous: Bool,
        keysAndValues keyValueFormat: KeyValueStore.Format
    ) {
        let rows = GEMMRows.roundedUp(Self.tileRows)
        func input(width: Int) -> GEMMInput {
            GEMMInput(format: format, rows: rows, width: width, isContiguous: isContiguous)
        }
        self.configuration = configuration
        self.keyValueFormat = keyValueFormat
        capacity = Self.tileRows
        residual = FloatBuffer(count: capacity * configuration.hiddenSize)
        keysAndValues = KeyValueStore(configuration: configuration, format: keyValueFormat, rows: capacity)
        normed = FloatBuffer(count: Self.blockRows * configuration.hiddenSize)
        normedInput = input(width: configuration.hiddenSize)
        queryKeyValue = FloatBuffer(count: rows * (configuration.queryWidth + 2 * configuration.keyValueWidth))
        attended = FloatBuffer(count: rows * configuration.queryWidth)
        attendedInput = input(width: configuration.queryWidth)
        activated = input(width: configuration.feedForwardSize)
        attention = FloatBuffer(count: Int(legend_attention_scratch(Int32(configuration.headDimension))))
    }

    /// Makes room for a micro-batch of `rows` rows.
    mutating func reserve(rows: Int) {
        guard rows > capacity else { return }
        capacity = rows
        residual = FloatBuffer(count: rows * configuration.hiddenSize)
        keysAndValues = KeyValueStore(configuration: configuration, format: keyValueFormat, rows: rows)
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
