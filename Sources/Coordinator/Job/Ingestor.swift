internal import Dataset
internal import Diagnostics
internal import JobStore
internal import Protocol

/// Reads a step's input, puts its rendered rows into the ledger and, when all are there, cuts them into units in the
/// order of their prompts; goes on where an earlier run ended.
struct Ingestor: Sendable {
    let ledger: Ledger
    let input: StepInput
    let unitTokens: Int
    let textsPerUnitMax: Int

    /// What goes into the ledger in one transaction, so that memory does not grow with the input.
    private static let bytesPerTransaction = 1 << 20
    private static let rowsPerTransaction = 4096
    private static let unitsPerTransaction = 1024

    /// Runs until the units are in the ledger, on the calling thread.
    ///
    /// - Parameter progress: called after each transaction that puts rows in, and whenever a phase begins.
    /// - Throws: `FileError` where the input cannot be read, or a ledger error.
    func run(_ progress: (Ledger.Ingestion) -> Void) throws {
        var ingestion = try ledger.ingestion(of: input.step.id)
        if ingestion.phase == .reading {
            switch input.part {
            case .all: try read(&ingestion, without: [], progress)
            case .sample(let rows, let others, let known):
                try readSample(of: rows, unlike: others, known, &ingestion)
            case .rest(let other): try read(&ingestion, without: Set(ledger.rows(of: other)), progress)
            }
        }
        progress(ingestion)
        guard ingestion.phase == .sorting else { return }
        try cut(&ingestion)
        progress(ingestion)
    }

    /// The file is read to its end before the first of its rows is in the ledger: only then is it known which they are.
    /// What is odd about all rows, the other step notes.
    private func readSample(
        of rows: Int, unlike others: [StepID], _ known: Set<PromptDigest>, _ ingestion: inout Ledger.Ingestion
    ) throws {
        var known = known
        try ledger.forEachPrompt(of: others) { known.insert($2) }
        var reader = try input.reader()
        var sample = PromptSample(rows: rows, known: known)
        while let record = try reader.next() {
            guard case .success(let pair) = record.content else { continue }
            sample.add(UnitPayload.Item(row: UInt64(record.index), text: try text(of: pair, record)))
        }
        try ledger.set(commonPrompt: sample.commonPrompt)
        let items = sample.items
        ingestion.records = items.count
        ingestion.rows = items.count
        ingestion.phase = .sorting
        try ledger.add(items, ingestion: ingestion, of: input.step)
    }

    private func read(
        _ ingestion: inout Ledger.Ingestion, without others: Set<UInt64>, _ progress: (Ledger.Ingestion) -> Void
    ) throws {
        var reader = try input.reader()
        let skipped = ingestion.records
        var notices = try ingestion.notices()
        var records = 0
        var items: [UnitPayload.Item] = []
        var bytes = 0
        while let record = try reader.next() {
            records += 1
            guard records > skipped else { continue }
            notices.add(record, hasResponses: input.hasPairs)
            if case .success(let pair) = record.content, !others.contains(UInt64(record.index)) {
                let item = UnitPayload.Item(row: UInt64(record.index), text: try text(of: pair, record))
                items.append(item)
                bytes += item.text.byteCount
            }
            guard bytes >= Self.bytesPerTransaction || items.count == Self.rowsPerTransaction else { continue }
            ingestion.records = records
            ingestion.rows += items.count
            try ingestion.note(notices)
            try ledger.add(items, ingestion: ingestion, of: input.step)
            progress(ingestion)
            items = []
            bytes = 0
        }
        ingestion.records = records
        ingestion.rows += items.count
        try ingestion.note(notices)
        ingestion.phase = .sorting
        try ledger.add(items, ingestion: ingestion, of: input.step)
    }

    /// - Throws: `Problem` with the row, which could be read.
    private func text(of pair: ResponsePair, _ record: DatasetRecord) throws(Problem) -> RenderedItem {
        do throws(Problem) {
            return try input.text(of: pair)
        } catch {
            throw Problem("\(input.path), row \(record.index) on line \(record.line): \(error)")
        }
    }

    /// Begins anew where an earlier run was interrupted: its units were not given out yet.
    private func cut(_ ingestion: inout Ledger.Ingestion) throws {
        try ledger.removeUnits(of: input.step.id)
        var sharder = Sharder(unitTokens: unitTokens, textsMax: textsPerUnitMax)
        var units: [Ledger.NewUnit] = []
        try ledger.forEachTextByPrompt(of: [input.step.id], sharingTexts: true) { _, text in
            units += sharder.add(text)
            guard units.count >= Self.unitsPerTransaction else { return }
            try ledger.add(units, ingestion: ingestion, of: input.step.id)
            units = []
        }
        ingestion.phase = .complete
        try ledger.add(units + sharder.finish(), ingestion: ingestion, of: input.step.id)
    }
}
