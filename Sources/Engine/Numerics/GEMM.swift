/// Matrix products with constant weights: `C[m, n] = A[m, k] · B[n, k]ᵀ`, everything row-major, as a linear layer has
/// it: `k` inputs, `n` outputs, `m` tokens.
///
/// A backend packs weights once; every lane then multiplies with the same packed weights and its own `GEMMLane`.
protocol GEMMBackend: Sendable {
    /// The library, its version and the instructions that it uses: what may change a bit of a product.
    var identity: String { get }

    /// The form in which it takes `A`.
    var inputFormat: GEMMInput.Format { get }

    /// Whether it takes `A` only without gaps between the rows.
    var takesContiguousInput: Bool { get }

    /// Packs `B[outputs, inputs]`. May be called on several threads at once.
    ///
    /// - Parameter fill: Writes some of the rows of `B`, row-major.
    func pack(outputs: Int, inputs: Int, role: MatrixRole, fill: WeightRows) throws -> any PackedMatrix

    /// What one thread needs to multiply `A` of at most `rowsMax` rows. Call it on that thread.
    func makeLane(rowsMax: Int, outputsMax: Int) throws -> any GEMMLane
}

typealias WeightRows = (_ rows: Range<Int>, _ values: UnsafeMutableBufferPointer<Float>) throws -> Void

/// What a product is for, which may decide how its weights are packed.
enum MatrixRole {
    case linear
    /// `B` is a gate and, below it, up: for `multiplyGated` alone.
    case gated
}

/// `B[outputs, inputs]` in its backend's layout, read by all lanes and written by none.
protocol PackedMatrix: AnyObject, Sendable {
    var outputs: Int { get }
    var inputs: Int { get }
    var bytes: Int { get }
}

/// One thread's side of a backend: cached primitives and staging buffers.
protocol GEMMLane: AnyObject {
    /// `c[row, ...] = a[row] · weightsᵀ` for the first `rows` rows, accumulated in f32; with `adding`, `c += a · weightsᵀ`.
    func multiply(_ a: GEMMInput, rows: Int, by weights: any PackedMatrix, into c: MatrixRows, adding: Bool) throws

    /// `out[row] = activation(a[row] · gateᵀ) * (a[row] · upᵀ)`, with weights that were packed for it.
    func multiplyGated(
        _ a: GEMMInput, rows: Int, by weights: any PackedMatrix, activation: Activation, into out: GEMMInput
    ) throws
}

/// Rows of a buffer, `[rows, stride]`.
struct MatrixRows {
    let buffer: FloatBuffer
    let offset: Int
    let stride: Int

    /// The rows from row `first` on of `[rows, width]`, each without its first `skipping` floats.
    init(_ buffer: FloatBuffer, width: Int, first: Int = 0, skipping: Int = 0) {
        self.buffer = buffer
        offset = first * width + skipping
        stride = width
    }

    var base: UnsafeMutablePointer<Float> { buffer.base + offset }

    /// Traps unless `rows` rows of `width` floats are there.
    func check(rows: Int, width: Int) {
        precondition(
            rows >= 0 && offset >= 0 && width <= stride && offset + max(rows - 1, 0) * stride + width <= buffer.count,
            "\(rows) rows of \(width) exceed the buffer")
    }
}

enum GEMMRows {
    /// Row counts are rounded up to a multiple of this, so that a library's prepared products are reused. Larger
    /// buckets waste work, smaller ones prepare more.
    static let bucket = 16

    static func roundedUp(_ rows: Int) -> Int { (rows + bucket - 1) / bucket * bucket }
}

/// A matrix library refused a call.
struct GEMMError: Error, CustomStringConvertible {
    let operation: String
    let status: String

    var description: String { "\(operation): expected success, found status \(status)" }
}
