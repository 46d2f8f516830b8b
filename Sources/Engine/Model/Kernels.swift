import CKernels

/// The vector kernels of the fastest path this CPU has, with their operands' sizes checked.
///
/// Shapes are row-major; `legend_kernels.h` defines every kernel.
struct Kernels {
    private let table = legend_kernels_best().pointee

    /// The path's name: what may change a bit of a result.
    var name: String { String(cString: table.name) }

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
    func rotateQueries(_ query: FloatBuffer, positions: ArraySlice<Int32>, rotary: RotaryTable, shape: legend_heads) {
        precondition(positions.count * Int(shape.heads * shape.head_dim) <= query.count)
        let scale = 1 / Float(shape.head_dim).squareRoot()
        withUnsafePointer(to: shape) { shape in
            withUnsafePointer(to: rotary.table(covering: positions)) { angles in
                positions.withUnsafeBufferPointer {
                    guard let first = $0.baseAddress else { return }
                    table.rotate_queries(shape, angles, first, Int64($0.count), scale, query.base)
                }
            }
        }
    }

    /// Takes `keyValue[rows, 2, kvHeads, headDimension]` of the micro-batch's rows `rows`, rotates the keys and stores
    /// both in `store`.
    func store(
        _ keyValue: FloatBuffer, rows: Range<Int>, positions: ArraySlice<Int32>, rotary: RotaryTable,
        in store: KeyValueStore
    ) {
        precondition(positions.count == rows.count && rows.upperBound <= store.capacity)
        precondition(rows.count * 2 * Int(store.shape.kv_heads * store.shape.head_dim) <= keyValue.count)
        withUnsafePointer(to: store.shape) { shape in
            withUnsafePointer(to: rotary.table(covering: positions)) { angles in
                positions.withUnsafeBufferPointer {
                    guard let first = $0.baseAddress else { return }
                    table.store_keys_values(
                        shape, angles, first, Int64(rows.lowerBound), Int64($0.count), keyValue.base, store.keys.base,
                        store.values.base)
                }
            }
        }
    }

    /// Attention of the queries `queries` of a tile, all of one branch: `out[q] = softmax(query[q] · keysᵀ) · values`
    /// over the rows `seen` that lie before `keyEnds[q]`. `query` and `out` are `[tile, heads, headDimension]`;
    /// `keyEnds` has one element for each of `queries`.
    func attend(
        _ query: FloatBuffer, queries: Range<Int>, keyEnds: ArraySlice<Int32>, seen: [legend_row_range],
        in store: KeyValueStore, scratch: FloatBuffer, into out: FloatBuffer
    ) {
        let width = Int(store.shape.heads * store.shape.head_dim)
        precondition(queries.upperBound * width <= min(query.count, out.count) && keyEnds.count == queries.count)
        precondition(scratch.count >= Int(legend_attention_scratch(store.shape.head_dim)))
        precondition(seen.allSatisfy { $0.end <= store.capacity })
        let offset = queries.lowerBound * width
        withUnsafePointer(to: store.shape) { shape in
            keyEnds.withUnsafeBufferPointer {
                guard let ends = $0.baseAddress else { return }
                table.attention(
                    shape, query.base + offset, ends, Int64($0.count), seen, Int64(seen.count), store.keys.base,
                    store.values.base, scratch.base, out.base + offset)
            }
        }
    }

    /// `out[r, i] = silu(gateUp[r, i]) * gateUp[r, width + i]`
    func swiGLU(_ gateUp: FloatBuffer, rows: Int, width: Int, into out: FloatBuffer) {
        precondition(2 * rows * width <= gateUp.count && rows * width <= out.count)
        table.swiglu(gateUp.base, Int64(rows), Int64(width), out.base)
    }

    /// `sum[i] += x[i]`, for all of `sum`.
    func add(_ x: UnsafePointer<Float>, to sum: UnsafeMutableBufferPointer<Float>) {
        guard let base = sum.baseAddress else { return }
        table.add(x, Int64(sum.count), base)
    }

    /// Rounds the first `count` floats to bf16 in place.
    func roundToBF16(_ x: FloatBuffer, count: Int) {
        precondition(count <= x.count)
        table.round_bf16_to_f32(x.base, Int64(count), x.base)
    }

    /// Stores the first `count` floats as bf16, two to each float of `out`.
    func storeAsBF16(_ x: FloatBuffer, count: Int, into out: FloatBuffer) {
        precondition(count <= x.count && count <= 2 * out.count)
        let halves = UnsafeMutableRawPointer(out.base).assumingMemoryBound(to: UInt16.self)
        table.round_bf16(x.base, Int64(count), halves)
    }
}
