internal import Dataset
internal import Diagnostics
internal import FileSystem

/// One row of an annotated file.
struct AnnotatedRow: Sendable {
    /// 1-based line on which it begins.
    let line: Int
    let object: JSONObject
    let margin: Double

    /// The difference of the two scores as the label has them; the margin where the file does not say. Its sign is what the
    /// model says of the label: a margin may be 0 where nothing carries over, and above 0 where the responses changed places.
    let rawMargin: Double

    /// `p_safer`, where the row has it.
    let probability: Double?

    /// Whether the responses changed places for a margin below 0.
    let isFlipped: Bool
}

/// A file that a job wrote, read row by row in constant memory, as often as somebody asks.
struct AnnotatedFile: Sendable {
    let path: String

    /// Longer rows no job writes.
    static let rowBytesMax = 1 << 30

    /// - Throws: `FileError` where the file cannot be read, or a row has no finite margin.
    func forEachRow(_ body: (AnnotatedRow) throws -> Void) throws {
        var rows = try RowSource(path: path, container: .json, maxRowBytes: Self.rowBytesMax)
        while let row = try rows.next() {
            guard case .object(let object) = row.original else {
                throw FileError(
                    path: path, problem: "line \(row.line): \(row.problem.map { "\($0)" } ?? "no object")")
            }
            guard let margin = object.number(in: .margin) else {
                throw FileError(
                    path: path,
                    problem: """
                        line \(row.line): expected the column "margin" with a number, found \(found(object))
                        """)
            }
            let isFlipped = object.value(of: OutputColumn.flipped.rawValue)?.text == "true"
            // Of a margin that is a difference of scores, and that may have been clipped.
            let rawMargin = object.number(in: .marginRaw) ?? object.scoreDifference ?? margin
            try body(
                AnnotatedRow(
                    line: row.line, object: object, margin: margin, rawMargin: isFlipped ? -rawMargin : rawMargin,
                    probability: object.number(in: .probability), isFlipped: isFlipped))
        }
    }

}

extension AnnotatedFile {
    private func found(_ object: JSONObject) -> String {
        object.value(of: OutputColumn.margin.rawValue).map { $0.text.quoted }
            ?? "the columns \(object.members.map(\.key).listed)"
    }
}

extension JSONObject {
    /// nil also for a number beyond what a `Double` can be.
    fileprivate func number(in column: OutputColumn) -> Double? {
        value(of: column.rawValue)?.number.flatMap { $0.isFinite ? $0 : nil }
    }

    /// nil where a score is missing.
    fileprivate var scoreDifference: Double? {
        guard let chosen = number(in: .scoreChosen), let rejected = number(in: .scoreRejected) else { return nil }
        return chosen - rejected
    }
}

extension JSONValue {
    /// A string's text; of any other kind, what stands in the file.
    var text: String { string ?? String(decoding: bytes[range], as: UTF8.self) }
}

extension [String] {
    /// What columns say, as a person looks for it: numbers first, in their order, then texts.
    var sortedAsValues: [String] {
        func number(_ text: String) -> Double {
            guard let number = Double(text), !number.isNaN else { return .infinity }
            return number
        }
        return sorted { (number($0), $0) < (number($1), $1) }
    }
}
