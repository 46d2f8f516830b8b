/// The keys and values, in every layer, of a prefix that the next micro-batch begins with.
struct KeptPrefix {
    /// A longer prefix is kept only as far: it is computed again from there on.
    static let tokensMax = 1024

    private var layers: [KeyValueStore]
    private let configuration: LlamaConfiguration
    private let format: KeyValueStore.Format

    init(_ configuration: LlamaConfiguration, format: KeyValueStore.Format) {
        self.configuration = configuration
        self.format = format
        layers = (0..<configuration.layerCount).map { _ in
            KeyValueStore(configuration: configuration, format: format, rows: 0)
        }
    }

    /// Puts the first `count` rows of a block's prefix at the start of `store`.
    func restore(_ count: Int, block: Int, into store: KeyValueStore) {
        layers[block].copy(0..<count, to: store, at: 0)
    }

    /// Keeps the first `count` tokens of `path` in a block.
    ///
    /// - Parameter restored: So many rows of `store` came from here.
    mutating func keep(_ count: Int, of path: [Range<Int>], restored: Int, block: Int, from store: KeyValueStore) {
        if layers[block].capacity < count {
            layers[block] = KeyValueStore(
                configuration: configuration, format: format, rows: min(2 * count, Self.tokensMax))
        } else if let first = path.first, first.lowerBound == 0, min(first.upperBound, restored) >= count {
            return  // it is what is here
        }
        var kept = 0
        for rows in path where kept < count {
            let part = rows.prefix(count - kept)
            store.copy(part.startIndex..<part.endIndex, to: layers[block], at: kept)
            kept += part.count
        }
    }
}
