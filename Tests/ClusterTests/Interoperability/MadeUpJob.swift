import Dataset
import Foundation
import JobConfiguration
import JobStore
import Protocol

@testable import Coordinator

/// A job from its input to its output without a model: every row gets the scores 1.25 times its number, and its number.
struct MadeUpJob {
    let folder: JobFolder
    let output: String

    /// - Parameters:
    ///   - lines: of the input, without their ends.
    ///   - input: its name; a name that ends with `.gz` is compressed.
    init(
        _ lines: some Sequence<[UInt8]>, input: String, output: String, existingColumns: String = "refuse",
        in folder: JobFolder
    ) throws {
        self.folder = folder
        self.output = folder.path(output)
        var file = try OutputFile(path: folder.path(input), keepPartial: false)
        for line in lines { try file.write(line + [0x0A]) }
        try file.finish()
        try folder.write(#"{"prompt": "p", "harmless": "no", "harmful": "yes"}"#, to: "anchors.jsonl")
        try folder.write(
            """
            job: {input: \(input), output: \(output), anchors: anchors.jsonl}
            dataset: {existing_columns: \(existingColumns)}
            model: {path: none.gguf}
            embedding: {compat: legend}
            """, to: "cluster.yaml")
    }

    func run() throws -> OutputStep.Summary {
        let definition = try JobDefinition(Configuration(ofJob: folder.configuration))
        let ledger = try Ledger(folder: definition.configuration.job.state)
        guard let input = definition.input(of: .rows) else { preconditionFailure("a job has rows") }
        try Ingestor(
            ledger: ledger, input: input, unitTokens: 100_000, textsPerUnitMax: definition.textsPerUnitMax(of: .rows)
        ).run { _ in }
        let units = try ledger.openUnits(of: .rows, after: UnitID(0), limit: .max).map(\.id)
        let results = zip(units, try ledger.payloads(of: units)).map { unit, payload -> Ledger.Change in
            guard let rows = payload?.items.map(\.row) else { preconditionFailure("an open unit has rows") }
            let values = Tensor(rows.flatMap { [1.25 * Double($0), Double($0)] }, shape: [2 * rows.count, 1])
            let result = UnitResult(
                lease: Lease(unit: unit, attempt: 1), rows: rows, responseCounts: rows.map { _ in 2 },
                output: .scores(values, scorer: "none"))
            return .result(result, worker: "none")
        }
        _ = try ledger.apply(results)
        return try OutputStep(definition: definition, ledger: ledger, direction: nil, survey: nil).run()
    }
}
