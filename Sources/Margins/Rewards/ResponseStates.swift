/// The hidden states of pairs' responses at one place of a model, as a reward network reads them: less their mean, and divided
/// by the root of the mean square of what is left. Neither looks at which response is preferred.
package struct ResponseStates: Sendable {
    let hiddenSize: Int

    /// Of the preferred responses, and of the others: `[pairs, hidden]`, row-major.
    let preferred: [Float]
    let others: [Float]

    package var count: Int { preferred.count / hiddenSize }

    /// - Precondition: as many of both, whole rows of `hiddenSize`.
    package init(preferred: [Float], others: [Float], hiddenSize: Int) {
        precondition(hiddenSize > 0 && preferred.count == others.count && preferred.count.isMultiple(of: hiddenSize))
        self.hiddenSize = hiddenSize
        var mean = Array(repeating: 0.0, count: hiddenSize)
        for values in [preferred, others] {
            for start in stride(from: 0, to: values.count, by: hiddenSize) {
                for column in 0..<hiddenSize { mean[column] += Double(values[start + column]) }
            }
        }
        let rows = Double(max(2 * preferred.count / hiddenSize, 1))
        mean = mean.scaled(by: 1 / rows)
        var squares = 0.0
        for values in [preferred, others] {
            for start in stride(from: 0, to: values.count, by: hiddenSize) {
                for column in 0..<hiddenSize {
                    let centred = Double(values[start + column]) - mean[column]
                    squares += centred * centred
                }
            }
        }
        let scale = squares > 0 ? (rows * Double(hiddenSize) / squares).squareRoot() : 0
        func standardised(_ values: [Float]) -> [Float] {
            values.indices.map { Float((Double(values[$0]) - mean[$0 % hiddenSize]) * scale) }
        }
        self.preferred = standardised(preferred)
        self.others = standardised(others)
    }
}
