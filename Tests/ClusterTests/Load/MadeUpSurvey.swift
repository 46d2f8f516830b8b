import Foundation
import JobConfiguration
import JobStore
import Protocol
import SeededRandom
import Testing

@testable import Coordinator

/// A job before its fit whose states no model made.
struct MadeUpSurvey {
    private let folder: JobFolder
    private let definition: JobDefinition
    private let model: LoadedModel

    /// - Parameter anchors: 0: the rows' own labels are what the direction is fitted on.
    init(rows: Int, anchors: Int = 0, layers: Int, hiddenSize: Int) throws {
        folder = try JobFolder()
        try folder.write(Self.pairs(rows, about: "row"), to: "rows.jsonl")
        try folder.write(Self.pairs(anchors, about: "anchor"), to: "anchors.jsonl")
        try folder.write(
            """
            job: {input: rows.jsonl, output: out.jsonl, anchors: \(anchors == 0 ? "own" : "anchors.jsonl")}
            model: {path: none.gguf}
            embedding: {template: alpaca}
            direction: {rows: \(rows)}
            """, to: "cluster.yaml")
        definition = try JobDefinition(Configuration(ofJob: folder.configuration))
        model = LoadedModel(
            digest: String(repeating: "a", count: 64), name: "made-up", architecture: "llama", tokenizer: "none",
            layerCount: layers,
            hiddenSize: hiddenSize, contextLength: 64, precision: .f32, numericBuild: "none", credit: 1, textsAhead: 0)
    }

    private static func pairs(_ count: Int, about subject: String) -> String {
        (0..<count).map { #"{"prompt": "\#(subject) \#($0)", "chosen": "yes \#($0)", "rejected": "no"}"# }
            .joined(separator: "\n")
    }

    /// A new one, with the units of its steps before the fit.
    func ledger() throws -> Ledger {
        let ledger = try Ledger(folder: definition.configuration.job.state, startsAnew: true)
        for step in [WorkStep.survey] + definition.anchorFiles.map(\.step) {
            let input = try #require(definition.input(of: step))
            // Units of two rows: one of many would be a message of gigabytes.
            try Ingestor(ledger: ledger, input: input, unitTokens: 100_000, textsPerUnitMax: 4).run { _ in }
        }
        return ledger
    }

    var anchors: StepID? { definition.anchorFiles.first?.step.id }

    /// Puts the states of a step's texts into a ledger: noise in -1...1, and what is added to it.
    ///
    /// - Parameter add: to a vector of a row's preferred response (`text` 0) or the other one (1), after a layer.
    func embed(
        _ step: StepID, in ledger: Ledger, _ random: inout SeededGenerator,
        add: (_ row: UInt64, _ text: Int, _ layer: Int, _ vector: inout ArraySlice<Float>) -> Void
    ) throws {
        let readouts = definition.specification(ofRun: "").readouts(layerCount: model.layerCount)
        let size = model.hiddenSize
        for unit in try ledger.openUnits(of: step, after: UnitID(0), limit: .max) {
            let rows = try #require(ledger.payloads(of: [unit.id])[0]).items.map(\.row)
            var values: [Float] = []
            values.reserveCapacity(2 * rows.count * readouts.count * size)
            for row in rows {
                for text in 0..<2 {
                    let start = values.count
                    for _ in 0..<readouts.count * size {
                        values.append(Float(Int16(truncatingIfNeeded: random.next())) / 32_768)
                    }
                    for (place, readout) in readouts.enumerated() {
                        let first = start + place * size
                        add(row, text, readout.layer.number, &values[first..<first + size])
                    }
                }
            }
            let states = Tensor(values, shape: [2 * rows.count, readouts.count, size])
            let result = UnitResult(
                lease: Lease(unit: unit.id, attempt: 1), rows: rows, responseCounts: rows.map { _ in 2 },
                output: .states(states))
            _ = try ledger.apply([.result(result, worker: "none")])
        }
    }

    func fit(_ ledger: Ledger) throws -> SurveyFit {
        try SurveyFit(ledger: ledger, definition: definition, model: model)
    }
}
