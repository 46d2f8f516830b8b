internal import Foundation
internal import Protocol

/// Reads a stage's input, renders its rows and puts them into the ledger as units; goes on where an earlier run ended.
struct Ingestor: Sendable {
    let ledger: Ledger
    let stage: Stage
    let path: String
    let options: DatasetOptions
    let template: Template
    let compatibility: Compatibility
    let unitTokens: Int

    /// Units that go into the ledger in one transaction.
    private static let unitsPerTransaction = 64

    /// Runs to the end of the input on the calling thread.
    ///
    /// - Parameter progress: called after each transaction.
    /// - Throws: `DatasetError` where the input cannot be read, or a ledger error.
    func run(_ progress: (Ledger.Ingestion) -> Void) throws {
        var ingestion = try ledger.ingestion(of: stage)
        guard !ingestion.isComplete else { return progress(ingestion) }
        var reader = try DatasetReader(path: path, options: options)
        var sharder = Sharder(stage: stage, unitTokens: unitTokens)
        var units: [Ledger.NewUnit] = []
        let purpose: RowPurpose = stage == .anchors ? .anchor : .row
        let skipped = ingestion.records
        var records = 0
        while let record = try reader.next() {
            records += 1
            guard records > skipped, case .success(let pair) = record.content else { continue }
            let text = template.render(pair, purpose: purpose, compatibility: compatibility)
            guard let unit = sharder.add(.init(row: UInt64(record.index), text: text)) else { continue }
            units.append(unit)
            if units.count == Self.unitsPerTransaction {
                try add(&units, records, &ingestion)
                progress(ingestion)
            }
        }
        if let unit = sharder.finish() { units.append(unit) }
        ingestion.isComplete = true
        try add(&units, records, &ingestion)
        progress(ingestion)
    }

    private func add(_ units: inout [Ledger.NewUnit], _ records: Int, _ ingestion: inout Ledger.Ingestion) throws {
        ingestion.records = records
        ingestion.rows += units.reduce(0) { $0 + $1.payload.items.count }
        try ledger.add(units, ingestion: ingestion, of: stage)
        units = []
    }
}
