internal import Dataset
internal import Diagnostics
internal import Digest
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol

/// Joins the input with the results and writes the annotated rows, and beside them those that have no margin or are dropped
/// for it.
struct OutputStep: Sendable {
    let definition: JobDefinition
    let ledger: Ledger
    let path: String
    let errorsPath: String

    struct Summary: Sendable {
        var rows = 0
        var failedRows = 0

        /// By `margin.negative`: they are in the errors file, and did not fail.
        var droppedRows = 0

        /// Those of the output.
        var margins = MarginStatistics()

        /// Before `margin.negative` did anything, of the output's rows and of those that were dropped.
        var measured = MarginStatistics()

        /// nil where margins are the differences of scores.
        var calibration: RowCalibration?

        /// What became of margins below zero, and the bins; nil before the first row.
        var treatment: MarginTreatment?

        /// Rows that are in the output.
        var annotatedRows: Int { rows - failedRows - droppedRows }
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
        let treatment: MarginTreatment
        (summary.calibration, treatment) = try prepared(rescore)
        summary.treatment = treatment
        var reader = try DatasetReader(path: job.input, options: definition.inputOptions)
        var writer = try AnnotatedWriter(
            path: path, errorsPath: errorsPath, existing: existing, exchange: reader.exchange)

        func write(_ record: DatasetRecord, _ outcome: RowOutcome, measured margin: Double? = nil) throws {
            summary.rows += 1
            switch try writer.write(record, outcome) {
            case .annotated(let annotation): summary.margins.add(annotation.margin)
            case .dropped: summary.droppedRows += 1
            case .failed: return summary.failedRows += 1
            }
            if let margin { summary.measured.add(margin) }
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
        try forEachRow(rescore) { row, result in
            guard let record = try nextReadable(), record.index == row else {
                throw Problem("\(job.input) has changed since the job began: row \(row) is not where it was")
            }
            switch result {
            case .failed(let reason): try write(record, .failed(reason: reason))
            case .values(let scores):
                let scores = try RowScores(scores, row: row)
                let annotation =
                    try summary.calibration?.annotation(index, scores)
                    ?? Annotation(margin: scores.margin, scoreChosen: scores.chosen, scoreRejected: scores.rejected)
                try write(record, treatment.outcome(annotation), measured: annotation.margin)
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

    /// The rows in the order of the input.
    private func forEachRow(
        _ rescore: ((_ row: UInt64) throws -> RowResult)?, _ body: (_ row: UInt64, RowResult) throws -> Void
    ) throws {
        try ledger.forEachRow(of: .rows) { row, result in
            if case .values = result, let rescore { return try body(row, rescore(row)) }
            try body(row, result)
        }
    }

    /// What takes all rows' margins to know, before the first is written.
    private func prepared(
        _ rescore: ((_ row: UInt64) throws -> RowResult)?
    ) throws -> (RowCalibration?, MarginTreatment) {
        let (margin, bins) = (definition.configuration.margin, definition.bins)
        let promptOfRow = definition.calibrates ? try prompts() : [:]
        var raw: [Double] = []
        var prompts: [Int] = []
        if definition.calibrates || bins != .none {
            try forEachRow(rescore) { row, result in
                guard case .values(let values) = result else { return }
                raw.append(try RowScores(values, row: row).margin)
                guard definition.calibrates else { return }
                guard let prompt = promptOfRow[row] else {
                    throw Problem("row \(row) has scores and no text in the ledger")
                }
                prompts.append(prompt)
            }
        }
        let calibration = definition.calibrates ? RowCalibration(raw, prompts: prompts, margin) : nil
        let margins = bins == .none ? [] : calibration?.margins(of: raw) ?? raw
        let treatment = MarginTreatment(
            negative: margin.negative, bins: bins, margins: margins, isLogOdds: calibration?.isLogOdds ?? false)
        return (calibration, treatment)
    }

    /// A number for the prompt of each row.
    private func prompts() throws -> [UInt64: Int] {
        var prompts = try ledger.prompts(of: .rows)
        let offset = (prompts.values.max() ?? -1) + 1
        prompts.merge(try ledger.prompts(of: .survey).mapValues { $0 + offset }) { known, _ in known }
        return prompts
    }
}
