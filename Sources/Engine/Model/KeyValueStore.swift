import CKernels

/// Keys and values of one layer for rows of a micro-batch, in the attention kernel's layout.
struct KeyValueStore {
    enum Format: Sendable {
        case f32
        case bf16

        /// bf16 where keys and values are multiplied in it. A word of a key holds two components.
        init(_ precision: Precision, headDimension: Int) {
            let isReduced = precision == .bf16 || precision == .int8
            self = isReduced && Kernels().attendsInBF16 && headDimension.isMultiple(of: 2) ? .bf16 : .f32
        }
    }

    let shape: legend_heads
    private let keyWords: FloatBuffer
    private let valueWords: FloatBuffer

    /// Rows that fit: `rows` rounded up to whole blocks.
    var capacity: Int { Int(shape.capacity) }

    var keys: UnsafeMutablePointer<UInt32> { keyWords.words }
    var values: UnsafeMutablePointer<UInt32> { valueWords.words }

    init(configuration: LlamaConfiguration, format: Format, rows: Int) {
        let block = Int(LEGEND_BLOCK)
        let capacity = (rows + block - 1) / block * block
        let paddedHead = (configuration.headDimension + block - 1) / block * block
        let perWord = format == .f32 ? 1 : 2
        shape = legend_heads(
            heads: Int32(configuration.headCount), kv_heads: Int32(configuration.keyValueHeadCount),
            head_dim: Int32(configuration.headDimension), keys_per_word: Int32(perWord), capacity: Int64(capacity))
        let depth = (configuration.headDimension + perWord - 1) / perWord
        keyWords = FloatBuffer(count: configuration.keyValueHeadCount * capacity * depth)
        valueWords = FloatBuffer(count: configuration.keyValueHeadCount * capacity / perWord * paddedHead)
    }

    /// Copies rows into the rows of another store, from row `target` on.
    func copy(_ rows: Range<Int>, to other: KeyValueStore, at target: Int) {
        precondition(rows.upperBound <= capacity && target + rows.count <= other.capacity)
        withUnsafePointer(to: shape) { shape in
            withUnsafePointer(to: other.shape) { otherShape in
                legend_copy_keys_values(
                    shape, keys, values, Int64(rows.lowerBound), Int64(rows.count), otherShape, other.keys,
                    other.values, Int64(target))
            }
        }
    }
}
