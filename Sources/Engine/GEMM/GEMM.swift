/// Matrix products with constant weights: `C[m, n] = A[m, k] · B[n, k]ᵀ`, everything row-major, as a linear layer has
/// it: `k` inputs, `n` outputs, `m` tokens.
///
/// A backend packs weights once; every lane then multiplies with the same packed weights and its own `GEMMLane`.
protocol GEMMBackend: Sendable {
    /// The library, its version and the instructions that it uses: what may change a bit of a product.
    var identity: String { get }

    /// Packs `B[outputs, inputs]`, which `fill` writes row-major. May be called on several threads at once.
    func pack(
        outputs: Int, inputs: Int, fill: (UnsafeMutableBufferPointer<Float>) throws -> Void
    ) throws -> any PackedMatrix

    /// What one thread needs to multiply `A` of at most `rowsMax` rows and `inputsMax` columns. Call it on that thread.
    func makeLane(rowsMax: Int, inputsMax: Int) throws -> any GEMMLane
}

/// `B[outputs, inputs]` in its backend's layout, read by all lanes and written by none.
protocol PackedMatrix: AnyObject, Sendable {
    var outputs: Int { get }
    var inputs: Int { get }
}

/// One thread's side of a backend: cached primitives and staging buffers.
protocol GEMMLane: AnyObject {
    /// `c[rows, n] = a[rows, k] · weights[n, k]ᵀ`, accumulated in f32.
    ///
    /// With bf16 numerics `a` may be rounded in place. Rows of `a` and `c` up to the next multiple of
    /// `GEMMRows.bucket` must exist and are, in `c`, overwritten.
    func multiply(_ a: FloatBuffer, rows: Int, by weights: any PackedMatrix, into c: FloatBuffer) throws
}

enum GEMMRows {
    /// Row counts are rounded up to a multiple of this, so that a backend's prepared products are reused. Larger
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

/// Traps where a product does not fit its operands: a mistake of the caller that no input can cause.
func checkProduct(_ a: FloatBuffer, rows: Int, by weights: any PackedMatrix, into c: FloatBuffer) {
    let padded = GEMMRows.roundedUp(rows)
    precondition(padded * weights.inputs <= a.count && padded * weights.outputs <= c.count, "product exceeds buffer")
}
