import CKernels

/// The vector kernels of the fastest path this CPU has, with their operands' sizes checked.
///
/// Shapes are row-major; `legend_kernels.h` defines every kernel.
struct Kernels {
    private let table = legend_kernels_best().pointee

    /// The path's name: what may change a bit of a result.
    var name: String { String(cString: table.name) }

    /// Whether attention multiplies bf16.
    var attendsInBF16: Bool { table.attention_bf16 != nil }

    /// `out[r] = rmsNorm(x[r]) * weight`, `[x.count / weight.count, weight.count]`; `out` may be `x`.
    func rmsNorm(
        _ x: UnsafeMutableBufferPointer<Float>, weight: [Float], epsilon: Float,
        into out: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(x.count.isMultiple(of: weight.count) && out.count >= x.count)
        guard !x.isEmpty else { return }
        table.rms_norm(
            x.baseAddress!, weight, Int64(x.count / weight.count), Int64(weight.count), epsilon, out.baseAddress!)
    }

    /// Rotates `query[positions.count, heads, headDimension]` in place and scales it for attention.
    func rotateQueries(_ query: MatrixRows, positions: ArraySlice<Int32>, rotary: RotaryTable, shape: legend_heads) {
        query.check(rows: positions.count, width: Int(shape.heads * shape.head_dim))
        let scale = 1 / Float(shape.head_dim).squareRoot()
        withUnsafePointer(to: shape) { shape in
            withUnsafePointer(to: rotary.table(covering: positions)) { angles in
                positions.withUnsafeBufferPointer {
                    guard let first = $0.baseAddress else { return }
                    table.rotate_queries(
                        shape, angles, first, Int64($0.count), scale, query.base, Int64(query.stride))
                }
            }
        }
    }

    /// Takes `keyValue[rows, 2, kvHeads, headDimension]` of the micro-batch's rows `rows`, rotates the keys and stores
    /// both in `store`.
    func store(
        _ keyValue: MatrixRows, rows: Range<Int>, positions: ArraySlice<Int32>, rotary: RotaryTable,
        in store: KeyValueStore
    ) {
        precondition(positions.count == rows.count && rows.upperBound <= store.capacity)
        keyValue.check(rows: rows.count, width: 2 * Int(store.shape.kv_heads * store.shape.head_dim))
        withUnsafePointer(to: store.shape) { shape in
            withUnsafePointer(to: rotary.table(covering: positions)) { angles in
                positions.withUnsafeBufferPointer {
                    guard let first = $0.baseAddress else { return }
                    table.store_keys_values(
                        shape, angles, first, Int64(rows.lowerBound), Int64($0.count), keyValue.base,
                        Int64(keyValue.stride), store.keys, store.values)
                }
            }
        }
    }

    /// Attention of queries of one branch: `out[q] = softmax(query[q] · keysᵀ) · values` over the rows `seen` that lie
    /// before `keyEnds[q]`. `query` and `out` are `[keyEnds.count, heads, headDimension]`, `out` without gaps.
    func attend(
        _ query: MatrixRows, keyEnds: ArraySlice<Int32>, seen: [legend_row_range], in store: KeyValueStore,
        scratch: FloatBuffer, into out: UnsafeMutableBufferPointer<Float>
    ) {
        let width = Int(store.shape.heads * store.shape.head_dim)
        query.check(rows: keyEnds.count, width: width)
        precondition(keyEnds.count * width <= out.count)
        precondition(scratch.count >= Int(legend_attention_scratch(store.shape.head_dim)))
        precondition(seen.allSatisfy { $0.end <= store.capacity })
        withUnsafePointer(to: store.shape) { shape in
            keyEnds.withUnsafeBufferPointer {
                guard let ends = $0.baseAddress, let target = out.baseAddress else { return }
                guard let attention = store.shape.keys_per_word == 1 ? table.attention : table.attention_bf16 else {
                    preconditionFailure("this CPU has no attention in bf16")
                }
                attention(
                    shape, query.base, Int64(query.stride), ends, Int64($0.count), seen, Int64(seen.count), store.keys,
                    store.values, scratch.base, target)
            }
        }
    }

    /// `out[r, i] = silu(gateUp[r, i]) * gateUp[r, width + i]`; `out` may be `gateUp`.
    func swiGLU(
        _ gateUp: UnsafePointer<Float>, rows: Int, width: Int, into out: UnsafeMutablePointer<Float>
    ) { table.swiglu(gateUp, Int64(rows), Int64(width), out) }

    /// `sum[i] += x[i]`, for all of `sum`.
    func add(_ x: UnsafePointer<Float>, to sum: UnsafeMutableBufferPointer<Float>) {
        guard let base = sum.baseAddress else { return }
        table.add(x, Int64(sum.count), base)
    }

    /// Rounds floats to bf16; `out` may be `x`.
    func roundToBF16(_ x: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>) {
        table.round_bf16_to_f32(x, Int64(count), out)
    }

    /// Stores floats as bf16.
    func storeAsBF16(_ x: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<UInt16>) {
        table.round_bf16(x, Int64(count), out)
    }

    /// Multiplies each `block` elements, in place, by the Hadamard matrix (not normalised). `count` is a multiple of
    /// `block`, a power of two.
    func hadamard(_ x: UnsafeMutablePointer<Float>, count: Int, block: Int) {
        precondition(count.isMultiple(of: block) && block.nonzeroBitCount == 1)
        table.hadamard(x, Int64(count), Int64(block))
    }

    /// Rounds a row to signed bytes; returns their scale, `x[i] ≈ out[i] * scale`, and their sum.
    func quantize(
        _ x: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Int8>
    ) -> (scale: Float, sum: Int32) {
        var (scale, sum) = (Float(0), Int32(0))
        table.quantize_int8(x, Int64(count), out, &scale, &sum)
        return (scale, sum)
    }
}
