internal import Diagnostics
internal import Margins
internal import Protocol

extension Scorer {
    /// The scores of texts, `[texts, scores]`, in the order of the parts and their directions: each the projection of a
    /// text's vector on a direction, accumulated in double precision.
    ///
    /// - Parameters:
    ///   - vectors: `[texts, readouts, hidden]`.
    ///   - readouts: those of the vectors.
    /// - Throws: `Problem` where they are not what the scorer is for.
    func scores(of vectors: [Float], readouts: [Readout], hiddenSize: Int) throws -> [Double] {
        guard parts.map(\.readout) == readouts, self.hiddenSize == hiddenSize else {
            throw Problem(
                """
                expected a scorer of \(readouts) and hidden size \(hiddenSize), found one of \(parts.map(\.readout)) and \
                \(self.hiddenSize)
                """)
        }
        let matrices = try parts.map { try $0.directions.floats() }
        var scores: [Double] = []
        scores.reserveCapacity(vectors.count / (readouts.count * hiddenSize) * scoreCount)
        for start in stride(from: 0, to: vectors.count, by: hiddenSize) {
            let matrix = matrices[start / hiddenSize % readouts.count]
            scores += projections(of: vectors[start..<start + hiddenSize], on: matrix)
        }
        return scores
    }
}
