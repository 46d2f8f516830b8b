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

    /// What the response columns hold, in every row of a file: a column of several types cannot be loaded by others.
    enum Shape: Hashable, Sendable {
        /// Texts, which may be transcripts that begin with the prompt.
        case texts
        case transcripts
        case messages
    }

    var prompt: Prompt
    var responses: Responses
    var shape: Shape
    var ignoredColumns: [String]
    var promptInResponses: DatasetOptions.PromptInResponses
    /// Where the configuration says how such rows are read.
    var configurationSection: String

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
    /// The layouts that columns which the configuration names may have; none if a refusal is needed and none is
    /// configured.
    static func layouts(of columns: DatasetColumns, options: DatasetOptions) -> [RowLayout] {
        let responses: Responses
        if let preferred = columns.preferred {
            responses = .columns(preferred: preferred, other: columns.other)
        } else if let refusal = options.refusal {
            responses = .refusal(refusal, other: columns.other)
        } else {
            return []
        }
        let shapes: [Shape] = columns.prompt == nil ? [.transcripts, .messages] : [.texts, .messages]
        return shapes.map { shape in
            RowLayout(columns.prompt.map { .column($0) } ?? .inResponses, responses, shape, options)
        }
    }

    /// The layouts of a known format; none if a refusal is needed and none is configured.
    static func layouts(of format: DatasetFormat, options: DatasetOptions) -> [RowLayout] {
        let preferences = Responses.columns(preferred: "chosen", other: "rejected")
        switch format {
        case .preference: return [RowLayout(.known, preferences, .texts, options)]
        case .conversational: return [RowLayout(.known, preferences, .messages, options)]
        case .sharegpt:
            let prompt = Prompt.column(PromptColumn.conversations.rawValue)
            return [.messages, .texts].map { RowLayout(prompt, preferences, $0, options) }
        case .hh: return [RowLayout(.inResponses, preferences, .transcripts, options)]
        case .pku:
            let ranked = Responses.ranked("response_0", "response_1", safer: "safer_response_id")
            return [RowLayout(.known, ranked, .texts, options)]
        case .anchors:
            return [RowLayout(.known, .columns(preferred: "harmless", other: "harmful"), .texts, options)]
        case .harmful:
            return options.refusal.map { [RowLayout(.known, .refusal($0, other: "harmful"), .texts, options)] } ?? []
        }
    }

    private init(_ prompt: Prompt, _ responses: Responses, _ shape: Shape, _ options: DatasetOptions) {
        self.prompt = prompt
        self.responses = responses
        self.shape = shape
        ignoredColumns = options.ignoredColumns
        promptInResponses = options.promptInResponses
        configurationSection = options.purpose.configurationSection
    }

    /// Of a file without rows: any serves.
    static func ofNoRows(_ options: DatasetOptions) -> RowLayout {
        RowLayout(.inResponses, .columns(preferred: "chosen", other: "rejected"), .transcripts, options)
    }

    /// Whether the row has the columns without which no row can be read.
    func columnsExist(in row: OriginalRow) -> Bool {
        guard configuredColumns.allSatisfy({ row.value(of: $0) != nil }) else { return false }
        guard prompt == .known, shape != .messages else { return true }
        return PromptColumn.allCases.contains { row.value(of: $0.rawValue) != nil }
    }
}
