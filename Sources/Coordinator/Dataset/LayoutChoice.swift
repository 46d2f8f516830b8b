internal import Diagnostics
internal import FileSystem
internal import JSON

/// Decides how a file's rows are laid out, from the configuration and a first look at the rows: most of them decide, so
/// that a few odd ones do not.
struct LayoutChoice {
    /// How many readable rows are looked at.
    static let probedRows = 256

    let layout: RowLayout
    /// Nil if the configuration names the columns, or if the file has no rows.
    let format: DatasetFormat?
    /// Columns of the first row that could be read that mean nothing in the layout.
    let unreadColumns: [String]

    /// Responses are read without prompts of any length if that share of the first rows has them, on both sides.
    private static let repeatedShare = 0.9

    /// - Throws: ``FileError`` if no probed row has the columns that are looked for.
    init(path: String, container: DatasetContainer, options: DatasetOptions) throws(FileError) {
        var candidates = try Self.candidates(path: path, options: options)
        var first: OriginalRow?
        var firstProblem: (line: Int, problem: RowProblem)?
        try Self.forEachProbedRow(path, container, options) { row in
            if let problem = row.problem {
                firstProblem = firstProblem ?? (row.line, problem)
                return
            }
            first = first ?? row.original
            Self.add(Self.found(in: row.original, options), to: &candidates)
            for index in candidates.indices { candidates[index].look(at: row.original) }
        }
        if let best = Self.best(of: candidates) {
            format = best.format
            layout = best.decidedLayout(repeatedShare: Self.repeatedShare)
            unreadColumns = best.firstRead.map(best.layout.unreadColumns) ?? []
            return
        }
        if let first {
            let expected = Self.requirements(options).joined(separator: "; ")
            throw FileError(
                path: path,
                problem: """
                    no format fits. Found the columns: \(first.columnNames.listed). Expected \(expected)\
                    \(Self.advice(for: first) ?? Self.columnsAdvice(options))
                    """)
        }
        if let firstProblem {
            throw FileError(
                path: path,
                problem: """
                    no row can be read; the first, on line \(firstProblem.line): \(firstProblem.problem)\
                    \(Self.advice(for: firstProblem.problem))
                    """)
        }
        layout = .ofNoRows(options)
        format = nil
        unreadColumns = []
    }

    /// The reader begins again after this: looking ahead keeps no rows.
    private static func forEachProbedRow(
        _ path: String, _ container: DatasetContainer, _ options: DatasetOptions, _ body: (RowSource.Row) -> Void
    ) throws(FileError) {
        var rows = try RowSource(path: path, container: container, maxRowBytes: options.maxRowBytes)
        var readable = 0
        while readable < probedRows, let row = try rows.next() {
            if row.problem == nil { readable += 1 }
            body(row)
        }
    }

    /// The first of those with the most evidence; nil where there is none for any.
    private static func best(of candidates: [Candidate]) -> Candidate? {
        var best: Candidate?
        for candidate in candidates where candidate.evidence > best?.evidence ?? (0, 0, 0) { best = candidate }
        return best
    }
}

// MARK: - Candidates

extension LayoutChoice {
    private struct Candidate {
        var format: DatasetFormat?
        var layout: RowLayout
        /// Rows that can be read, rows whose responses are of the right kind, and rows that have the columns.
        var evidence = (read: 0, kinds: 0, columns: 0)
        var firstRead: OriginalRow?
        /// Rows whose responses begin with their prompt, and the bytes of those prompts.
        var repeated = (rows: 0, bytes: 0)

        func isOfSameLayout(as other: Candidate) -> Bool {
            format == other.format && layout.shape == other.layout.shape
                && layout.responses.columns == other.layout.responses.columns
                && layout.responses.ranking == other.layout.responses.ranking
        }

        mutating func look(at row: OriginalRow) {
            guard layout.columnsExist(in: row) else { return }
            let reading = RowReading(layout: layout, row: row)
            evidence.columns += 1
            guard reading.kindsFit else { return }
            evidence.kinds += 1
            guard let (pair, repetition) = try? reading.read() else { return }
            evidence.read += 1
            firstRead = firstRead ?? row
            if repetition == .both || repetition == .bothShort {
                repeated.rows += 1
                repeated.bytes += pair.prompt.messages.last?.content.utf8.count ?? 0
            }
        }

        func decidedLayout(repeatedShare: Double) -> RowLayout {
            var layout = layout
            let isRepeated =
                Double(repeated.rows) >= repeatedShare * Double(evidence.read)
                && repeated.bytes >= RowLayout.longPromptBytes
            if layout.promptInResponses == .auto, isRepeated { layout.promptInResponses = .strip }
            return layout
        }
    }

    private static func candidates(path: String, options: DatasetOptions) throws(FileError) -> [Candidate] {
        let layouts: [(DatasetFormat?, RowLayout)] =
            if let columns = options.columns {
                RowLayout.layouts(of: columns, options: options).map { (nil, $0) }
            } else {
                formats(options).flatMap { format in format.layouts(options).map { (format, $0) } }
            }
        guard !layouts.isEmpty || options.columns == nil && options.format?.layoutsOfRow != nil else {
            if options.columns == nil, let format = options.format, format.name != DatasetFormat.harmful.name {
                throw FileError(
                    path: path,
                    problem: """
                        the format \(format.name.quoted) has no layout for these rows: expected one at least, found none
                        """)
            }
            throw FileError(
                path: path,
                problem: "the harmful responses have no harmless ones beside them: "
                    + "expected a configured refusal, found none")
        }
        return layouts.map { Candidate(format: $0.0, layout: $0.1) }
    }

    /// Those of formats that have more than can all be tried.
    private static func found(in row: OriginalRow, _ options: DatasetOptions) -> [Candidate] {
        guard options.columns == nil else { return [] }
        return formats(options).flatMap { format in
            format.layoutsOfRow?(row, options).map { Candidate(format: format, layout: $0) } ?? []
        }
    }

    /// Adds those that are new: no row before had their columns.
    private static func add(_ found: [Candidate], to candidates: inout [Candidate]) {
        for candidate in found where !candidates.contains(where: { $0.isOfSameLayout(as: candidate) }) {
            candidates.append(candidate)
        }
    }

    /// What would have fitted, for a message.
    private static func requirements(_ options: DatasetOptions) -> [String] {
        if let columns = options.columns {
            let ranked = columns.ranked.map { [$0.responses.description, $0.judgement.name] } ?? []
            let names = ([columns.prompt, columns.preferred, columns.other].compactMap(\.self) + ranked)
                .filter { !$0.isEmpty }.map(\.quoted)
            return ["the configured columns \(names.joined(separator: ", "))"]
        }
        return formats(options).map(\.requirement)
    }

    private static func formats(_ options: DatasetOptions) -> [DatasetFormat] {
        options.format.map { [$0] } ?? options.formats.candidates(for: options.purpose)
    }
}

// MARK: - What a person may do

extension LayoutChoice {
    /// Files of one object, whose rows are inside it.
    private static func advice(for row: OriginalRow) -> String? {
        guard case .object(let object) = row else { return nil }
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
        return nil
    }

    private static func columnsAdvice(_ options: DatasetOptions) -> String {
        options.columns == nil
            ? ". Columns of other names can be named in \(options.purpose.configurationSection).columns" : ""
    }

    /// JSON over several lines that is no array.
    private static func advice(for problem: RowProblem) -> String {
        guard case .invalidJSON(let error) = problem, error.problem.hasSuffix("the end of the line") else { return "" }
        return ". Expected one JSON object on each line, or one array of objects; `jq -c .` writes a value on each line"
    }
}
