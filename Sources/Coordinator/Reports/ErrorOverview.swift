internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import JSON

/// What a person wants to see of the rows that could not be annotated: the reasons, and how many rows have each.
///
/// Reasons that differ only in their numbers (of lines, bytes, tokens) are one.
struct ErrorOverview: Sendable {
    struct Reason: Hashable, Sendable {
        /// Of the first row that has it.
        var example: String
        var firstLine: Int
        var rows = 0
    }

    /// Reasons beyond this are counted together.
    private static let reasonsMax = 50

    private(set) var rows = 0

    /// Those of `margin.negative: drop`: they have a margin.
    private(set) var droppedRows = 0
    private var reasons: [String: Reason] = [:]
    private(set) var otherRows = 0

    /// - Parameter path: of an errors file that a job wrote.
    /// - Throws: `FileError` where the file cannot be read, or is another one.
    init(path: String) throws(FileError) {
        var source = try RowSource(path: path, container: .json, maxRowBytes: 1 << 30)
        while let row = try source.next() {
            guard case .object(let object) = row.original,
                let reason = object.value(of: ErrorRow.Column.error.rawValue)?.string,
                let line = object.value(of: ErrorRow.Column.line.rawValue)?.number
            else {
                throw FileError(
                    path: path,
                    problem: """
                        line \(row.line): expected a row of an errors file, with "line" and "error", found \
                        \(row.problem.map { "\($0)" } ?? row.original.columnNames.listed)
                        """)
            }
            // No line is beyond what a file can have; a number that is was not written by a job.
            count(reason, line: Int(exactly: line) ?? 0)
        }
    }

    private mutating func count(_ text: String, line: Int) {
        rows += 1
        if text.hasSuffix(RowOutcome.dropReasonEnding) { droppedRows += 1 }
        let reason = Self.withoutPlace(text, line: line)
        let kind = Self.withoutNumbers(reason)
        guard reasons[kind] != nil || reasons.count < Self.reasonsMax else {
            otherRows += 1
            return
        }
        reasons[kind, default: Reason(example: reason, firstLine: line)].rows += 1
    }

    /// What is wrong with a row, without the file and the line that its error begins with.
    private static func withoutPlace(_ text: String, line: Int) -> String {
        guard let place = text.firstRange(of: ":\(line): ") else { return text }
        return String(text[place.upperBound...])
    }

    private static func withoutNumbers(_ reason: String) -> String {
        String(reason.split(separator: #/[0-9]+/#, omittingEmptySubsequences: false).joined(separator: "0"))
    }

    /// Each reason, the most frequent first; those beyond ``reasonsMax`` are counted in ``otherRows``.
    var sortedReasons: [Reason] {
        reasons.values.sorted { ($1.rows, $0.firstLine, $0.example) < ($0.rows, $1.firstLine, $1.example) }
    }

    /// A table of them.
    var table: [String] {
        var lines = sortedReasons.map { ["\($0.rows)", "\($0.firstLine)", $0.shownExample] }
        if otherRows > 0 { lines.append(["\(otherRows)", "", "(other reasons)"]) }
        return TextTable.lines([["ROWS", "FIRST LINE", "REASON (that row's)"]] + lines)
    }
}

extension ErrorOverview.Reason {
    var shownExample: String { example.excerpt(scalars: 240) }
}
