import Protocol

@testable import Worker

/// What stands for the model's arithmetic: every text has one right vector for each readout, in another precision another
/// one. A worker reads it off the text itself, so that a text that is taken for another one has the wrong value.
enum Arithmetic {
    static let hiddenSize = 3
    private static let layerCount = 2

    /// What jobs ask for, some of these: the first ones.
    static let readouts = [Readout(-1, .lastToken), Readout(0, .meanText), Readout(1, .meanResponse)]

    static func model(computing job: JobSpecification) -> LoadedModel {
        LoadedModel(
            digest: "model", name: "model.gguf", architecture: "llama", tokenizer: "t", layerCount: layerCount,
            hiddenSize: hiddenSize,
            contextLength: 64, precision: job.precision, attention: job.attention, numericBuild: "\(job.precision) n1",
            credit: 2, textsAhead: 24)
    }

    static func item(_ row: UInt64, responses: Int) -> UnitPayload.Item {
        let responses = (0..<responses).map { RenderedText("\($0)") }
        return .init(row: row, text: RenderedItem(prompt: RenderedText("\(row)"), responses: responses))
    }

    /// A text's vectors, `[readouts, hidden]`: whole numbers and quarters, whose sums and products are exact.
    static func states(ofRow row: Int, response: Int, readouts: Int, in precision: Precision) -> [Float] {
        let rounding: Float = precision == .f32 ? 0 : 0.25
        return (0..<readouts).flatMap { readout in
            (0..<hiddenSize).map { component in
                let number = ((row * 5 + response) * Self.readouts.count + readout) * hiddenSize + component
                return Float(number) + rounding
            }
        }
    }

    /// From the anchors' vectors, `[texts, readouts, hidden]`.
    ///
    /// - Parameters:
    ///   - readouts: how many the vectors are of.
    ///   - directions: how many for each readout that the scorer is of: the first ones.
    static func scorer(fittedOn states: [Float], readouts: Int, directions: [Int]) throws -> Scorer {
        let textSize = readouts * hiddenSize
        return try Scorer(
            directions.enumerated().map { readout, count in
                var matrix: [Float] = []
                for direction in 0..<count {
                    for component in 0..<hiddenSize {
                        var sum = Float(direction - component)
                        for text in stride(from: 0, to: states.count, by: textSize) {
                            sum += states[text + readout * hiddenSize + component] * Float(direction + 1)
                        }
                        matrix.append(sum)
                    }
                }
                return Scorer.Part(
                    Self.readouts[readout].resolved(layerCount: layerCount), Tensor(matrix, shape: [count, hiddenSize]))
            })
    }

    /// A text's scores, straight from its vectors and the numbers of the scorer.
    static func scores(of states: [Float], on scorer: Scorer) throws -> [Double] {
        var scores: [Double] = []
        for (readout, part) in scorer.parts.enumerated() {
            let matrix = try part.directions.floats()
            for direction in 0..<part.directions.shape[0] {
                var score = 0.0
                for component in 0..<hiddenSize {
                    let state = Double(states[readout * hiddenSize + component])
                    score += state * Double(matrix[direction * hiddenSize + component])
                }
                scores.append(score)
            }
        }
        return scores
    }

    // MARK: What a worker does

    static func embedded(_ payload: UnitPayload, readouts: Int, in precision: Precision) -> EmbeddedUnit {
        var unit = EmbeddedUnit(
            payload, readouts: Self.readouts.prefix(readouts).map { $0.resolved(layerCount: layerCount) })
        unit.tokensTotal = UInt64(payload.items.count * LedgerModel.tokensPerRow)
        for text in payload.items.map(\.text) {
            for response in text.responses {
                guard let row = Int(text.prompt.text), let response = Int(response.text) else {
                    preconditionFailure("a text of no row: \(text)")
                }
                unit.vectors += states(ofRow: row, response: response, readouts: readouts, in: precision)
            }
        }
        return unit
    }

    /// As a worker projects it.
    static func result(of unit: EmbeddedUnit, _ lease: Lease, on scorer: Scorer?) throws -> UnitResult {
        let texts = unit.responseCounts.reduce(0, +)
        let output: UnitResult.Output
        if unit.work.needsScorer {
            guard let scorer else { throw ProtocolError("nothing to project on") }
            let scores = try scorer.scores(
                of: unit.vectors, rows: unit.responseCounts, readouts: unit.readouts, hiddenSize: hiddenSize)
            output = .scores(Tensor(scores, shape: [texts, scorer.scoreCount]), scorer: scorer.digest)
        } else {
            output = .states(Tensor(unit.vectors, shape: [texts, unit.readouts.count, hiddenSize]))
        }
        return UnitResult(
            lease: lease, rows: unit.rows, responseCounts: unit.responseCounts, output: output,
            tokensTotal: unit.tokensTotal)
    }
}
