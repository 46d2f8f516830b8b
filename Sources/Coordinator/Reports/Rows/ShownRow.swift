internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import JSON

/// A row as a person looks at it: where it is, its margin, and the beginnings and ends of its texts.
struct ShownRow: Hashable, Sendable {
    struct Text: Hashable, Sendable {
        /// `prompt`, `chosen` and `rejected`; a column's name where the file's layout is not known.
        var name: String
        var excerpt: String
    }

    var line: Int
    var margin: Double

    /// nil where rows have none.
    var probability: Double?

    /// Whether its responses changed places: `chosen` is what the labels reject.
    var isFlipped = false
    var texts: [Text]
}

/// What is shown of rows' texts, on one line each.
struct RowTexts: Sendable {
    /// Unicode scalars of a longer text's beginning and end: transcripts differ at their ends.
    struct Length: Hashable, Sendable {
        var start: Int
        var end: Int
    }

    private let length: Length

    /// nil where the file's columns fit no known format: then its columns of texts are shown.
    private let reading: PairReading?

    /// Columns that are shown of a row that nobody knows how to read.
    private static let columnsMax = 3

    /// A file that cannot be read is refused by whoever reads its rows.
    init(file: AnnotatedFile, length: Length) {
        self.length = length
        reading = try? PairReading(
            path: file.path, container: .written(to: file.path),
            options: DatasetOptions(purpose: .row, maxRowBytes: AnnotatedFile.rowBytesMax))
    }

    func shown(_ row: AnnotatedRow) -> ShownRow {
        let texts = texts(of: row.object).filter { !$0.text.isEmpty }.map { name, text in
            ShownRow.Text(name: name.excerpt(), excerpt: text.lineExcerpt(length))
        }
        return ShownRow(
            line: row.line, margin: row.margin, probability: row.probability, isFlipped: row.isFlipped, texts: texts)
    }

    private func texts(of object: JSONObject) -> [(name: String, text: String)] {
        if let pair = reading?.pair(of: .object(object)) {
            return [("prompt", pair.prompt.text), ("chosen", pair.preferred), ("rejected", pair.other)]
        }
        let known = ["prompt", "chosen", "rejected"].filter { object.value(of: $0) != nil }
        let names = known.isEmpty ? object.members.map(\.key) : known
        let texts = names.compactMap { name in
            object.value(of: name).flatMap { value in
                [.string, .array, .object].contains(value.kind) ? (name, value.text) : nil
            }
        }
        return Array(texts.prefix(Self.columnsMax))
    }
}

extension String {
    /// The text on one line, without what controls a terminal; of a long one the beginning and the end.
    fileprivate func lineExcerpt(_ length: RowTexts.Length) -> String {
        func flat(_ scalars: some Sequence<Unicode.Scalar>) -> String {
            var text = String.UnicodeScalarView()
            var isAfterBlank = true
            for scalar in scalars {
                let isBlank = scalar.properties.isWhitespace
                if !isBlank { text.append(scalar) } else if !isAfterBlank { text.append(" ") }
                isAfterBlank = isBlank
            }
            if text.last == " " { text.removeLast() }
            return String(text).excerpt(scalars: .max)
        }
        // What is escaped is longer than it was, and is cut again.
        let limit = length.start + length.end
        let beginning = flat(unicodeScalars.prefix(limit)).unicodeScalars
        let isWhole = unicodeScalars.dropFirst(limit).isEmpty
        guard !isWhole || beginning.count > limit else { return String(beginning) }
        let end = flat(unicodeScalars.suffix(length.end)).unicodeScalars.suffix(length.end)
        return "\(String(beginning.prefix(length.start))) … \(String(end))"
    }
}

/// The first few rows in an order, of any number that are offered one after another.
struct LeadingRows: Sendable {
    private(set) var rows: [ShownRow] = []
    private var keys: [(Double, Double)] = []
    private let limit: Int
    private let key: @Sendable (AnnotatedRow) -> (Double, Double)?

    /// - Parameter key: the least come first, of equal ones the earlier row; nil for a row that is not wanted.
    init(_ limit: Int, by key: @escaping @Sendable (AnnotatedRow) -> (Double, Double)?) {
        self.limit = limit
        self.key = key
    }

    mutating func offer(_ row: AnnotatedRow, _ texts: RowTexts) {
        guard limit > 0, let key = key(row) else { return }
        guard keys.count < limit || keys.last.map({ key < $0 }) == true else { return }
        let place = keys.firstIndex { key < $0 } ?? keys.count
        keys.insert(key, at: place)
        rows.insert(texts.shown(row), at: place)
        if rows.count > limit {
            keys.removeLast()
            rows.removeLast()
        }
    }
}
