internal import Diagnostics
internal import Margins
internal import Protocol

extension Scorer {
    /// The scores of texts, `[texts, scores]`, in the order of the parts and their directions: each the projection of a
    /// text's vector on a direction, accumulated in double precision. Where a part has errors, the standard error of its
    /// scores follows: see ``Part/errors``.
    ///
    /// - Parameters:
    ///   - vectors: `[texts, readouts, hidden]`.
    ///   - rows: how many texts each row has, one row after another.
    ///   - readouts: those of the vectors.
    /// - Throws: `Problem` where they are not what the scorer is for.
    func scores(of vectors: [Float], rows: [Int], readouts: [Readout], hiddenSize: Int) throws -> [Double] {
        guard parts.map(\.readout) == readouts, self.hiddenSize == hiddenSize else {
            throw Problem(
                """
                expected a scorer of \(readouts) and hidden size \(hiddenSize), found one of \(parts.map(\.readout)) and \
                \(self.hiddenSize)
                """)
        }
        let matrices = try parts.map { part in
            (
                directions: try part.directions.floats(),
                errors: try part.errors.map { StandardErrors(hiddenSize: hiddenSize, directions: try $0.floats()) }
            )
        }
        var scores: [Double] = []
        scores.reserveCapacity(vectors.count / (readouts.count * hiddenSize) * scoreCount)
        var text = 0
        for texts in rows {
            let first = text
            for text in first..<first + texts {
                for (readout, matrix) in matrices.enumerated() {
                    func state(ofText text: Int) -> ArraySlice<Float> {
                        let start = (text * readouts.count + readout) * hiddenSize
                        return vectors[start..<start + hiddenSize]
                    }
                    let own = state(ofText: text)
                    scores += projections(of: own, on: matrix.directions)
                    guard let errors = matrix.errors else { continue }
                    let compared = text == first ? Array(own) : zip(own, state(ofText: first)).map { $0 - $1 }
                    scores.append(errors.standardError(of: compared))
                }
            }
            text += texts
        }
        return scores
    }
}
