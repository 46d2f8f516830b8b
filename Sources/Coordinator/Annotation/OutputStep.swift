internal import Dataset
internal import Diagnostics
internal import Digest
internal import FileSystem
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol
internal import Reports
internal import Trust

/// Joins the input with the results and writes the annotated rows, and beside them those that have no margin or are dropped
/// for it.
struct OutputStep: Sendable {
    let definition: JobDefinition
    let ledger: Ledger

    /// What the margins are along; nil where no row could be embedded.
    let direction: SavedDirection?

    /// What computed the rows; nil where nobody said so.
    private let model: LoadedModel?
    let survey: SurveyReport?
    let path: String
    let errorsPath: String

    struct Summary: Sendable {
        var rows = 0
        var failedRows = 0

        /// By `margin.negative`: they are in the errors file, and did not fail.
        var droppedRows = 0

        /// Rows with several responses and no two of which one is better: they are in the errors file, and did not fail.
        var unpairedRows = 0

        /// Those of the output.
        var margins = MarginStatistics()

        /// Before `margin.negative` did anything, of the output's rows and of those that were dropped.
        var measured = MarginStatistics()

        /// nil where margins are the differences of scores.
        var calibration: RowCalibration?

        /// Whether the margins mean anything; nil without a direction.
        var trust: TrustFigures?

        /// How many rows are along each category's direction, and along that of all; nil where there is one direction.
        var rowsByDirection: [TrustFigures.DirectionRows]?
        var categoryWarning: String?

        /// nil where none is cut.
        var truncated: TruncatedTexts?

        /// What is odd about how strongly rows were labelled, a sentence each.
        var labelNotices: [String] = []

        /// What became of margins below zero, and the bins; nil before the first row.
        var treatment: MarginTreatment?

        /// What pairs are made of; nil where a row is one pair.
        var ranking: RankedColumns?

        /// Rows that are in the output.
        var annotatedRows: Int { rows - otherRows }

        /// Rows that have something to compare, or cannot be read.
        var comparedRows: Int { rows - unpairedRows }

        /// Rows that are in the errors file.
        var otherRows: Int { failedRows + droppedRows + unpairedRows }
    }

    /// - Parameter output: where to write in place of the job's own files.
    init(
        definition: JobDefinition, ledger: Ledger, direction: SavedDirection?, model: LoadedModel? = nil,
        survey: SurveyReport?, output: (path: String, errorsPath: String)? = nil
    ) {
        self.definition = definition
        self.ledger = ledger
        self.direction = direction
        self.model = model
        self.survey = survey
        path = output?.path ?? definition.configuration.job.output
        errorsPath = output?.errorsPath ?? definition.configuration.job.errors
    }

    /// Reads the input once more, so that every original column is there, and the results in the same order. Every row ends
    /// in one of the two files. Beside them come the figures of trust and the report.
    ///
    /// - Parameter rescore: what a row has in place of the job's own scores.
    func run(rescore: Rescore? = nil) throws -> Summary {
        let job = definition.configuration.job
        var summary = Summary()
        var reader = try DatasetReader(path: job.input, options: definition.inputOptions)
        let existing: ExistingColumns =
            switch definition.configuration.dataset.existingColumns {
            case .refuse: ExistingColumns(.refused, ranking: reader.ranking)
            case .replace: ExistingColumns(.replaced, ranking: reader.ranking)
            case .rename:
                try ExistingColumns(renamedAsFreeIn: job.input, options: definition.inputOptions)
            }
        let rowPrompts = try definition.rowPrompts(ledger, direction, survey)
        let categories = try definition.categories(of: direction)
        let rows = try rawMargins(rescore, rowPrompts, categories)
        let figured = FiguredRows(rows.rows, rowPrompts)
        var labels = LabelReader(definition.labels)
        let votes = try definition.votes(of: rows.rows, &labels)
        let (calibration, treatment) = prepared(rows, figured, categories, votes)
        (summary.calibration, summary.treatment) = (calibration, treatment)
        summary.rowsByDirection = categories.counts(of: rows.rows)
        summary.categoryWarning = categories.warning(of: rows.rows)
        let truncated = definition.truncates ? try ledger.truncatedRows(of: .rows) : nil
        summary.truncated = try TruncatedTexts(definition, ledger)
        var rowTrust = RowTrust()
        summary.ranking = reader.ranking
        var writer = try AnnotatedWriter(
            path: path, errorsPath: errorsPath, schema: reader.schema, existing: existing, exchange: reader.exchange)

        func write(
            _ record: DatasetRecord, _ outcome: RowOutcome, strength: Double? = nil, measured: Measured? = nil
        ) throws {
            summary.rows += 1
            switch try writer.write(record, outcome) {
            case .annotated(let annotation):
                summary.margins.add(annotation.margin)
                if annotation.isTruncated == true { summary.truncated?.rows += 1 }
            case .dropped: summary.droppedRows += 1
            case .unpaired: return summary.unpairedRows += 1
            case .failed: return summary.failedRows += 1
            }
            guard let (margin, scores, prompt) = measured else { return }
            summary.measured.add(margin)
            guard figured.contains(UInt64(record.index)) else { return }
            let pair = try record.content.get()
            rowTrust.add(
                margin: scores.margin, scoreChosen: scores.chosen, scoreRejected: scores.rejected,
                chosen: pair.preferred, rejected: pair.other, prompt: prompt,
                category: categories.category(of: UInt64(record.index)), strength: strength)
        }
        /// Writes the records before the next one with a result, which are those that could not be read.
        func nextReadable() throws -> DatasetRecord? {
            while let record = try reader.next() {
                guard case .failure(let error) = record.content else { return record }
                let reason = "\(error)"
                try write(record, error.problem.isNoFailure ? .unpaired(reason: reason) : .failed(reason: reason))
            }
            return nil
        }

        var index = 0
        try forEachRow(rescore) { row, result in
            guard let record = try nextReadable(), record.index == row else {
                throw Problem("\(job.input) has changed since the job began: row \(row) is not where it was")
            }
            let strength = labels.strength(of: record)
            switch result {
            case .failed(let reason): try write(record, .failed(reason: reason))
            case .values(let scores):
                let scores = try categories.scores(scores, row: row)
                var annotation =
                    try summary.calibration?.annotation(index, scores)
                    ?? Annotation(margin: scores.margin, scoreChosen: scores.chosen, scoreRejected: scores.rejected)
                annotation.isTruncated = truncated?.contains(row)
                try write(
                    record, treatment.outcome(annotation), strength: strength,
                    measured: (annotation.margin, scores, rows.prompts[index]))
                index += 1
            }
        }
        guard try nextReadable() == nil else {
            throw Problem("\(job.input) has changed since the job began: it has more rows than it had")
        }
        // Its rows may be the same in number and in another order.
        guard try SHA256Digest(ofDataset: job.input).description == definition.inputDigest else {
            throw Problem("\(job.input) has changed since the job began: its SHA-256 is another one")
        }
        // The ledger counted the rows when it read them.
        try writer.finish(rows: ledger.ingestion(of: .rows).records)
        summary.labelNotices = labels.lines + [definition.unreadLabelsNotice].compactMap(\.self)
        var rowFigures = rowTrust.figures()
        rowFigures.strength = rowFigures.strength?.read(by: labels)
        let trust = try writeTrust(rowFigures, figured, summary)
        summary.trust = trust
        try JobReport(
            path: path, errorsPath: summary.otherRows > 0 ? errorsPath : nil, trust: trust,
            evaluation: evaluation
        ).write(to: Configuration.Job.path(beside: path, ending: Configuration.Job.reportEnding))
        return summary
    }

