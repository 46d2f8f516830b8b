internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import JSON
internal import Margins
internal import Reports

/// Writes an annotated file's rows as a trainer takes them, in their order; those that cannot be, or are not wanted, go
/// into a file of their own. Reads the file twice, in constant memory.
struct RowExport {
    let path: String
    let output: String

    /// Where rows go that are not in the output; there is no file where all are.
    let errors: String
    let format: ExportFormat
    let form: TextForm
    let negative: NegativeMargins

    /// The model that the margins are of; nil where nobody says it.
    let generator: String?

    /// Columns that go along.
    let keptColumns: [String]
    let options: DatasetOptions

    /// What becomes of a row.
    private enum Outcome {
        case row(ExportedRow, wasNegative: Bool)
        case failed(String)
        case dropped(String)
    }

    /// What is known of the rows before the first one is written.
    struct Survey {
        /// How the rows are laid out.
        fileprivate(set) var layout = ""
        fileprivate(set) var rows = 0

        /// Of all rows that have one.
        fileprivate(set) var margins = AnnotatedMargins()
        fileprivate var exported = 0
        fileprivate var missingColumns: Set<String>
        fileprivate var firstProblem: String?
        fileprivate let identity: FileIdentity?
        private var haveScores = true

        /// Sums over the rows.
        private var products = 0.0
        private var squares = 0.0

        fileprivate init(columns: [String], identity: FileIdentity?) {
            missingColumns = Set(columns)
            self.identity = identity
        }

        fileprivate mutating func add(_ row: ExportedRow) {
            exported += 1
            guard let scores = row.scores else { return haveScores = false }
            let difference = scores.chosen - scores.rejected
            products += row.margin * difference
            squares += difference * difference
        }

        /// The margin that a difference of scores of 1 has, by least squares; 0 where the rows do not say it.
        fileprivate var slope: Double {
            let slope = products / squares
            return haveScores && slope.isFinite ? slope : 0
        }
    }

    struct Summary: Hashable {
        var rows = 0
        var margins = MarginStatistics()
        var failedRows = 0
        var droppedRows = 0

        /// Rows in the output whose margin was below 0.
        var negativeRows = 0

        /// Rows in the output whose responses are the same text.
        var identicalRows = 0

        /// Rows in the output with a response that has further turns in it, as a transcript writes them.
        var continuedRows = 0

        fileprivate mutating func add(_ row: ExportedRow, wasNegative: Bool) {
            margins.add(row.margin)
            negativeRows += wasNegative ? 1 : 0
            // Bytes: Swift's equality knows other spellings of the same characters.
            identicalRows += row.pair.preferred.utf8.elementsEqual(row.pair.other.utf8) ? 1 : 0
            continuedRows += row.hasFurtherTurns ? 1 : 0
        }
    }

    /// Reads the rows for the first time. Nothing is written.
    ///
    /// - Throws: `Problem` where no row can be exported, or a column is in none; `FileError`.
    func survey() throws -> Survey {
        var survey = Survey(columns: keptColumns, identity: FileIdentity(path: path))
        survey.layout = try forEachRecord { record in
            survey.rows += 1
            if let object = record.original.object,
                let row = try? AnnotatedRow(line: record.line, object: object)
            {
                survey.margins.add(row)
            }
            switch outcome(record) {
            case .row(let row, _):
                survey.add(row)
                for name in survey.missingColumns where record.original.value(of: name) != nil {
                    survey.missingColumns.remove(name)
                }
            case .failed(let reason), .dropped(let reason): survey.firstProblem = survey.firstProblem ?? reason
            }
        }
        guard survey.rows > 0 else { throw Problem("\(path): there are no rows in it", isOfConfiguration: true) }
        guard survey.exported > 0 else {
            let reason = survey.firstProblem.map { "; of the first one: \($0)" } ?? ""
            throw Problem(
                "\(path): none of its \(survey.rows.counted("row")) can be exported\(reason)", isOfConfiguration: true)
        }
        if let missing = keptColumns.first(where: survey.missingColumns.contains) {
            throw Problem("\(path): no row has the column \(missing.quoted)", isOfConfiguration: true)
        }
        return survey
    }

    /// Reads them again, and writes them.
    ///
    /// - Parameter progress: rows done; not for each of them.
    /// - Throws: `FileError`. Then what was there is still there.
    func write(_ survey: Survey, progress: (_ done: Int) -> Void) throws -> Summary {
        var files = try RowFiles(path: output, errorsPath: errors, asArray: format == .legend)
        var summary = Summary()
        _ = try forEachRecord { record in
            if summary.rows > 0, summary.rows.isMultiple(of: Self.rowsPerProgress) { progress(summary.rows) }
            summary.rows += 1
            switch outcome(record) {
            case .row(let row, let wasNegative):
                try files.write(
                    try row.json(format, form, slope: survey.slope, generator: generator, kept: kept(record)))
                summary.add(row, wasNegative: wasNegative)
            case .failed(let reason):
                summary.failedRows += 1
                try files.write(record, reason: reason)
            case .dropped(let reason):
                summary.droppedRows += 1
                try files.write(record, reason: reason)
            }
        }
        guard summary.rows == survey.rows, FileIdentity(path: path) == survey.identity else {
            throw FileError(path: path, problem: "it changed while it was read; nothing is exported")
        }
        try files.seal()
        try files.publish()
        return summary
    }

    private static let rowsPerProgress = 4096

    /// - Returns: how the rows are laid out.
    private func forEachRecord(_ body: (DatasetRecord) throws -> Void) throws -> String {
        var reader = try DatasetReader(path: path, options: options)
        while let record = try reader.next() { try body(record) }
        return reader.detectedFormat?.name ?? "the configured columns"
    }

    private func outcome(_ record: DatasetRecord) -> Outcome {
        let pair: ResponsePair
        switch record.content {
        case .success(let content): pair = content
        case .failure(let error): return .failed("\(error)")
        }
        let row: ExportedRow
        do {
            guard let object = record.original.object else {
                throw Problem("line \(record.line): no JSON object")
            }
            row = ExportedRow(try AnnotatedRow(line: record.line, object: object), pair)
            if let misfit = row.misfit(format) { throw Problem("line \(record.line): \(misfit)") }
        } catch {
            return .failed("\(URL(fileURLWithPath: path).lastPathComponent): \(error)")
        }
        let isNegative = row.margin < 0
        let treated: ExportedRow
        switch negative {
        case .keep: treated = row
        case .clip: treated = row.clipped
        case .flip: treated = isNegative ? row.opposite : row
        case .drop:
            guard !isNegative else { return .dropped("the margin is \(row.margin), below 0 (--negative drop)") }
            treated = row
        }
        guard format != .odpo || treated.margin > 0 else {
            return .dropped("the margin is \(row.margin): an offset must be above 0")
        }
        return .row(treated, wasNegative: isNegative)
    }

    /// The row's own columns that go along, all of them in every row.
    private func kept(_ record: DatasetRecord) -> [[UInt8]] {
        keptColumns.map { column in
            record.original.members { $0.utf8.elementsEqual(column.utf8) }.first
                ?? JSONText.member(column, json: Array("null".utf8))
        }
    }
}
