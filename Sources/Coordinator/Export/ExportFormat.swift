internal import ArgumentParser
internal import Dataset
internal import Diagnostics

/// What a trainer of reward models or policies, or llama.cpp, takes.
enum ExportFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// Strings, of which a trainer joins prompt and response: TRL's standard format.
    case trl

    /// Lists of messages, the prompt in a column of its own: TRL's conversational format.
    case trlConversational = "trl-conversational"

    /// Strings, with a reward for each response and an offset above 0: Amini et al. 2024, arXiv 2402.10571.
    case odpo

    /// Whole conversations, as OpenRLHF applies a chat template to them.
    case openrlhf

    /// Whole conversations, as ms-swift reads them.
    case msSwift = "ms-swift"

    /// One array of objects in JSON, as the code that Legend's authors released writes it: Feng et al. 2025, arXiv
    /// 2406.08124.
    case legend

    /// The direction as a file that llama.cpp adds to a model's hidden states.
    case controlVector = "control-vector"

    /// How the file's name ends where nobody names it.
    var ending: String {
        switch self {
        case .controlVector: ".\(rawValue).gguf"
        case .legend: ".\(rawValue).json"
        default: ".\(rawValue).jsonl"
        }
    }

    /// Of each row; none of a file that has no rows.
    var columns: [String] {
        switch self {
        case .trl, .trlConversational: ["prompt", "chosen", "rejected", "margin"]
        case .odpo: ["prompt", "chosen", "rejected", "chosen_reward", "rejected_reward", "offset"]
        case .openrlhf: ["chosen", "rejected", "margin"]
        case .msSwift: ["messages", "rejected_messages", "margin"]
        case .legend: ["input", "chosen", "rejected", "margin", "generator"]
        case .controlVector: []
        }
    }

    /// Why a column of the rows cannot go along under its name; nil where it can.
    func refusal(ofKeeping column: String) -> String? {
        let own = "who takes \(rawValue) reads a column \(column.quoted) as its own"
        switch self {
        case .trl, .trlConversational, .odpo:
            let others = [
                "messages", "completion", "tools", "chat_template_kwargs", "image", "images", "chosen_ids",
                "rejected_ids",
                "chosen_input_ids", "rejected_input_ids", "ref_chosen_logps", "ref_rejected_logps",
            ]
            return (columns + others).contains(column) ? own : nil
        case .openrlhf, .legend: return columns.contains(column) ? own : nil
        case .msSwift: return "ms-swift reads columns that it knows as its own, and drops all others"
        case .controlVector: return "a control vector has no rows"
        }
    }

    /// How the names of files end that are read where the format is.
    var endings: [String] {
        switch self {
        case .trl, .trlConversational, .odpo: RowFiles.endings
        // They look elsewhere for a file that ends otherwise.
        case .openrlhf, .msSwift: [".jsonl", ".json"]
        case .legend: ["", ".gz", ".zst"].map { ".json\($0)" }
        case .controlVector: [".gguf"]
        }
    }

    /// Whether conversations become strings.
    var isPlainText: Bool { self == .trl || self == .odpo }

    /// What becomes of margins below 0 where nobody says it.
    var usualNegative: NegativeMargins { self == .odpo ? .drop : .keep }

    /// What can become of them.
    var possibleNegatives: [NegativeMargins] {
        switch self {
        case .odpo: [.drop, .flip]
        case .controlVector: []
        default: NegativeMargins.allCases
        }
    }
}

/// What becomes of rows whose margin is below 0, in the words of `margin.negative`.
enum NegativeMargins: String, CaseIterable, ExpressibleByArgument, Sendable {
    case keep, clip, drop, flip
}
