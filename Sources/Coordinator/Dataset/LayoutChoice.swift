/// Decides how a file's rows are laid out, from the configuration and a first look at the rows: most of them decide, so
/// that a few odd ones do not.
struct LayoutChoice {
    /// How many readable rows are looked at.
    static let probedRows = 256

    let layout: RowLayout
    /// Nil if the configuration names the columns, or if the file has no rows.
    let format: DatasetFormat?
    /// Of the rows looked at, those whose responses begin with their prompt, and how many were looked at; nil unless that
    /// decided something.
    private(set) var repeatedPrompts: (rows: Int, of: Int)?

    /// Responses are read without their prompts if that share of the first rows has them, on both sides, …
    private static let repeatedShare = 0.9
    /// … and they are, together, more than a greeting that both answers return.
    private static let repeatedBytesMin = 32

    /// - Throws: ``DatasetError`` if no probed row has the columns that are looked for.
    init(path: String, container: DatasetContainer, options: DatasetOptions) throws(DatasetError) {
        var candidates = try Self.candidates(path: path, options: options)
        var first: (line: Int, row: OriginalRow)?
        var firstProblem: (line: Int, problem: RowProblem)?
        try Self.forEachProbedRow(path, container, options) { row in
            if let problem = row.problem {
                firstProblem = firstProblem ?? (row.line, problem)
                return
            }
            first = first ?? (row.line, row.original)
            for index in candidates.indices { candidates[index].look(at: row.original) }
        }
        // The first of the best.
        let best = candidates.reduce(candidates[0]) { $1.evidence > $0.evidence ? $1 : $0 }
        if best.evidence.columns > 0, let bestLayout = best.layout {
            (layout, repeatedPrompts) = try Self.decidingPromptInResponses(bestLayout, path, container, options)
            format = best.format
            return
        }
        if let first {
            let expected = candidates.map(\.requirement).joined(separator: "; ")
            throw DatasetError(
                path: path,
                problem: """
                    no format fits. Found the columns: \(first.row.columnNames.listed). Expected \(expected)\
                    \(Self.advice(for: first.row))
                    """)
        }
        if let firstProblem {
            throw DatasetError(
                path: path,
                problem: """
                    no row can be read; the first, on line \(firstProblem.line): \(firstProblem.problem)\
                    \(Self.advice(for: firstProblem.problem))
                    """)
        }
        // No rows: any layout serves.
        layout = RowLayout(
            prompt: .inResponses, responses: .columns(preferred: "chosen", other: "rejected"), shape: .any)
        format = nil
    }

    /// The reader begins again after this: looking ahead keeps no rows.
    private static func forEachProbedRow(
        _ path: String, _ container: DatasetContainer, _ options: DatasetOptions, _ body: (RowSource.Row) -> Void
    ) throws(DatasetError) {
        var rows = try RowSource(path: path, container: container, maxRowBytes: options.maxRowBytes)
        var readable = 0
        while readable < probedRows, let row = try rows.next() {
            if row.problem == nil { readable += 1 }
            body(row)
        }
    }

    private static func decidingPromptInResponses(
        _ layout: RowLayout, _ path: String, _ container: DatasetContainer, _ options: DatasetOptions
    ) throws(DatasetError) -> (RowLayout, (rows: Int, of: Int)?) {
        guard options.promptInResponses == .auto else { return (layout, nil) }
        var (rows, repeating, bytes) = (0, 0, 0)
        try forEachProbedRow(path, container, options) { row in
            guard row.problem == nil else { return }
            let reading = RowReading(layout: layout, row: row.original)
            guard (try? reading.responsePair()) != nil else { return }
            rows += 1
            guard let repeated = reading.repeatedPromptBytes else { return }
            repeating += 1
            bytes += repeated
        }
        guard Double(repeating) >= repeatedShare * Double(rows), bytes >= repeatedBytesMin else { return (layout, nil) }
        var layout = layout
        layout.promptInResponses = .strip
        return (layout, (repeating, rows))
    }
}

// MARK: - Candidates

extension LayoutChoice {
    private struct Candidate {
        var format: DatasetFormat?
        var requirement: String
        /// Nil where it needs a refusal, and none is configured.
        var layout: RowLayout?
        /// Rows that can be read, rows whose responses are of the right kind, and rows that have the columns.
        var evidence = (read: 0, kinds: 0, columns: 0)
        var isConfigured: Bool

        mutating func look(at row: OriginalRow) {
            guard let layout, layout.columnsExist(in: row), isConfigured || !leavesOut(row, layout) else { return }
            let reading = RowReading(layout: layout, row: row)
            evidence.columns += 1
            if reading.kindsFit { evidence.kinds += 1 }
            if (try? reading.responsePair()) != nil { evidence.read += 1 }
        }

        /// Whether the format would pass over a column that means something in such a row.
        private func leavesOut(_ row: OriginalRow, _ layout: RowLayout) -> Bool {
            func isFilled(_ column: String) -> Bool {
                !layout.ignoredColumns.contains(column) && row.value(of: column)?.saysNothing == false
            }
            return switch format {
            case .hh: PromptColumn.allCases.contains { isFilled($0.rawValue) }
            case .sharegpt: PromptColumn.allCases.contains { $0 != .conversations && isFilled($0.rawValue) }
            case .harmful: isFilled("harmless")
            default: false
            }
        }
    }

    private static func candidates(path: String, options: DatasetOptions) throws(DatasetError) -> [Candidate] {
        if let columns = options.columns {
            guard let layout = RowLayout(columns: columns, options: options) else {
                throw DatasetError(path: path, problem: Self.missingRefusal)
            }
            let names = ([columns.prompt].compactMap(\.self) + layout.responseColumns).map(\.quoted)
            let requirement = "the configured columns \(names.joined(separator: ", "))"
            return [Candidate(format: nil, requirement: requirement, layout: layout, isConfigured: true)]
        }
        if options.format == .harmful, options.refusal == nil {
            throw DatasetError(path: path, problem: Self.missingRefusal)
        }
        let formats = options.format.map { [$0] } ?? DatasetFormat.candidates(for: options.purpose)
        return formats.map { format in
            Candidate(
                format: format, requirement: format.requirement, layout: RowLayout(format, options: options),
                isConfigured: options.format != nil)
        }
    }

    private static let missingRefusal =
        "the harmful responses have no harmless ones beside them: expected a configured refusal, found none"
}

// MARK: - What a person may do

extension LayoutChoice {
    /// Files of one object, whose rows are inside it.
    private static func advice(for row: OriginalRow) -> String {
        guard case .object(let object) = row else { return "" }
        let values = object.members.compactMap { object.value(of: $0.key) }
        let lists = object.members.filter { object.value(of: $0.key)?.elements?.first?.kind == .object }
        if let list = lists.first, lists.count == 1 {
            return """
                . \(list.key.quoted) holds a list of objects: if those are the rows, `jq -c '.[\(list.key.quoted)][]'` \
                makes JSON Lines of them
                """
        }
        if !values.isEmpty, values.allSatisfy({ $0.kind == .object || $0.kind == .array }) {
            return """
                . The file is one object of columns; pandas' to_json(orient="records", lines=True) writes rows
                """
        }
        return ""
    }

    /// JSON over several lines that is no array.
    private static func advice(for problem: RowProblem) -> String {
        guard case .invalidJSON(let error) = problem, error.problem.hasSuffix("the end of the line") else { return "" }
        return ". Expected one JSON object on each line, or one array of objects; `jq -c .` writes a value on each line"
    }
}
