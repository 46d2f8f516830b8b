internal import Dataset
package import Diagnostics
internal import FileSystem
package import JSON

/// One row of an annotated file.
package struct AnnotatedRow: Sendable {
    /// 1-based line on which it begins.
    package let line: Int
    package let object: JSONObject
    package let margin: Double

    /// The difference of the two scores as the label has them; the margin where the file does not say. Its sign is what the
    /// model says of the label: a margin may be 0 where nothing carries over, and above 0 where the responses changed places.
    package let rawMargin: Double

    /// Whether the file says it, and it is not the margin in its place.
    package let isRawKnown: Bool

    /// `p_safer`, where the row has it.
    package let probability: Double?

    /// As the row has its responses; nil where the file does not say.
    package let scores: (chosen: Double, rejected: Double)?

    /// Whether the responses changed places for a margin below 0.
    package let isFlipped: Bool

    /// - Throws: `Problem` where the row has no finite margin.
    package init(line: Int, object: JSONObject) throws(Problem) {
        func number(_ column: OutputColumn) -> Double? {
            // nil also for a number beyond what a `Double` can be.
            object.value(of: column.rawValue)?.number.flatMap { $0.isFinite ? $0 : nil }
        }
        guard let margin = number(.margin) else {
            let found =
                object.value(of: OutputColumn.margin.rawValue).map { $0.text.quoted }
                ?? "the columns \(object.members.map(\.key).listed)"
            throw Problem("line \(line): expected the column \"margin\" with a number, found \(found)")
        }
        (self.line, self.object, self.margin) = (line, object, margin)
        probability = number(.probability)
        if let chosen = number(.scoreChosen), let rejected = number(.scoreRejected) {
            scores = (chosen, rejected)
        } else {
            scores = nil
        }
        isFlipped = object.value(of: OutputColumn.flipped.rawValue)?.text == "true"
        // Of a margin that is a difference of scores, and that may have been clipped.
        let known = number(.marginRaw) ?? scores.map { $0.chosen - $0.rejected }
        isRawKnown = known != nil
        rawMargin = isFlipped ? -(known ?? margin) : known ?? margin
    }
}

/// A file that a job wrote, read row by row in constant memory, as often as somebody asks.
package struct AnnotatedFile: Sendable {
    let path: String

    /// Longer rows no job writes.
    package static let rowBytesMax = 1 << 30

    package init(path: String) { self.path = path }

    /// - Throws: `FileError` where the file cannot be read, or a row has no finite margin.
    package func forEachRow(_ body: (AnnotatedRow) throws -> Void) throws {
        var rows = try RowSource(path: path, container: .written(to: path), maxRowBytes: Self.rowBytesMax)
        while let row = try rows.next() {
            guard let object = row.original.object else {
                throw FileError(
                    path: path, problem: "line \(row.line): \(row.problem.map { "\($0)" } ?? "no object")")
            }
            let annotated: AnnotatedRow
            do throws(Problem) {
                annotated = try AnnotatedRow(line: row.line, object: object)
            } catch {
                throw FileError(path: path, problem: error.description)
            }
            try body(annotated)
        }
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
