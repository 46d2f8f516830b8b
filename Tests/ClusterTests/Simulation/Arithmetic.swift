import Protocol
import Worker

/// What stands for the model's arithmetic: every row has one right value, and one that depends on the direction. In another
/// precision it is another one.
enum Arithmetic {
    static func model(computing job: JobSpecification) -> LoadedModel {
        LoadedModel(
            digest: "model", name: "model.gguf", tokenizer: "t", layerCount: 2, hiddenSize: 2, contextLength: 64,
            precision: job.precision, attention: job.attention, numericBuild: "\(job.precision) n1", credit: 2,
            textsAhead: 24)
    }

    private static func rounding(_ precision: Precision) -> Float { precision == .f32 ? 0 : 0.25 }

    /// `[responses, hidden]`
    static func embedding(of row: UInt64, in precision: Precision) -> [Float] {
        [Float(row) + 1, 2, 3, Float(row) * 0.5 + rounding(precision)]
    }

    /// `[responses]`
    static func scores(of row: UInt64, on scorer: Scorer?, in precision: Precision) -> [Double] {
        let weight = (try? scorer?.parts[0].directions.floats())?.first ?? 0
        return [Double(row) * Double(weight), -1 - Double(rounding(precision))]
    }

    /// From the embeddings of the given anchors.
    static func direction(fittedOn embeddings: [Float]) -> Scorer {
        let sum = embeddings.reduce(0, +)
        return Scorer(Readout(2, .lastToken), direction: [sum, 0])
    }

    static func embedded(_ payload: UnitPayload) -> EmbeddedUnit {
        var unit = EmbeddedUnit(payload)
        unit.tokensTotal = UInt64(payload.items.count * LedgerModel.tokensPerRow)
        return unit
    }

    static func result(
        _ lease: Lease, _ work: Session.Work, on scorer: Scorer?, in precision: Precision
    ) -> UnitResult {
        let unit =
            switch work {
            case .embed(let payload): embedded(payload)
            case .project(let unit): unit
            }
        let rows = unit.rows
        let output: UnitResult.Output =
            unit.work.needsScorer
            ? .scores(
                Tensor(rows.flatMap { scores(of: $0, on: scorer, in: precision) }, shape: [2 * rows.count, 1]),
                scorer: scorer?.digest ?? "")
            : .states(Tensor(rows.flatMap { embedding(of: $0, in: precision) }, shape: [2 * rows.count, 1, 2]))
        return UnitResult(
            lease: lease, rows: rows, responseCounts: unit.responseCounts, output: output,
            tokensTotal: unit.tokensTotal)
    }
}
