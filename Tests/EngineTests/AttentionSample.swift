import CKernels
import Foundation
import SeededRandom

/// Random queries, keys and values of one layer with six heads over two key-value heads.
struct AttentionSample {
    static let heads = 6
    static let keyValueHeads = 2

    let headSize: Int
    let rotated: Int
    let rows: Int
    /// `[rows, heads, headSize]`
    var query: [Float]
    /// `[rows, 2, keyValueHeads, headSize]`
    private(set) var keyValue: [Float]
    private let cosines: [Float]
    private let sines: [Float]

    /// `rotated` components of each head take part in rotation; the position of a row is its index.
    init(headSize: Int, rotated: Int, rows: Int) {
        var random = SeededGenerator(seed: UInt64(headSize * 1000 + rotated))
        (self.headSize, self.rotated, self.rows) = (headSize, rotated, rows)
        query = random.floats(rows * Self.heads * headSize, scale: 2)
        keyValue = random.floats(rows * 2 * Self.keyValueHeads * headSize, scale: 2)
        let angles = (0..<max(rows, 64)).flatMap { position in
            (0..<rotated).map { Double(position) * pow(10_000, -Double($0 / 2 * 2) / Double(rotated)) }
        }
        cosines = angles.map { Float(cos($0)) }
        sines = angles.enumerated().map { Float($0.offset.isMultiple(of: 2) ? -sin($0.element) : sin($0.element)) }
    }

    private var capacity: Int { (rows + 15) / 16 * 16 }

    /// 1: keys and values in f32; 2: in bf16.
    var keysPerWord = 1

    private var shape: legend_heads {
        legend_heads(
            heads: Int32(Self.heads), kv_heads: Int32(Self.keyValueHeads), head_dim: Int32(headSize),
            keys_per_word: Int32(keysPerWord), capacity: Int64(capacity))
    }

    /// Keys and values as the kernels store them.
    struct Store {
        var keys: [UInt32]
        var values: [UInt32]

        /// Those of f32.
        var keyFloats: [Float] { keys.map { Float(bitPattern: $0) } }
        var valueFloats: [Float] { values.map { Float(bitPattern: $0) } }
    }

    func withRotary<R>(_ body: (legend_rotary) -> R) -> R {
        cosines.withUnsafeBufferPointer { cosines in
            sines.withUnsafeBufferPointer { sines in
                body(
                    legend_rotary(
                        cosines: cosines.baseAddress!, sines: sines.baseAddress!, dimensions: Int32(rotated)))
            }
        }
    }

    func rotatedQueries(_ kernels: legend_kernels) -> [Float] {
        var out = query
        var shape = shape
        let positions = (0..<Int32(rows)).map { $0 }
        withRotary { rotary in
            var rotary = rotary
            kernels.rotate_queries(
                &shape, &rotary, positions, Int64(rows), 0.125, &out, Int64(Self.heads * headSize))
        }
        return out
    }

    /// Stored in two calls, the second from a row that is in the middle of a block. Unwritten places hold large numbers,
    /// which attention must not read as scores.
    func store(_ kernels: legend_kernels) -> Store {
        let unwritten = Float(1e30).bitPattern
        let keys = [UInt32](
            repeating: unwritten, count: Self.keyValueHeads * capacity * ((headSize + keysPerWord - 1) / keysPerWord))
        let values = [UInt32](
            repeating: 0, count: Self.keyValueHeads * capacity / keysPerWord * ((headSize + 15) / 16 * 16))
        var store = Store(keys: keys, values: values)
        self.store(kernels, into: &store)
        return store
    }

    /// Over what is there.
    func store(_ kernels: legend_kernels, into store: inout Store) {
        var shape = shape
        let positions = (0..<Int32(rows)).map { $0 }
        let width = 2 * Self.keyValueHeads * headSize, split = min(rows, 19)
        var (first, second) = (Array(keyValue[..<(split * width)]), Array(keyValue[(split * width)...]))
        withRotary { rotary in
            var rotary = rotary
            kernels.store_keys_values(
                &shape, &rotary, positions, 0, Int64(split), &first, Int64(width), &store.keys, &store.values)
            kernels.store_keys_values(
                &shape, &rotary, Array(positions[split...]), Int64(split), Int64(rows - split), &second, Int64(width),
                &store.keys, &store.values)
        }
    }

    /// Makes every component of a row's keys `value`.
    mutating func setKey(_ row: Int, to value: Float) {
        let start = row * 2 * Self.keyValueHeads * headSize
        for index in start..<start + Self.keyValueHeads * headSize { keyValue[index] = value }
    }

    /// Attention of rows `queries`, each of which sees the rows of `ranges` up to itself.
    func attend(
        _ kernels: legend_kernels, _ store: Store, ranges: [Range<Int32>],
        queries: Range<Int32>, cap: Float = 0, window: Int32 = 0
    ) -> [Float] {
        var shape = shape
        var rules = legend_attention_rules(cap: cap, window: window)
        let width = Self.heads * headSize
        let asked = Array(query[(Int(queries.lowerBound) * width)..<(Int(queries.upperBound) * width)])
        var out = [Float](repeating: 0, count: asked.count)
        var scratch = [Float](repeating: 0, count: Int(legend_attention_scratch(Int32(headSize))))
        let attention = keysPerWord == 1 ? kernels.attention : kernels.attention_bf16
        attention!(
            &shape, &rules, asked, Int64(width), queries.map { $0 + 1 }, Int64(queries.count),
            ranges.map { legend_row_range(first: $0.lowerBound, end: $0.upperBound) }, Int64(ranges.count), store.keys,
            store.values, &scratch, &out)
        return out
    }
}