    /// What an earlier evaluation found; one that cannot be read says nothing here.
    private var evaluation: EvaluationFigures? {
        try? EvaluationFigures(ifAt: Configuration.Job.path(beside: path, ending: Configuration.Job.evaluationEnding))
    }

    private typealias Measured = (margin: Double, scores: RowScores, prompt: Int)

    /// Of the rows that have scores, in the order of the input.
    private struct RawMargins {
        var rows: [UInt64] = []
        var margins: [Double] = []
        var prompts: [Int] = []
    }

    typealias Rescore = (_ row: UInt64) throws -> RowResult

    /// The rows in the order of the input.
    private func forEachRow(_ rescore: Rescore?, _ body: (_ row: UInt64, _ result: RowResult) throws -> Void) throws {
        try ledger.forEachRow(of: .rows) { row, result in
            if case .values = result, let rescore { return try body(row, rescore(row)) }
            try body(row, result)
        }
    }

    /// All rows' raw margins and the numbers of their prompts, before the first row is written.
    private func rawMargins(
        _ rescore: Rescore?, _ rowPrompts: RowPrompts, _ categories: RowCategories
    ) throws -> RawMargins {
        var raw = RawMargins()
        try forEachRow(rescore) { row, result in
            guard case .values(let values) = result else { return }
            guard let prompt = rowPrompts.numbers[row] else {
                throw Problem("row \(row) has scores and no text in the ledger")
            }
            raw.rows.append(row)
            raw.margins.append(try categories.scores(values, row: row).margin)
            raw.prompts.append(prompt)
        }
        return raw
    }

    /// What takes all rows' margins to know.
    private func prepared(
        _ rows: RawMargins, _ figured: FiguredRows, _ categories: RowCategories, _ votes: [Double?]?
    ) -> (RowCalibration?, MarginTreatment) {
        let (margin, bins) = (definition.configuration.margin, definition.bins)
        let calibration =
            definition.calibrates
            ? RowCalibration(
                rows.margins, votes: votes, prompts: rows.prompts, categories: categories.ofRows(rows.rows),
                isFlattered: figured.areAll ? nil : rows.rows.map { !figured.contains($0) }, margin) : nil
        let margins = bins == .none ? [] : calibration?.margins(of: rows.margins) ?? rows.margins
        let treatment = MarginTreatment(
            negative: margin.negative, bins: bins, margins: margins, isLogOdds: calibration?.isLogOdds ?? false)
        return (calibration, treatment)
    }

    /// Writes the figures beside the output, or removes those of an earlier one where there are none.
    private func writeTrust(_ rows: RowFigures, _ figured: FiguredRows, _ summary: Summary) throws -> TrustFigures? {
        let path = Configuration.Job.path(beside: path, ending: Configuration.Job.trustEnding)
        guard let direction else {
            try AtomicFile.remove(path)
            return nil
        }
        var trust = TrustFigures(
            definition, direction: direction, model: model, survey: survey, output: self.path)
        trust.fittedRows = figured.fittedRows
        trust.add(rows, summary)
        try AtomicFile.write(trust.serialized, to: path)
        return trust
    }
}
