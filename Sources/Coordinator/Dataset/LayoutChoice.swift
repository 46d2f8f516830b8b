/// Decides how a file's rows are laid out, from the configuration and a first look at the rows.
struct LayoutChoice {
    /// How many readable rows are looked at: one that lacks a column must not end a job.
    static let probedRows = 64

    let layout: RowLayout
    /// Nil if the configuration names the columns, or if the file has no rows.
    let format: DatasetFormat?

    /// - Throws: ``DatasetError`` if no probed row has the columns that are looked for.
    init(path: String, container: DatasetContainer, options: DatasetOptions) throws(DatasetError) {
        let candidates = try Self.candidates(path: path, options: options)
        // The reader begins again after this: looking ahead keeps no rows.
        var rows = try RowSource(path: path, container: container, maxRowBytes: options.maxRowBytes)
        var firstColumns: [String]?
        var firstProblem: (line: Int, problem: RowProblem)?
        var probed = 0
        while probed < Self.probedRows, let row = try rows.next() {
            if let problem = row.problem {
                firstProblem = firstProblem ?? (row.line, problem)
                continue
            }
            probed += 1
            firstColumns = firstColumns ?? row.original.columnNames
            for candidate in candidates {
                if let layout = candidate.layout(row.original) {
                    self.layout = layout
                    format = candidate.format
                    return
                }
            }
        }
        let expected = candidates.map(\.requirement).joined(separator: "; ")
        if let firstColumns {
            throw DatasetError(
                path: path, problem: "no format fits. Found the columns: \(firstColumns.listed). Expected \(expected)")
        }
        if let firstProblem {
            throw DatasetError(
                path: path,
                problem: "no row can be read; the first, on line \(firstProblem.line): \(firstProblem.problem)")
        }
        // No rows: any layout serves.
        layout = RowLayout(prompt: nil, responses: .columns(preferred: "chosen", other: "rejected"), shape: .any)
        format = nil
    }

    private struct Candidate {
        var format: DatasetFormat?
        var requirement: String
        /// The layout, if that row has it.
        var layout: (OriginalRow) -> RowLayout?
    }

    private static func candidates(path: String, options: DatasetOptions) throws(DatasetError) -> [Candidate] {
        if let columns = options.columns {
            guard let layout = RowLayout(columns: columns, refusal: options.refusal) else {
                throw DatasetError(path: path, problem: Self.missingRefusal)
            }
            let names = layout.requiredColumns.map(\.quoted).joined(separator: ", ")
            return [
                Candidate(format: nil, requirement: "the configured columns \(names)") {
                    layout.columnsExist(in: $0) ? layout : nil
                }
            ]
        }
        if options.format == .harmful, options.refusal == nil {
            throw DatasetError(path: path, problem: Self.missingRefusal)
        }
        let formats = options.format.map { [$0] } ?? DatasetFormat.candidates(for: options.purpose)
        return formats.map { format in
            Candidate(format: format, requirement: format.requirement) { row in
                let layout = RowLayout(format, in: row, refusal: options.refusal)
                // A format that the configuration names is believed; a wrong type is then an error of the row.
                return options.format != nil || layout?.typesFit(in: row) == true ? layout : nil
            }
        }
    }

    private static let missingRefusal =
        "the harmful responses have no harmless ones beside them: expected a configured refusal, found none"
}
