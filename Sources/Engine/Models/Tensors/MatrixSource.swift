import ModelFiles

/// A linear layer's weight as it is packed, `[outputs, inputs]`: rows of tensors, one tensor's below the other's, each
/// tensor's in an order of its own.
struct MatrixSource: Sendable {
    private enum Rows: Sendable {
        /// The tensor's rows in the order of the indices; nil for their own.
        case stored(ModelTensor, order: [Int32]?)
        /// Row-major values.
        case values([Float], rows: Int)

        var count: Int {
            switch self {
            case .stored(let tensor, let order): order?.count ?? tensor.rowCount
            case .values(_, let rows): rows
            }
        }
    }

    let inputs: Int
    private let parts: [Rows]
    /// What all weights are multiplied by.
    private let scale: Float

    var outputs: Int { parts.reduce(0) { $0 + $1.count } }

    /// All rows of tensors of one row length.
    init(_ tensors: [ModelTensor]) {
        self.init(inputs: tensors[0].rowLength, parts: tensors.map { .stored($0, order: nil) })
    }

    private init(inputs: Int, parts: [Rows], scale: Float = 1) {
        (self.inputs, self.parts, self.scale) = (inputs, parts, scale)
    }

    /// The transposed tensor, which is held as values: rows that are read one by one would read all of it each time.
    init(transposed tensor: ModelTensor) {
        let (rows, columns) = (tensor.rowCount, tensor.rowLength)
        let stored = tensor.dequantized()
        var values = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns { values[column * rows + row] = stored[row * columns + column] }
        }
        self.init(inputs: rows, parts: [.values(values, rows: columns)])
    }

    /// One source below the other, none of them scaled.
    init(stacked sources: [MatrixSource]) {
        precondition(sources.allSatisfy { $0.scale == 1 }, "scaled sources in one matrix")
        self.init(inputs: sources[0].inputs, parts: sources.flatMap(\.parts))
    }

    func scaled(by scale: Float) -> MatrixSource {
        MatrixSource(inputs: inputs, parts: parts, scale: self.scale * scale)
    }

    /// The rows of a source of one tensor in another order.
    func ordered(_ order: [Int32]) -> MatrixSource {
        precondition(parts.count == 1, "the rows of several tensors in one order")
        let part: Rows
        switch parts[0] {
        case .stored(let tensor, let former):
            part = .stored(tensor, order: former.map { former in order.map { former[Int($0)] } } ?? order)
        case .values(let all, _):
            part = .values(
                order.flatMap { all[Int($0) * inputs..<(Int($0) + 1) * inputs] }, rows: order.count)
        }
        return MatrixSource(inputs: inputs, parts: [part], scale: scale)
    }

    /// Writes `rows` to the start of `values`, `[rows.count, inputs]`.
    func fill(_ rows: Range<Int>, _ values: UnsafeMutableBufferPointer<Float>) {
        var start = 0
        for part in parts {
            defer { start += part.count }
            let wanted = rows.clamped(to: start..<(start + part.count))
            guard !wanted.isEmpty else { continue }
            let own = wanted.lowerBound - start..<wanted.upperBound - start
            let first = (wanted.lowerBound - rows.lowerBound) * inputs
            let target = UnsafeMutableBufferPointer(rebasing: values[first..<first + wanted.count * inputs])
            switch part {
            case .stored(let tensor, nil): tensor.dequantize(rows: own, into: target)
            case .stored(let tensor, let order?):
                for (index, row) in order[own].enumerated() {
                    let place = index * inputs..<(index + 1) * inputs
                    tensor.dequantize(
                        rows: Int(row)..<Int(row) + 1, into: UnsafeMutableBufferPointer(rebasing: target[place]))
                }
            case .values(let all, _):
                _ = target.update(fromContentsOf: all[own.lowerBound * inputs..<own.upperBound * inputs])
            }
            if scale != 1 {
                for index in target.indices { target[index] *= scale }
            }
        }
    }

    /// Lets the memory of the tensors go.
    func release() {
        for part in parts {
            if case .stored(let tensor, _) = part { tensor.release() }
        }
    }
}
