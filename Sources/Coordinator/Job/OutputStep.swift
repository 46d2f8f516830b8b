internal import Dataset
internal import Diagnostics
internal import Digest
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol

/// Joins the input with the results and writes the annotated rows, and beside them those that have no margin.
struct OutputStep: Sendable {
    let definition: JobDefinition
    let ledger: Ledger
    let path: String
    let errorsPath: String

    struct Summary: Sendable {
        var rows = 0
        var failedRows = 0
        var margins = MarginStatistics()

        /// nil where margins are the differences of scores.
        var calibration: RowCalibration?
    }

    /// - Parameter output: where to write in place of the job's own files.
    init(definition: JobDefinition, ledger: Ledger, output: (path: String, errorsPath: String)? = nil) {
        self.definition = definition
        self.ledger = ledger
        path = output?.path ?? definition.configuration.job.output
        errorsPath = output?.errorsPath ?? definition.configuration.job.errors
    }

    /// Reads the input once more, so that every original column is there, and the results in the same order. Every row ends
    /// in one of the two files.
    ///
    /// - Parameter rescore: what a row has in place of the job's own scores.
    func run(rescore: ((_ row: UInt64) throws -> RowResult)? = nil) throws -> Summary {
        let job = definition.configuration.job
        var summary = Summary()
        let added = definition.addedColumns
        let existing: ExistingColumns =
            switch definition.configuration.dataset.existingColumns {
            case .refuse: ExistingColumns(.refused, added: added)
            case .replace: ExistingColumns(.replaced, added: added)
            case .rename:
                try ExistingColumns(renamedAsFreeIn: job.input, options: definition.inputOptions, added: added)
            }
        summary.calibration = definition.calibrates ? try calibration() : nil
        var reader = try DatasetReader(path: job.input, options: definition.inputOptions)
        var writer = try AnnotatedWriter(path: path, errorsPath: errorsPath, existing: existing)

        func write(_ record: DatasetRecord, _ outcome: RowOutcome) throws {
            summary.rows += 1
            switch try writer.write(record, outcome) {
            case .annotated(let annotation): summary.margins.add(annotation.margin)
            case .failed: summary.failedRows += 1
            }
        }
        /// Writes the records before the next one with a result, which are those that could not be read.
        func nextReadable() throws -> DatasetRecord? {
            while let record = try reader.next() {
                guard case .failure(let error) = record.content else { return record }
                try write(record, .failed(reason: "\(error)"))
            }
            return nil
        }

        var index = 0
        try ledger.forEachRow(of: .rows) { row, result in
            guard let record = try nextReadable(), record.index == row else {
                throw Problem("\(job.input) has changed since the job began: row \(row) is not where it was")
            }
            var result = result
            if case .values = result, let rescore { result = try rescore(row) }
            switch result {
            case .failed(let reason): try write(record, .failed(reason: reason))
            case .values(let scores):
                let scores = try RowScores(scores, row: row)
                let annotation =
                    try summary.calibration?.annotation(index, scores)
                    ?? Annotation(margin: scores.margin, scoreChosen: scores.chosen, scoreRejected: scores.rejected)
                try write(record, .annotated(annotation))
                index += 1
            }
        }
        guard try nextReadable() == nil else {
            throw Problem("\(job.input) has changed since the job began: it has more rows than it had")
        }
        // Its rows may be the same in number and in another order.
        guard try SHA256Digest(ofFile: job.input).description == definition.inputDigest else {
            throw Problem("\(job.input) has changed since the job began: its SHA-256 is another one")
        }
        // The ledger counted the rows when it read them.
        try writer.finish(rows: ledger.ingestion(of: .rows).records)
        return summary
    }

    /// From all rows' raw margins, before the first is written.
    private func calibration() throws -> RowCalibration {
        let (rest, surveyed) = (try ledger.prompts(of: .rows), try ledger.prompts(of: .survey))
        let offset = (rest.values.max() ?? -1) + 1
        var margins: [Double] = []
        var prompts: [Int] = []
        try ledger.forEachRow(of: .rows) { row, result in
            guard case .values(let values) = result else { return }
            guard let prompt = rest[row] ?? surveyed[row].map({ $0 + offset }) else {
                throw Problem("row \(row) has scores and no text in the ledger")
            }
            margins.append(try RowScores(values, row: row).margin)
            prompts.append(prompt)
        }
        return RowCalibration(margins, prompts: prompts, definition.configuration.margin)
    }
}
