internal import JSON

/// Where the prompt and the responses of a file's rows are, decided once for the whole file.
package struct RowLayout: Sendable {
    package enum Prompt: Hashable, Sendable {
        /// The responses begin with it; a column of it is not looked for.
        case inResponses
        /// Whichever of ``PromptColumn`` the row has; messages that have none begin with it.
        case known
        /// A column that the configuration names.
        case column(String)
    }

    /// What each response is, in every row of a file: a column of several types cannot be loaded by others.
    package enum Shape: Hashable, Sendable {
        /// Texts, which may be transcripts that begin with the prompt.
        case texts
        case transcripts
        /// Lists of messages.
        case messages
        /// A message each.
        case message
        /// Texts that were lists of messages, or one, and are still JSON.
        case serialized

        /// The JSON type of the responses, and what they should be, in words.
        var kind: JSONValue.Kind {
            switch self {
            case .texts, .transcripts, .serialized: .string
            case .messages: .array
            case .message: .object
            }
        }

        var words: String {
            switch self {
            case .texts, .transcripts: "a string"
            case .messages: "a list of messages"
            case .message: "a message"
            case .serialized: "a list of messages as JSON text"
            }
        }

        /// Whether the prompt may be in the responses.
        var mayHoldPrompt: Bool { self != .texts && self != .message }
    }

    var prompt: Prompt
    var responses: any ResponseSource
    var shape: Shape
    /// Columns without which the row is of another layout, besides the responses'.
    var requiredColumns: [String] = []
    /// Columns with which the row is of another layout, even where they are empty: that is then what is wrong with it.
    var foreignColumns: [String] = []
    /// Columns that the layout passes over, so that they must say nothing; and what they would say, for messages.
    var excludedColumns: [String] = []
    var excludedMeaning = ""
    var ignoredColumns: [String]
    var promptInResponses: DatasetOptions.PromptInResponses
    var readsTools: Bool
    /// Where the configuration says how such rows are read.
    var configurationSection: String

    /// - Parameters:
    ///   - shape: of each response.
    ///   - options: those for which a format is asked for its layouts.
    package init(_ prompt: Prompt, _ responses: any ResponseSource, _ shape: Shape, _ options: DatasetOptions) {
        self.prompt = prompt
        self.responses = responses
        self.shape = shape
        ignoredColumns = options.ignoredColumns
        promptInResponses = options.promptInResponses
        readsTools = options.readsTools
        configurationSection = options.purpose.configurationSection
    }
}

extension RowLayout {
    /// Responses may return a shorter prompt, such as a greeting, without repeating it.
    static let longPromptBytes = 32

    /// The layouts that columns which the configuration names may have; none if a refusal is needed and none is
    /// configured.
    static func layouts(of columns: DatasetColumns, options: DatasetOptions) -> [RowLayout] {
        if options.purpose == .prompt {
            guard let prompt = columns.prompt else { return [] }
            var layout = RowLayout(.column(prompt), NoResponses(), .texts, options)
            layout.requiredColumns = [prompt]
            return [layout]
        }
        if options.purpose == .candidate {
            let prompt = columns.prompt.map { Prompt.column($0) } ?? .known
            var layout = RowLayout(prompt, SingleColumn(column: columns.other), .texts, options)
            layout.requiredColumns = [columns.prompt].compactMap(\.self)
            return [layout]
        }
        if let ranked = columns.ranked {
            let source = RankedResponses(
                responses: ranked.responses, judgement: ranked.judgement, rule: options.pairs)
            return [Shape.texts, .messages, .message].map { shape in
                var layout = RowLayout(columns.prompt.map { .column($0) } ?? .known, source, shape, options)
                layout.requiredColumns = [columns.prompt].compactMap(\.self)
                return layout
            }
        }
        let responses: any ResponseSource
        if let preferred = columns.preferred {
            responses = ColumnPair(preferred: preferred, other: columns.other)
        } else if let refusal = options.refusal {
            responses = RefusedColumn(refusal: refusal, other: columns.other)
        } else {
            return []
        }
        let shapes: [Shape] =
            columns.prompt == nil ? [.transcripts, .messages, .serialized] : [.texts, .messages, .message]
        return shapes.map { shape in
            var layout = RowLayout(columns.prompt.map { .column($0) } ?? .inResponses, responses, shape, options)
            layout.requiredColumns = [columns.prompt].compactMap(\.self)
            return layout
        }
    }

    /// Of a file without rows: any serves.
    static func ofNoRows(_ options: DatasetOptions) -> RowLayout {
        RowLayout(.inResponses, ColumnPair.chosenAndRejected, .transcripts, options)
    }

    /// Whether the row has the columns without which no row can be read.
    func columnsExist(in row: OriginalRow) -> Bool {
        guard (requiredColumns + responses.columns).allSatisfy({ row.value(of: $0) != nil }) else { return false }
        guard foreignColumns.allSatisfy({ row.value(of: $0)?.kind ?? .null == .null }) else { return false }
        return prompt != .known || shape.mayHoldPrompt
            || PromptColumn.allCases.contains { row.value(of: $0.rawValue) != nil }
    }

    /// The row's columns that mean nothing in this layout.
    func unreadColumns(of row: OriginalRow) -> [String] {
        var read = Set(responses.columns + requiredColumns + OtherColumn.system + [OtherColumn.history])
        if prompt == .known { read.formUnion(PromptColumn.allCases.map(\.rawValue)) }
        if prompt == .column(PromptColumn.instruction.rawValue) { read.insert(PromptColumn.input.rawValue) }
        return row.columnNames.filter { !read.contains($0) || ignoredColumns.contains($0) }
    }
}
