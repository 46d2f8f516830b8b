/// Where the prompt and the responses of a file's rows are, decided once for the whole file.
struct RowLayout: Hashable, Sendable {
    enum Responses: Hashable, Sendable {
        /// In a column each.
        case columns(preferred: String, other: String)
        /// The preferred one is the same everywhere.
        case refusal(String, other: String)
        /// In two columns, with a third one that holds 0 or 1: the safer of them.
        case ranked(String, String, safer: String)
    }

    /// What the response columns hold.
    enum Shape: Hashable, Sendable {
        case texts
        case transcripts
        case messages
        /// Columns that the configuration names may hold any of these.
        case any
    }

    /// Nil: there is no such column, the responses begin with the prompt.
    var prompt: String?
    var responses: Responses
    var shape: Shape

    var responseColumns: [String] {
        switch responses {
        case .columns(let preferred, let other): [preferred, other]
        case .refusal(_, let other): [other]
        case .ranked(let first, let second, let safer): [first, second, safer]
        }
    }

    /// Columns without which no row can be read.
    var requiredColumns: [String] {
        (shape == .messages ? [] : [prompt].compactMap(\.self)) + responseColumns
    }
}

extension RowLayout {
    /// The layout of columns that the configuration names; nil if a refusal is needed and none is configured.
    init?(columns: DatasetColumns, refusal: String?) {
        if let preferred = columns.preferred {
            responses = .columns(preferred: preferred, other: columns.other)
        } else if let refusal {
            responses = .refusal(refusal, other: columns.other)
        } else {
            return nil
        }
        prompt = columns.prompt
        shape = .any
    }

    /// The layout of a known format; nil if a refusal is needed and none is configured.
    init?(_ format: DatasetFormat, prompt: String, refusal: String?) {
        self.prompt = format == .hh ? nil : prompt
        switch format {
        case .preference:
            responses = .columns(preferred: "chosen", other: "rejected")
            shape = .texts
        case .conversational:
            responses = .columns(preferred: "chosen", other: "rejected")
            shape = .messages
        case .hh:
            responses = .columns(preferred: "chosen", other: "rejected")
            shape = .transcripts
        case .pku:
            responses = .ranked("response_0", "response_1", safer: "safer_response_id")
            shape = .texts
        case .anchors:
            responses = .columns(preferred: "harmless", other: "harmful")
            shape = .texts
        case .harmful:
            guard let refusal else { return nil }
            responses = .refusal(refusal, other: "harmful")
            shape = .texts
        }
    }

    /// The layout of a known format whose columns that row has, or nil.
    init?(_ format: DatasetFormat, in row: OriginalRow, refusal: String?) {
        let promptNames = format == .conversational ? ["prompt"] : ["prompt", "input", "question"]
        let prompt = promptNames.first { row.value(of: $0) != nil } ?? promptNames[0]
        guard let layout = RowLayout(format, prompt: prompt, refusal: refusal), layout.columnsExist(in: row) else {
            return nil
        }
        self = layout
    }

    func columnsExist(in row: OriginalRow) -> Bool {
        requiredColumns.allSatisfy { row.value(of: $0) != nil }
    }

    /// Whether the response columns hold what the shape says, as far as a first look tells: lists, or no lists.
    func typesFit(in row: OriginalRow) -> Bool {
        let hasList = responseColumns.contains { row.value(of: $0)?.isArray == true }
        return hasList == (shape == .messages)
    }
}
