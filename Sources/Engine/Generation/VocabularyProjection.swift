/// Turns final states into logits over the vocabulary, a few rows at a time.
final class VocabularyProjection {
    /// Rows of logits that are held at the same time.
    private static let rowsMax = 64

    private let matrix: any PackedMatrix
    private let scale: Float
    private let cap: Float?
    private let kernels = Kernels()
    private let hiddenSize: Int
    private let gemm: any GEMMLane
    private let input: GEMMInput
    private let logits: FloatBuffer  // [rowsMax, vocabulary]
    private var states: FloatBuffer  // [rows, hidden]
    private var rowCount = 0
    private let clock = PartClock()

    /// Where the time went.
    var times: PartTimes { clock.times }

    init(_ transformer: TransformerModel) throws {
        guard let matrix = transformer.vocabularyProjection else {
            preconditionFailure("the model was not loaded to predict tokens")
        }
        self.matrix = matrix
        (scale, cap) = (transformer.configuration.logitScale, transformer.configuration.logitCap)
        hiddenSize = transformer.configuration.hiddenSize
        let backend = transformer.backend
        gemm = try backend.makeLane(rowsMax: Self.rowsMax, outputsMax: matrix.outputs)
        input = GEMMInput(
            format: backend.inputFormat, rows: GEMMRows.roundedUp(Self.rowsMax), width: hiddenSize,
            isContiguous: backend.takesContiguousInput)
        logits = FloatBuffer(count: GEMMRows.roundedUp(Self.rowsMax) * matrix.outputs)
        states = FloatBuffer(count: Self.rowsMax * hiddenSize)
    }

    /// Takes the first rows of `states`, `[rows, hidden]` after the final norm.
    func take(_ states: FloatBuffer, rows: Int) {
        let count = rows * hiddenSize
        if self.states.count < count { self.states = FloatBuffer(count: count) }
        _ = self.states.elements.update(fromContentsOf: states[0, count: count])
        rowCount = rows
    }

    /// Gives `body` the logits of each row that was taken, `[vocabulary]`, or nil where its state is not finite.
    ///
    /// - Throws: an error of the matrix library.
    func forEachRow(_ body: (_ row: Int, _ logits: UnsafeMutableBufferPointer<Float>?) -> Void) throws {
        for first in stride(from: 0, to: rowCount, by: Self.rowsMax) {
            let rows = first..<min(first + Self.rowsMax, rowCount)
            let areFinite = rows.map { states[$0 * hiddenSize, count: hiddenSize].allSatisfy(\.isFinite) }
            try clock.measure(\.gemm) {
                input.store(
                    states[rows.lowerBound * hiddenSize, count: rows.count * hiddenSize], rows: 0..<rows.count)
                try gemm.multiply(
                    input, rows: rows.count, by: matrix, into: MatrixRows(logits, width: matrix.outputs), adding: false)
            }
            clock.measure(\.elementwise) {
                kernels.cap(logits[0, count: rows.count * matrix.outputs], scaledBy: scale, at: cap)
                for (index, row) in rows.enumerated() {
                    body(row, areFinite[index] ? logits[index * matrix.outputs, count: matrix.outputs] : nil)
                }
            }
        }
    }
}
