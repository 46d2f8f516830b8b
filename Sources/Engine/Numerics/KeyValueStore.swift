import CKernels

/// Keys and values of one layer in slots, one for each row, in the attention kernel's layout.
struct KeyValueStore {
    enum Format: Sendable {
        case f32
        case bf16

        /// bf16 where it is asked for and the CPU multiplies it. A word of a key holds two components.
        ///
        /// - Parameter attention: Not `automatic`.
        init(_ attention: AttentionPrecision, headDimension: Int) {
            let isReduced = attention == .bf16 && Kernels().attendsInBF16
            self = isReduced && headDimension.isMultiple(of: 2) ? .bf16 : .f32
        }
    }

    let shape: legend_heads
    private let keyWords: FloatBuffer
    private let valueWords: FloatBuffer

    /// Rows that fit: `rows` rounded up to whole blocks.
    var capacity: Int { Int(shape.capacity) }

    var keys: UnsafeMutablePointer<UInt32> { keyWords.words }
    var values: UnsafeMutablePointer<UInt32> { valueWords.words }

    init(heads: Int, keyValueHeads: Int, headDimension: Int, format: Format, rows: Int) {
        precondition(
            rows >= 0 && keyValueHeads > 0 && headDimension > 0 && heads.isMultiple(of: keyValueHeads),
            "\(heads) heads of \(keyValueHeads) key-value heads")
        precondition(format == .f32 || headDimension.isMultiple(of: 2), "a word of a key holds two components")
        let block = Int(LEGEND_BLOCK)
        let capacity = (rows + block - 1) / block * block
        let paddedHead = (headDimension + block - 1) / block * block
        let perWord = format == .f32 ? 1 : 2
        shape = legend_heads(
            heads: Int32(heads), kv_heads: Int32(keyValueHeads), head_dim: Int32(headDimension),
            keys_per_word: Int32(perWord), capacity: Int64(capacity))
        let depth = (headDimension + perWord - 1) / perWord
        keyWords = FloatBuffer(count: keyValueHeads * capacity * depth)
        valueWords = FloatBuffer(count: keyValueHeads * capacity / perWord * paddedHead)
    }

    /// Copies rows into the rows of another store, from row `target` on.
    func copy(_ rows: Range<Int>, to other: KeyValueStore, at target: Int) {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= capacity && target >= 0
                && target + rows.count <= other.capacity,
            "rows \(rows) of \(capacity) to \(target) of \(other.capacity)")
        precondition(
            shape.heads == other.shape.heads && shape.kv_heads == other.shape.kv_heads
                && shape.head_dim == other.shape.head_dim && shape.keys_per_word == other.shape.keys_per_word,
            "a store of other heads")
        withUnsafePointer(to: shape) { shape in
            withUnsafePointer(to: other.shape) { otherShape in
                legend_copy_keys_values(
                    shape, keys, values, Int64(rows.lowerBound), Int64(rows.count), otherShape, other.keys,
                    other.values, Int64(target))
            }
        }
    }
}
