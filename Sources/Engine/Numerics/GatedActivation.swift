/// Gated activations for backends that know only plain products.
struct GatedActivation {
    /// Rows that stay in the first-level caches between activation and conversion.
    private static let blockRows = 8

    private let kernels = Kernels()

    /// `out[row] = activation(gateUp[row, 0]) * gateUp[row, 1]`, for `gateUp[rows, 2, out.width]`, which it overwrites.
    func apply(_ activation: Activation, to gateUp: FloatBuffer, rows: Int, into out: GEMMInput) {
        for first in stride(from: 0, to: rows, by: Self.blockRows) {
            let block = first..<min(first + Self.blockRows, rows)
            let source = gateUp[first * 2 * out.width, count: block.count * 2 * out.width]
            // A row of the result overwrites only what was read before it.
            kernels.gate(activation, source, rows: block.count, width: out.width, into: source)
            out.store(source, rows: block)
        }
    }
}
