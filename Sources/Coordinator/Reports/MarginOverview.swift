internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import JSON
internal import Margins

/// What a person wants to see of an annotated file, and of the errors file beside it. Reads the former twice, in constant
/// memory.
package struct MarginOverview: Sendable {
    private let path: String
    /// nil where there is no errors file: all rows have a margin.
    private let errors: (path: String, overview: ErrorOverview)?
    private var margins = MarginStatistics()
    private var groups: [String: MarginStatistics] = [:]
    private var histogram: Histogram
    private var highest: LeadingRows
    private var lowest: LeadingRows
    private let groupColumn: String?

    /// Groups beyond this are counted together.
    private static let groupsMax = 50
    private static let otherGroups = "(others)"
    private static let textLength = RowTexts.Length(start: 44, end: 56)

    /// - Parameter errorsPath: nil where there is no such file.
    /// - Throws: `FileError` where a file cannot be read, or a row has no margin.
    package init(path: String, errorsPath: String?, rowsShown: Int, binCount: Int, groupColumn: String?) throws {
        self.path = path
        errors = try errorsPath.map { ($0, try ErrorOverview(path: $0)) }
        self.groupColumn = groupColumn
        histogram = Histogram(range: 0...0, binCount: binCount)
        highest = LeadingRows(rowsShown) { (-$0.margin, 0) }
        lowest = LeadingRows(rowsShown) { ($0.margin, 0) }
        let file = AnnotatedFile(path: path)
        let texts = RowTexts(file: file, length: Self.textLength)
        var hasGroups = false
        try file.forEachRow { row in
            margins.add(row.margin)
            highest.offer(row, texts)
            lowest.offer(row, texts)
            if let groupColumn, let value = row.object.value(of: groupColumn) {
                hasGroups = true
                let name = value.text
                let isNew = groups[name] == nil && groups.count >= Self.groupsMax
                groups[isNew ? Self.otherGroups : name, default: MarginStatistics()].add(row.margin)
            }
        }
        if let groupColumn, !hasGroups {
            throw FileError(path: path, problem: "no annotated row has the column \(groupColumn.quoted)")
        }
        guard margins.count > 0 else { return }
        histogram = Histogram(range: margins.minimum...margins.maximum, binCount: binCount)
        try file.forEachRow { histogram.add($0.margin) }
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
        if !highest.rows.isEmpty {
            lines += ["", "MOST SEPARATED (the chosen response is safer by far)"] + highest.rows.flatMap(\.lines)
            lines += ["", "LEAST SEPARATED (or the other way round)"] + lowest.rows.flatMap(\.lines)
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
        let rows = Array(groups.keys).sortedAsValues.map { name in
            let group = groups[name] ?? MarginStatistics()
            return [
                name.excerpt(), "\(group.count)", "\(group.mean.rounded(toPlaces: 4))",
                "\(group.positiveShare.percent)",
            ]
        }
        return TextTable.lines([["VALUE", "ROWS", "MEAN", "ABOVE 0"]] + rows)
    }

    private static func column(_ value: Double) -> String {
        let text = "\(value.rounded(toPlaces: 3))"
        return String(repeating: " ", count: max(0, 10 - text.count)) + text
    }
}

extension ShownRow {
    fileprivate var lines: [String] {
        ["  \(margin.rounded(toPlaces: 4))  line \(line)"] + texts.map { "    \($0.name): \($0.excerpt)" }
    }
}
