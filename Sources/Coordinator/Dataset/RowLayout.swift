/// Where the prompt and the responses of a file's rows are, decided once for the whole file.
struct RowLayout: Hashable, Sendable {
    enum Prompt: Hashable, Sendable {
        /// The responses begin with it; a column of it is not looked for.
        case inResponses
        /// Whichever of ``PromptColumn`` the row has; messages that have none begin with it.
        case known
        /// A column that the configuration names.
        case column(String)
    }

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
        /// Texts, which may be transcripts that begin with the prompt.
        case texts
        case transcripts
        case messages
        /// Columns that the configuration names may hold any of these.
        case any
    }

    var prompt: Prompt
    var responses: Responses
    var shape: Shape
    var ignoredColumns: [String] = []
    var promptInResponses = DatasetOptions.PromptInResponses.keep
    /// Where the configuration says how such rows are read.
    var configurationSection = RowPurpose.row.configurationSection

    var responseColumns: [String] {
        switch responses {
        case .columns(let preferred, let other): [preferred, other]
        case .refusal(_, let other): [other]
        case .ranked(let first, let second, let safer): [first, second, safer]
        }
    }

    /// Columns that the configuration names.
    private var configuredColumns: [String] {
        if case .column(let name) = prompt { [name] + responseColumns } else { responseColumns }
    }
}

extension RowLayout {
    /// The layout of columns that the configuration names; nil if a refusal is needed and none is configured.
    init?(columns: DatasetColumns, options: DatasetOptions) {
        if let preferred = columns.preferred {
            responses = .columns(preferred: preferred, other: columns.other)
        } else if let refusal = options.refusal {
            responses = .refusal(refusal, other: columns.other)
        } else {
            return nil
        }
        prompt = columns.prompt.map { .column($0) } ?? .inResponses
        shape = .any
        take(options)
    }

    /// The layout of a known format; nil if a refusal is needed and none is configured.
    init?(_ format: DatasetFormat, options: DatasetOptions) {
        prompt = format == .hh ? .inResponses : .known
        switch format {
        case .preference:
            responses = .columns(preferred: "chosen", other: "rejected")
            shape = .texts
        case .conversational:
            responses = .columns(preferred: "chosen", other: "rejected")
            shape = .messages
        case .sharegpt:
            prompt = .column(PromptColumn.conversations.rawValue)
            responses = .columns(preferred: "chosen", other: "rejected")
            shape = .any
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
            guard let refusal = options.refusal else { return nil }
            responses = .refusal(refusal, other: "harmful")
            shape = .texts
        }
        take(options)
    }

    private mutating func take(_ options: DatasetOptions) {
        ignoredColumns = options.ignoredColumns
        promptInResponses = options.promptInResponses
        configurationSection = options.purpose.configurationSection
    }

    /// Whether the row has the columns without which no row can be read.
    func columnsExist(in row: OriginalRow) -> Bool {
        guard configuredColumns.allSatisfy({ row.value(of: $0) != nil }) else { return false }
        guard prompt == .known, shape != .messages else { return true }
        return PromptColumn.allCases.contains { row.value(of: $0.rawValue) != nil }
    }
}
