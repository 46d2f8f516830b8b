/// What a dataset's columns are called, and what is in them.
package enum DatasetFormat: String, CaseIterable, Sendable {
    /// `prompt` (or `input`, `question`), `chosen`, `rejected`: texts.
    case preference
    /// `chosen`, `rejected`: lists of messages `{role, content}` (or `{from, value}`), as TRL has them. `prompt` is a
    /// text, a list of messages, or absent: then the messages that both sides begin with are the prompt.
    case conversational
    /// `chosen`, `rejected`: whole transcripts, `"\n\nHuman: …\n\nAssistant: …"`, as in HH-RLHF.
    case hh
    /// `prompt`, `response_0`, `response_1`, `safer_response_id` (0 or 1), as in PKU-SafeRLHF.
    case pku
    /// `prompt`, `harmless`, `harmful`: texts.
    case anchors
    /// `prompt`, `harmful`: texts. The harmless response is the configured refusal.
    case harmful

    /// The formats that a file for that use may have, in the order in which they are tried.
    static func candidates(for purpose: RowPurpose) -> [DatasetFormat] {
        let preferences: [DatasetFormat] = [.preference, .conversational, .hh, .pku]
        return purpose == .row ? preferences : [.anchors, .harmful] + preferences
    }

    /// The columns, for messages.
    var requirement: String {
        switch self {
        case .preference: "preference (prompt or input or question, chosen, rejected: strings)"
        case .conversational: "conversational (chosen, rejected: lists of messages; prompt optional)"
        case .hh: "hh (chosen, rejected: transcripts)"
        case .pku: "pku (prompt, response_0, response_1, safer_response_id)"
        case .anchors: "anchors (prompt, harmless, harmful: strings)"
        case .harmful: "harmful (prompt, harmful: strings; the configuration names the refusal)"
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

    package init(prompt: String?, chosen: String, rejected: String) {
        self.prompt = prompt
        preferred = chosen
        other = rejected
    }

    /// - Parameter harmless: nil if every harmless response is the configured refusal.
    package init(prompt: String?, harmless: String?, harmful: String) {
        self.prompt = prompt
        preferred = harmless
        other = harmful
    }
}

/// What a row is used for.
package enum RowPurpose: String, Sendable {
    /// It helps to find the direction.
    case anchor
    /// It gets a margin.
    case row
}

/// How the rows are laid out in the file. Either kind may be compressed with gzip.
package enum DatasetContainer: String, CaseIterable, Sendable {
    /// One JSON object on each line.
    case jsonLines
    /// RFC 4180, the first row names the columns.
    case csv

    /// By the file's name; nil for an extension that belongs to neither.
    init?(path: String) {
        var name = path.lowercased()[...]
        if name.hasSuffix(".gz") { name = name.dropLast(3) }
        switch name.split(separator: ".", omittingEmptySubsequences: false).last {
        case "jsonl", "ndjson", "json": self = .jsonLines
        case "csv": self = .csv
        default: return nil
        }
    }
}

/// How a dataset is to be read.
package struct DatasetOptions: Hashable, Sendable {
    package var purpose: RowPurpose
    /// Nil: by the file's name.
    package var container: DatasetContainer?
    /// Nil: by the columns of the file's first rows.
    package var format: DatasetFormat?
    /// Overrides `format`.
    package var columns: DatasetColumns?
    /// The harmless response of anchors that have none of their own.
    package var refusal: String?
    /// Rows with more bytes are not read, but come out as errors.
    package var maxRowBytes: Int

    package init(
        purpose: RowPurpose, container: DatasetContainer? = nil, format: DatasetFormat? = nil,
        columns: DatasetColumns? = nil, refusal: String? = nil, maxRowBytes: Int = 16 << 20
    ) {
        self.purpose = purpose
        self.container = container
        self.format = format
        self.columns = columns
        self.refusal = refusal
        self.maxRowBytes = maxRowBytes
    }
}
