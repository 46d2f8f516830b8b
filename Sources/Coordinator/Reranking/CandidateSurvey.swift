internal import Dataset
internal import Diagnostics

/// What is known of all candidates before one of them is scored.
struct CandidateSurvey {
    /// Those of all rows, in the order in which they come.
    private(set) var columns: [String] = []

    /// Whether the columns have types, which a Parquet file needs.
    let hasSchema: Bool

    /// Rows whose label says 0 or 1, and the first other value of that column.
    private var labelledRows = 0
    private var otherLabel: String?

    /// - Parameter label: the column that a person named.
    /// - Throws: `FileError`.
    init(_ path: String, _ options: DatasetOptions, label: String?) throws {
        var reader = try DatasetReader(path: path, options: options)
        hasSchema = reader.schema != nil
        var known: Set<String> = []
        while let record = try reader.next() {
            for name in record.columnNames where known.insert(name).inserted { columns.append(name) }
            guard let label, let value = record.original.value(of: label) else { continue }
            if value.name.flatMap(Self.label) != nil {
                labelledRows += 1
            } else if otherLabel == nil {
                otherLabel = value.name?.quoted ?? value.kindWords
            }
        }
    }

    /// Why the column that a person named has no labels; nil where it has, or nobody named one.
    func labelProblem(in column: String?) -> String? {
        guard let column, !columns.isEmpty else { return nil }
        guard columns.contains(column) else {
            return "there is no column \(column.quoted) (columns: \(columns.joined(separator: ", ")))"
        }
        guard labelledRows == 0, let otherLabel else { return nil }
        return "\(column.quoted): expected 0 or 1, or false or true, found \(otherLabel) and nothing of these"
    }

    /// 1 of a response that has the label, 0 of another; nil of what is no label.
    static func label(_ name: String) -> Double? {
        switch name.lowercased() {
        case "1", "1.0", "true": 1
        case "0", "0.0", "false": 0
        default: nil
        }
    }
}
