/// How a dataset is to be read.
package struct DatasetOptions: Hashable, Sendable {
    /// Whether responses that begin with their prompt are read without it.
    package enum PromptInResponses: String, CaseIterable, Sendable {
        /// Where (nearly) all of the first rows have it on both sides.
        case auto
        /// Wherever both of a row's responses begin with it.
        case strip
        /// Never: what the responses say is read as it stands.
        case keep
    }

    package var purpose: RowPurpose
    /// What can be read.
    package var containers = DatasetContainer.all
    /// Nil: the one of `containers` that the file's name belongs to.
    package var container: DatasetContainer?
    /// What can be recognised.
    package var formats = DatasetFormat.all
    /// Nil: the one of `formats` that the file's first rows have.
    package var format: DatasetFormat?
    /// Overrides `format`.
    package var columns: DatasetColumns?
    /// Columns that are not read, whatever a format makes of them.
    package var ignoredColumns: [String]
    package var promptInResponses: PromptInResponses
    /// Which pairs are made of rows with several responses.
    package var pairs: PairRule
    /// The harmless response of anchors that have none of their own.
    package var refusal: String?
    /// Rows with more bytes are not read, but come out as errors.
    package var maxRowBytes: Int
    /// Whether descriptions of tools are part of the prompt; else a row that has some is not read.
    package var readsTools = false
    /// What a row must be besides; nil: nothing.
    package var check: ConversationCheck?

    package init(
        purpose: RowPurpose, container: DatasetContainer? = nil, format: DatasetFormat? = nil,
        columns: DatasetColumns? = nil, ignoredColumns: [String] = [], promptInResponses: PromptInResponses = .auto,
        pairs: PairRule = .all, refusal: String? = nil, maxRowBytes: Int = 16 << 20
    ) {
        self.purpose = purpose
        self.container = container
        self.format = format
        self.columns = columns
        self.ignoredColumns = ignoredColumns
        self.promptInResponses = promptInResponses
        self.pairs = pairs
        self.refusal = refusal
        self.maxRowBytes = maxRowBytes
    }
}

/// What a row is used for.
package enum RowPurpose: String, Sendable {
    /// It helps to find the direction.
    case anchor
    /// It gets a margin.
    case row
    /// Responses to its prompt are generated.
    case prompt
    /// Its response is one of several to its prompt, which are ranked.
    case candidate

    /// The part of the configuration that says how such rows are read.
    var configurationSection: String {
        switch self {
        case .anchor: "anchors"
        case .row: "dataset"
        case .prompt: "induction"
        case .candidate: "rerank"
        }
    }
}

/// Columns that the configuration names, in place of a known format.
package struct DatasetColumns: Hashable, Sendable {
    /// Nil: the two sides are whole transcripts or lists of messages, and begin with the prompt.
    package var prompt: String?
    /// The chosen or harmless response; nil: the configured refusal.
    package var preferred: String?
    /// The rejected or harmful response.
    package var other: String
    /// Where rows have several responses, in place of these two; nil where they do not.
    package var ranked: Ranked?

    package struct Ranked: Hashable, Sendable {
        /// What says which responses are better.
        package enum Judgement: Hashable, Sendable {
            /// A number for each: more is better.
            case scores(ColumnPath)
            /// A place for each: 1 is the best.
            case ranks(ColumnPath)
            /// The column with the number of the best one, from 0.
            case best(String)
        }

        package var responses: ColumnPath
        package var judgement: Judgement

        package init(responses: String, judgement: Judgement) {
            self.responses = ColumnPath(responses)
            self.judgement = judgement
        }
    }

    /// Of rows with several responses.
    package init(prompt: String?, ranked: Ranked) {
        self.prompt = prompt
        preferred = nil
        other = ""
        self.ranked = ranked
    }

    package init(prompt: String?, chosen: String, rejected: String) {
        self.prompt = prompt
        preferred = chosen
        other = rejected
    }

    /// Of rows that are read for their prompt alone.
    package init(prompt: String) {
        self.prompt = prompt
        preferred = nil
        other = ""
    }

    /// Of rows with one response.
    package init(prompt: String?, response: String) {
        self.prompt = prompt
        preferred = nil
        other = response
    }

    /// - Parameter harmless: nil if every harmless response is the configured refusal.
    package init(prompt: String?, harmless: String?, harmful: String) {
        self.prompt = prompt
        preferred = harmless
        other = harmful
    }
}
