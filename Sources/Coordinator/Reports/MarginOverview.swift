internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import Margins

/// What a person wants to see of an annotated file, and of the errors file beside it. Reads the former twice, in constant
/// memory.
package struct MarginOverview: Sendable {
    fileprivate struct ShownRow: Sendable {
        var line: Int
        var margin: Double
        var prompt: String
        var chosen: String
        var rejected: String
    }

    private let path: String
    /// nil where there is no errors file: all rows have a margin.
    private let errors: (path: String, overview: ErrorOverview)?
    private var margins = MarginStatistics()
    private var groups: [String: MarginStatistics] = [:]
    private var histogram: Histogram
    private var highest: [ShownRow] = []
    private var lowest: [ShownRow] = []
    private let groupColumn: String?

    /// Groups beyond this are counted together.
    private static let groupsMax = 50
    private static let otherGroups = "(others)"

    /// - Parameter errorsPath: nil where there is no such file.
    /// - Throws: `FileError` where a file cannot be read, or a row has no margin.
    package init(path: String, errorsPath: String?, rowsShown: Int, binCount: Int, groupColumn: String?) throws {
        self.path = path
        errors = try errorsPath.map { ($0, try ErrorOverview(path: $0)) }
        self.groupColumn = groupColumn
        histogram = Histogram(range: 0...0, binCount: binCount)
        var hasGroups = false
        try Self.forEachRow(of: path) { line, object, margin in
            margins.add(margin)
            if let groupColumn, let value = object.value(of: groupColumn) {
                hasGroups = true
                let name = value.string ?? String(decoding: value.bytes[value.range], as: UTF8.self)
                let isNew = groups[name] == nil && groups.count >= Self.groupsMax
                groups[isNew ? Self.otherGroups : name, default: MarginStatistics()].add(margin)
            }
        }
        if let groupColumn, !hasGroups {
            throw FileError(path: path, problem: "no annotated row has the column \(groupColumn.quoted)")
        }
        guard margins.count > 0 else { return }
        histogram = Histogram(range: margins.minimum...margins.maximum, binCount: binCount)
        try Self.forEachRow(of: path) { line, object, margin in
            histogram.add(margin)
            keep(ShownRow(line: line, margin: margin, object: object), rowsShown)
        }
    }

    private static func forEachRow(
        of path: String, _ body: (_ line: Int, _ object: JSONObject, _ margin: Double) throws -> Void
    ) throws {
        var rows = try RowSource(path: path, container: .json, maxRowBytes: 1 << 30)
        while let row = try rows.next() {
            guard case .object(let object) = row.original else {
                throw FileError(
                    path: path, problem: "line \(row.line): \(row.problem.map { "\($0)" } ?? "no object")")
            }
            guard let margin = object.value(of: OutputColumn.margin.rawValue)?.number else {
                throw FileError(
                    path: path,
                    problem: """
                        line \(row.line): expected the column "margin" with a number, found the columns \
                        \(object.members.map(\.key).listed)
                        """)
            }
            try body(row.line, object, margin)
        }
    }

    private mutating func keep(_ row: ShownRow, _ count: Int) {
        Self.insert(row, into: &highest, count) { $0.margin > $1.margin }
        Self.insert(row, into: &lowest, count) { $0.margin < $1.margin }
    }

    private static func insert(
        _ row: ShownRow, into rows: inout [ShownRow], _ count: Int, precedes: (ShownRow, ShownRow) -> Bool
    ) {
        let position = rows.firstIndex { precedes(row, $0) } ?? rows.count
        guard position < count else { return }
        rows.insert(row, at: position)
        if rows.count > count { rows.removeLast() }
    }
}

extension MarginOverview {
    package var text: String {
        let otherRows = errors?.overview.rows ?? 0
        var lines = ["\(path): \(margins.count) rows with a margin, \(otherRows) in the errors file"]
        if margins.count > 0 { lines += marginLines }
        if let errors { lines += ["", "IN THE ERRORS FILE (\(errors.path))"] + errors.overview.table }
        return lines.joined(separator: "\n") + "\n"
    }

    private var marginLines: [String] {
        var lines = [
            """
            mean \(margins.mean.rounded(toPlaces: 4)), standard deviation \
            \(margins.standardDeviation.rounded(toPlaces: 4)); \(margins.positiveShare.percent) of the margins are above 0
            """
        ]
        lines += ["", "DISTRIBUTION"] + distribution
        if let groupColumn { lines += ["", "MEAN MARGIN BY \(groupColumn)"] + groupTable }
        if !highest.isEmpty {
            lines += ["", "MOST SEPARATED (the chosen response is safer by far)"] + highest.flatMap(\.text)
            lines += ["", "LEAST SEPARATED (or the other way round)"] + lowest.flatMap(\.text)
        }
        return lines
    }

    private var distribution: [String] {
        let largest = histogram.counts.max() ?? 0
        return histogram.counts.indices.map { bin in
            let bounds = histogram.bounds(of: bin)
            let count = histogram.counts[bin]
            let bar = String(repeating: "█", count: largest > 0 ? (count * 40 + largest - 1) / largest : 0)
            return "\(Self.column(bounds.lowerBound)) …\(Self.column(bounds.upperBound))  \(bar) \(count)"
        }
    }

    private var groupTable: [String] {
        // Numbers first, in their order, then texts.
        let names = groups.keys.sorted { left, right in
            (Self.number(left), left) < (Self.number(right), right)
        }
        let rows = names.map { name in
            let group = groups[name] ?? MarginStatistics()
            return [
                name.excerpt(), "\(group.count)", "\(group.mean.rounded(toPlaces: 4))",
                "\(group.positiveShare.percent)",
            ]
        }
        return TextTable.lines([["VALUE", "ROWS", "MEAN", "ABOVE 0"]] + rows)
    }

    private static func number(_ name: String) -> Double {
        guard let number = Double(name), !number.isNaN else { return .infinity }
        return number
    }

    private static func column(_ value: Double) -> String {
        let text = "\(value.rounded(toPlaces: 3))"
        return String(repeating: " ", count: max(0, 10 - text.count)) + text
    }
}

extension MarginOverview.ShownRow {
    fileprivate init(line: Int, margin: Double, object: JSONObject) {
        func excerpt(_ column: String) -> String {
            guard let value = object.value(of: column) else { return "" }
            return value.string ?? String(decoding: value.bytes[value.range], as: UTF8.self)
        }
        self.init(
            line: line, margin: margin, prompt: excerpt("prompt"), chosen: excerpt("chosen"),
            rejected: excerpt("rejected"))
    }

    fileprivate var text: [String] {
        ["  \(margin.rounded(toPlaces: 4))  line \(line)"]
            + [("prompt", prompt), ("chosen", chosen), ("rejected", rejected)].filter { !$0.1.isEmpty }
            .map { "    \($0.0): \($0.1.lineExcerpt)" }
    }
}

extension String {
    /// The beginning of the text on one line; the end for what is long, since transcripts differ there.
    fileprivate var lineExcerpt: String {
        let flat = split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard flat.count > 100 else { return flat.excerpt(scalars: .max) }
        let (start, end) = (String(flat.prefix(40)), String(flat.suffix(56)))
        return "\(start.excerpt(scalars: .max)) … \(end.excerpt(scalars: .max))"
    }
}
