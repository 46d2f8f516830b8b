import Foundation
import JobConfiguration
import JobStore
import Margins
import Protocol
import SeededRandom
import TestEnvironment
import Testing

@testable import Coordinator

/// The fit of a job whose states are made up, of any size: what it finds, how long it takes and what memory.
///
/// `LEGEND_SURVEY_ROWS=1000 LEGEND_SURVEY_HIDDEN=4096 LEGEND_SURVEY_LAYERS=32` is a large model's, and 3 GB of states; alone
/// in its process it says what memory the fit takes.
@Suite(.hangLimit) struct SurveyScaleTests {
    private static func environment(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    private static let rows = environment("LEGEND_SURVEY_ROWS") ?? 200
    private static let hiddenSize = environment("LEGEND_SURVEY_HIDDEN") ?? 48
    private static let layers = environment("LEGEND_SURVEY_LAYERS") ?? 6

    private static let model = LoadedModel(
        digest: String(repeating: "a", count: 64), name: "made-up", tokenizer: "none", layerCount: layers,
        hiddenSize: hiddenSize, contextLength: 64, precision: .f32, numericBuild: "none", credit: 1, textsAhead: 0)

    private func definition(in folder: JobFolder) throws -> JobDefinition {
        let lines = (0..<Self.rows).map { #"{"prompt": "question \#($0)", "chosen": "yes \#($0)", "rejected": "no"}"# }
        try folder.write(lines.joined(separator: "\n"), to: "rows.jsonl")
        try folder.write(
            """
            job: {input: rows.jsonl, output: out.jsonl}
            model: {path: none.gguf}
            direction: {rows: \(Self.rows)}
            """, to: "cluster.yaml")
        return try JobDefinition(Configuration(ofJob: folder.configuration))
    }

    /// Puts the surveyed rows' states into the ledger: noise, and in the last layer but one a part that all chosen responses
    /// share.
    private func embed(_ definition: JobDefinition, in ledger: Ledger) throws {
        let readouts = definition.specification(ofRun: "").readouts(layerCount: Self.layers)
        let telling = readouts.indices.filter { readouts[$0].layer.number == Self.layers - 1 }
        var random = SeededGenerator(seed: 5)
        // As far as the noise of all components together.
        let signal = Float(Self.hiddenSize).squareRoot() / 5
        for unit in try ledger.openUnits(of: .survey, after: UnitID(0), limit: .max) {
            let rows = try #require(ledger.payloads(of: [unit.id])[0]).items.map(\.row)
            var values: [Float] = []
            values.reserveCapacity(2 * rows.count * readouts.count * Self.hiddenSize)
            for _ in rows {
                for text in 0..<2 {
                    let start = values.count
                    for _ in 0..<readouts.count * Self.hiddenSize {
                        values.append(Float(Int16(truncatingIfNeeded: random.next())) / 32_768)
                    }
                    guard text == 0 else { continue }
                    for place in telling { values[start + place * Self.hiddenSize] += signal }
                }
            }
            let states = Tensor(values, shape: [2 * rows.count, readouts.count, Self.hiddenSize])
            let result = UnitResult(
                lease: Lease(unit: unit.id, attempt: 1), rows: rows, responseCounts: rows.map { _ in 2 },
                output: .states(states))
            _ = try ledger.apply([.result(result, worker: "none")])
        }
    }

    @Test func thePlaceThatTellsIsFoundInBoundedMemory() throws {
        let folder = try JobFolder()
        let definition = try definition(in: folder)
        let ledger = try Ledger(folder: definition.configuration.job.state)
        let input = try #require(definition.input(of: .survey))
        // Units of two rows: one of many would be a message of gigabytes.
        try Ingestor(ledger: ledger, input: input, unitTokens: 100_000, textsPerUnitMax: 4).run { _ in }
        try embed(definition, in: ledger)
        let before = try #require(ProcessTable.peakMemory(of: getpid()))
        let start = ContinuousClock.now
        let fit = try SurveyFit(ledger: ledger, definition: definition, model: Self.model)
        let peak = try #require(ProcessTable.peakMemory(of: getpid()))
        print(
            """
            the fit of \(Self.rows) rows at \(3 * Self.layers) places of \(Self.hiddenSize): \
            \(ContinuousClock.now - start), \(peak >> 20) MB at most, \(before >> 20) MB before
            """)
        let report = try #require(fit.report)
        #expect(report.chosen.layer == Self.layers - 1 && !report.choice.isDefault, "\(report.choiceText)")
        #expect(report.own.value > 0.9 && fit.outcomes.count == Self.rows)
        #expect(report.permutation?.null.pValue ?? 1 < 0.01)
        #expect(Self.rows < 1000 || peak < 1 << 30)
    }
}
