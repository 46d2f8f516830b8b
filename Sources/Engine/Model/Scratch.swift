import CKernels

/// All memory that a lane's forward pass writes. Everything but what holds the whole micro-batch has a fixed size, so
/// that a sequence of the model's full context needs little more than a short one.
struct Scratch {
    /// Rows that go through a block's matrices together.
    static let tileRows = 640

    // The whole micro-batch, grown between micro-batches.
    private(set) var residual: FloatBuffer  // [rows, hidden]
    private(set) var keysAndValues: KeyValueStore

    // One tile, rounded up to whole buckets of the matrix products.
    let normed: FloatBuffer  // [tile, hidden]
    let query: FloatBuffer  // [tile, heads, head dimension]
    let keyValue: FloatBuffer  // [tile, 2, key-value heads, head dimension]
    let attended: FloatBuffer  // [tile, heads, head dimension]
    let gateUp: FloatBuffer  // [tile, 2, feed-forward]
    let activated: FloatBuffer  // [tile, feed-forward]
    let update: FloatBuffer  // [tile, hidden]: what is added to the residual stream
    let attention: FloatBuffer

    private let configuration: LlamaConfiguration
    private var capacity: Int

    init(_ configuration: LlamaConfiguration) {
        let rows = GEMMRows.roundedUp(Self.tileRows)
        self.configuration = configuration
        capacity = Self.tileRows
        residual = FloatBuffer(count: capacity * configuration.hiddenSize)
        keysAndValues = KeyValueStore(configuration: configuration, rows: capacity)
        normed = FloatBuffer(count: rows * configuration.hiddenSize)
        query = FloatBuffer(count: rows * configuration.queryWidth)
        keyValue = FloatBuffer(count: rows * 2 * configuration.keyValueWidth)
        attended = FloatBuffer(count: rows * configuration.queryWidth)
        gateUp = FloatBuffer(count: rows * 2 * configuration.feedForwardSize)
        activated = FloatBuffer(count: rows * configuration.feedForwardSize)
        update = FloatBuffer(count: rows * configuration.hiddenSize)
        attention = FloatBuffer(count: Int(legend_attention_scratch(Int32(configuration.headDimension))))
    }

    /// Makes room for a micro-batch of `rows` rows.
    mutating func reserve(rows: Int) {
        guard rows > capacity else { return }
        capacity = rows
        residual = FloatBuffer(count: rows * configuration.hiddenSize)
        keysAndValues = KeyValueStore(configuration: configuration, rows: rows)
    }

    /// Cuts `count` rows into the fewest tiles, of about equal size and whole buckets.
    static func tiles(_ count: Int) -> [Range<Int>] {
        guard count > 0 else { return [] }
        let tileCount = (count + tileRows - 1) / tileRows
        let size = GEMMRows.roundedUp((count + tileCount - 1) / tileCount)
        return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
    }
}
