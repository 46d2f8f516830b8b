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
        precondition(
            !weight.isEmpty && x.count.isMultiple(of: weight.count) && out.count >= x.count,
            "\(x.count) elements, \(weight.count) weights, room for \(out.count)")
        guard !x.isEmpty else { return }
        table.rms_norm(
            x.baseAddress!, weight, Int64(x.count / weight.count), Int64(weight.count), epsilon, out.baseAddress!)
    }

    /// `out[r] = layerNorm(x[r]) * weight + bias`, `[x.count / weight.count, weight.count]`; `out` may be `x`.
    func layerNorm(
        _ x: UnsafeMutableBufferPointer<Float>, weight: [Float], bias: [Float], epsilon: Float,
        into out: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(
            !weight.isEmpty && weight.count == bias.count && x.count.isMultiple(of: weight.count)
                && out.count >= x.count,
            "\(x.count) elements, \(weight.count) weights, \(bias.count) biases, room for \(out.count)")
        guard !x.isEmpty else { return }
        table.layer_norm(
            x.baseAddress!, weight, bias, Int64(x.count / weight.count), Int64(weight.count), epsilon, out.baseAddress!)
    }

    /// Floats of scratch that attention needs.
    static func attentionScratch(headDimension: Int) -> Int { Int(legend_attention_scratch(Int32(headDimension))) }

    /// `query[positions.count, heads, headDimension] = rotate(query) * scale`, in place: what attention multiplies with
    /// rotated keys.
    func rotateQueries(
        _ query: MatrixRows, positions: ArraySlice<Int32>, rotary: RotaryTable, scaledBy scale: Float,
        shape: legend_heads
    ) {
        query.check(rows: positions.count, width: Int(shape.heads * shape.head_dim))
        let angles = rotary.table(covering: positions, headDimension: Int(shape.head_dim))
        withUnsafePointer(to: shape) { shape in
            withUnsafePointer(to: angles) { angles in
                positions.withUnsafeBufferPointer {
                    guard let first = $0.baseAddress else { return }
                    table.rotate_queries(
                        shape, angles, first, Int64($0.count), scale, query.base, Int64(query.stride))
                }
            }
        }
    }

    /// Rotates the keys of `keyValue[slots.count, 2, kvHeads, headDimension]` and puts keys and values into `slots` of
    /// `store`. It overwrites what it takes.
    func rotateAndStoreKeys(
        _ keyValue: MatrixRows, slots: Range<Int>, positions: ArraySlice<Int32>, rotary: RotaryTable,
        in store: KeyValueStore
    ) {
        precondition(
            positions.count == slots.count && slots.lowerBound >= 0 && slots.upperBound <= store.capacity,
            "\(positions.count) rows in slots \(slots) of \(store.capacity)")
        keyValue.check(rows: slots.count, width: 2 * Int(store.shape.kv_heads * store.shape.head_dim))
        let angles = rotary.table(covering: positions, headDimension: Int(store.shape.head_dim))
        withUnsafePointer(to: store.shape) { shape in
            withUnsafePointer(to: angles) { angles in
                positions.withUnsafeBufferPointer {
                    guard let first = $0.baseAddress else { return }
                    table.store_keys_values(
                        shape, angles, first, Int64(slots.lowerBound), Int64(slots.count), keyValue.base,
                        Int64(keyValue.stride), store.keys, store.values)
                }
            }
        }
    }

    /// `out[q] = softmax(query[q] · keysᵀ) · values` over the slots `attended`, of whose last range only those before
    /// `slotEnds[q]`, and of all only those that `rules` let it see, for queries that are rotated and scaled. `query` and `out` are
    /// `[slotEnds.count, heads, headDimension]`, `out` without gaps.
    ///
    /// - Precondition: Each query attends to the first slot of the last range, and ends in it.
    func attend(
        _ query: MatrixRows, slotEnds: ArraySlice<Int32>, attended: [legend_row_range], in store: KeyValueStore,
        rules: legend_attention_rules, scratch: FloatBuffer, into out: UnsafeMutableBufferPointer<Float>
    ) {
        let width = Int(store.shape.heads * store.shape.head_dim)
        query.check(rows: slotEnds.count, width: width)
        precondition(slotEnds.count * width <= out.count, "the result exceeds its buffer")
        precondition(
            scratch.count >= Self.attentionScratch(headDimension: Int(store.shape.head_dim)), "too little scratch")
        for range in attended {
            precondition(range.first >= 0 && range.end > range.first, "a range of no slots")
            precondition(Int(range.end) <= store.capacity, "slots that the store does not have")
        }
        guard let own = attended.last else { preconditionFailure("a query that attends to nothing") }
        precondition(
            slotEnds.allSatisfy { $0 > own.first && $0 <= own.end }, "a query that does not end in its own range")
        guard let attention = store.shape.keys_per_word == 1 ? table.attention : table.attention_bf16 else {
            preconditionFailure("this CPU has no attention in bf16")
        }
        withUnsafePointer(to: store.shape) { shape in
            withUnsafePointer(to: rules) { rules in
                slotEnds.withUnsafeBufferPointer {
                    guard let ends = $0.baseAddress, let target = out.baseAddress else { return }
                    attention(
                        shape, rules, query.base, Int64(query.stride), ends, Int64($0.count), attended,
                        Int64(attended.count), store.keys, store.values, scratch.base, target)
                }
            }
        }
    }

    /// `out[r, i] = activation(gateUp[r, i]) * gateUp[r, width + i]` for `gateUp[rows, 2 * width]`; `out` may begin where
    /// `gateUp` does.
    func gate(
        _ activation: Activation, _ gateUp: UnsafeMutableBufferPointer<Float>, rows: Int, width: Int,
        into out: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(gateUp.count >= 2 * rows * width && out.count >= rows * width, "rows exceed their buffer")
        guard let source = gateUp.baseAddress, let target = out.baseAddress else { return }
        table.gate(activation.kernel, source, Int64(rows), Int64(width), target)
    }

    /// `x[i] = activation(x[i])`.
    func activate(_ activation: Activation, _ x: UnsafeMutableBufferPointer<Float>) {
        guard let base = x.baseAddress else { return }
        table.activate(activation.kernel, Int64(x.count), base)
    }

    /// `sum[i] += x[i]`, for all of `sum`.
    func add(_ x: UnsafeMutableBufferPointer<Float>, to sum: UnsafeMutableBufferPointer<Float>) {
        precondition(x.count == sum.count, "\(x.count) elements added to \(sum.count)")
        guard let source = x.baseAddress, let target = sum.baseAddress else { return }
        table.add(source, Int64(sum.count), target)
    }

    /// `rows[row] += x`.
    func add(_ x: [Float], to rows: MatrixRows, row: Int) {
        rows.check(rows: row + 1, width: x.count)
        table.add(x, Int64(x.count), rows.base + row * rows.stride)
    }

    /// `x[i] = cap tanh(x[i] * scale / cap)`, or `x[i] * scale` where there is no cap.
    func cap(_ x: UnsafeMutableBufferPointer<Float>, scaledBy scale: Float, at cap: Float?) {
        guard let base = x.baseAddress, scale != 1 || cap != nil else { return }
        table.cap(Int64(x.count), scale, cap ?? 0, base)
    }

    /// The index of the largest element, of equal ones the first; nil where one is not a number.
    func largest(_ x: UnsafeMutableBufferPointer<Float>) -> Int? {
        guard let base = x.baseAddress, !x.isEmpty else { preconditionFailure("the largest of nothing") }
        let index = Int(table.largest(base, Int64(x.count)))
        return index < 0 ? nil : index
    }

    /// `x[i] = exp((x[i] - maximum) * scale)`, in place; returns the sum.
    func exponentials(_ x: UnsafeMutableBufferPointer<Float>, maximum: Float, scale: Float) -> Double {
        guard let base = x.baseAddress else { return 0 }
        return table.exponentials(base, Int64(x.count), maximum, scale, base)
    }

    /// Rounds floats to bf16; `out` may be `x`.
    func roundToBF16(_ x: UnsafeMutableBufferPointer<Float>, into out: UnsafeMutableBufferPointer<Float>) {
        precondition(out.count >= x.count, "\(x.count) elements into \(out.count)")
        guard let source = x.baseAddress, let target = out.baseAddress else { return }
        table.round_bf16_to_f32(source, Int64(x.count), target)
    }

    /// Stores floats as bf16.
    func storeAsBF16(_ x: UnsafeMutableBufferPointer<Float>, into out: UnsafeMutableBufferPointer<UInt16>) {
        precondition(out.count >= x.count, "\(x.count) elements into \(out.count)")
        guard let source = x.baseAddress, let target = out.baseAddress else { return }
        table.round_bf16(source, Int64(x.count), target)
    }

    /// Multiplies each `block` elements, in place, by the Hadamard matrix (not normalised). The count is a multiple of
    /// `block`, a power of two.
    func hadamard(_ x: UnsafeMutableBufferPointer<Float>, block: Int) {
        precondition(block > 0 && x.count.isMultiple(of: block) && block.nonzeroBitCount == 1, "blocks of \(block)")
        guard let base = x.baseAddress else { return }
        table.hadamard(base, Int64(x.count), Int64(block))
    }

    /// Rounds a row to signed bytes; returns their scale, `x[i] ≈ out[i] * scale`, and their sum.
    func quantize(
        _ x: UnsafeMutableBufferPointer<Float>, into out: UnsafeMutableBufferPointer<Int8>
    ) -> (scale: Float, sum: Int32) {
        precondition(out.count >= x.count, "\(x.count) elements into \(out.count)")
        var (scale, sum) = (Float(0), Int32(0))
        guard let source = x.baseAddress, let target = out.baseAddress else { return (scale, sum) }
        table.quantize_int8(source, Int64(x.count), target, &scale, &sum)
        return (scale, sum)
    }
}
