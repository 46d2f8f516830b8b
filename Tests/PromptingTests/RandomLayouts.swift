import Dataset
import Foundation
import SeededRandom

/// A row as its writer means it, from which the files of every layout are made, and the text that a model should read.
///
/// Written from the formats' descriptions, apart from the product's readers and templates.
struct MeantRow {
    var system: String?
    /// User and assistant in turns, the user last.
    var dialogue: [String]
    var preferred: String
    var other: String

    static func random(_ random: inout SeededGenerator, turnsMax: Int, hasSystem: Bool) -> MeantRow {
        MeantRow(
            system: hasSystem && Bool.random(using: &random) ? text(&random) : nil,
            dialogue: (0..<(2 * Int.random(in: 0...turnsMax, using: &random) + 1)).map { _ in text(&random) },
            preferred: text(&random), other: text(&random))
    }

    private static let words = [
        "apple", "\"quoted\"", "back\\slash", "é", "日本", "😀", ",", ";", "\t", "[1]", "{'role': 'x'}", "{\"role\": 1}",
        "Human:",
        "Assistant: no", "\nnew line", "\n\nparagraph", "\r\nwindows", "<p>", "null", "'", "%", "\u{1}", "#", "\\n",
        "''",
    ]

    /// Begins and ends with a letter, so that nothing hangs on whitespace at the ends.
    static func text(_ random: inout SeededGenerator) -> String {
        let middle = (0..<Int.random(in: 0...8, using: &random)).map { _ in words.randomElement(using: &random)! }
        return (["Word\(Int.random(in: 0...999, using: &random))"] + middle + ["end"]).joined(separator: " ")
    }

    // MARK: What a model should read

    /// Before the response: for `alpaca`, `plain` and `chatml`.
    func prompt(_ template: String) -> String {
        let speakers = ["Human", "Assistant"]
        let talk =
            dialogue.count == 1
            ? dialogue[0]
            : dialogue.enumerated().map { "\(speakers[$0.offset % 2]): \($0.element)" }.joined(separator: "\n\n")
        let whole = (system.map { "\($0)\n\n" } ?? "") + talk
        switch template {
        case "alpaca":
            return "Below is an instruction that describes a task. Write a response that completes the request.\n\n"
                + "### Instruction:\n\(whole)\n\n### Response:\n"
        case "plain": return whole + "\n\n"
        default:
            let roles = ["user", "assistant"]
            let turns =
                (system.map { [("system", $0)] } ?? [])
                + dialogue.enumerated().map { (roles[$0.offset % 2], $0.element) }
            return turns.map { "<|im_start|>\($0.0)\n\($0.1)<|im_end|>\n" }.joined() + "<|im_start|>assistant\n"
        }
    }
}

/// A layout that a file may have: its columns, in order, each a text or JSON that is no text.
struct RandomLayout: Sendable {
    enum Value {
        case text(String)
        case json(String)
    }

    var name: String
    var turnsMax = 0
    var hasSystem = false
    var isAnchor = false
    /// Only texts in its columns, so that CSV can have it.
    var isFlat = true
    var columns: @Sendable (MeantRow, inout SeededGenerator) -> [(String, Value)]

    // MARK: JSON

    static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                result += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Messages under the names that different programs give to the speakers and the keys.
    static func messages(
        _ row: MeantRow, answer: String?, system: Bool = true, _ random: inout SeededGenerator
    ) -> String {
        let isShareGPT = Bool.random(using: &random)
        let (user, assistant) =
            isShareGPT
            ? ("human", "gpt") : [("user", "assistant"), ("User", "Assistant")].randomElement(using: &random)!
        var turns = row.dialogue.enumerated().map { ($0.offset % 2 == 0 ? user : assistant, $0.element) }
        if system, let text = row.system { turns.insert(("system", text), at: 0) }
        if let answer { turns.append((assistant, answer)) }
        return "[" + turns.map { message($0.0, $0.1, isShareGPT) }.joined(separator: ", ") + "]"
    }

    static func message(_ role: String, _ text: String, _ isShareGPT: Bool) -> String {
        isShareGPT
            ? "{\"from\": \(json(role)), \"value\": \(json(text))}"
            : "{\"role\": \(json(role)), \"content\": \(json(text))}"
    }

    static func transcript(_ row: MeantRow, _ answer: String?) -> String {
        let turns = row.dialogue.enumerated().map { "\n\n\($0.offset % 2 == 0 ? "Human" : "Assistant"): \($0.element)" }
        return turns.joined() + "\n\nAssistant:" + (answer.map { " \($0)" } ?? "")
    }

    // MARK: All of them

    static let all: [RandomLayout] =
        ["prompt", "question", "query", "input", "instruction"].map { column in
            RandomLayout(name: "preference, \(column)") { row, _ in
                [(column, .text(row.dialogue[0])), ("chosen", .text(row.preferred)), ("rejected", .text(row.other))]
            }
        } + [
            RandomLayout(name: "alpaca", turnsMax: 2, hasSystem: true, isFlat: false) { row, random in
                let prompt = row.dialogue[row.dialogue.count - 1]
                // The prompt in two columns, cut at a line break where it has one.
                let cut = prompt.firstRange(of: "\n")
                let history = stride(from: 0, to: row.dialogue.count - 1, by: 2).map {
                    "[\(json(row.dialogue[$0])), \(json(row.dialogue[$0 + 1]))]"
                }
                return [
                    ("system", row.system.map { .text($0) } ?? .json("null")),
                    ("instruction", .text(cut.map { String(prompt[..<$0.lowerBound]) } ?? prompt)),
                    ("input", .text(cut.map { String(prompt[$0.upperBound...]) } ?? "")),
                    ("history", .json("[\(history.joined(separator: ", "))]")), ("chosen", .text(row.preferred)),
                    ("rejected", .text(row.other)),
                ]
            },
            RandomLayout(name: "system column", hasSystem: true) { row, _ in
                [
                    ("chosen", .text(row.preferred)), ("rejected", .text(row.other)),
                    ("prompt", .text(row.dialogue[0])),
                    ("system", .text(row.system ?? "")),
                ]
            },
            RandomLayout(name: "conversational, explicit", turnsMax: 2, hasSystem: true, isFlat: false) { row, random in
                [
                    ("prompt", .json(messages(row, answer: nil, &random))),
                    ("chosen", .json("[\(message("assistant", row.preferred, false))]")),
                    ("rejected", .json("[\(message("gpt", row.other, true))]")),
                ]
            },
            RandomLayout(name: "conversational, implicit", turnsMax: 2, hasSystem: true, isFlat: false) { row, random in
                [
                    ("chosen", .json(messages(row, answer: row.preferred, &random))),
                    ("rejected", .json(messages(row, answer: row.other, &random))),
                ]
            },
            RandomLayout(name: "conversational, beside a prompt", turnsMax: 2, hasSystem: true, isFlat: false) {
                row, random in
                [
                    (
                        "prompt",
                        .text(
                            row.dialogue.randomElement(using: &random) == row.dialogue[0]
                                ? row.dialogue[0] : row.dialogue[row.dialogue.count - 1])
                    ),
                    ("chosen", .json(messages(row, answer: row.preferred, &random))),
                    ("rejected", .json(messages(row, answer: row.other, &random))),
                ]
            },
            RandomLayout(name: "messages as JSON text", turnsMax: 2, hasSystem: true) { row, random in
                [
                    ("chosen", .text(messages(row, answer: row.preferred, &random))),
                    ("rejected", .text(messages(row, answer: row.other, &random))),
                ]
            },
            RandomLayout(name: "sharegpt", turnsMax: 2, hasSystem: true, isFlat: false) { row, random in
                [
                    ("conversations", .json(messages(row, answer: nil, &random))),
                    ("chosen", .json(message("gpt", row.preferred, true))),
                    ("rejected", .json(message("gpt", row.other, true))),
                ]
            },
            RandomLayout(name: "sharegpt, lists", turnsMax: 2, hasSystem: true, isFlat: false) { row, random in
                [
                    ("conversations", .json(messages(row, answer: nil, &random))),
                    ("chosen", .json("[\(message("gpt", row.preferred, true))]")),
                    ("rejected", .json("[\(message("assistant", row.other, false))]")),
                ]
            },
            RandomLayout(name: "hh", turnsMax: 3) { row, _ in
                [("chosen", .text(transcript(row, row.preferred))), ("rejected", .text(transcript(row, row.other)))]
            },
            RandomLayout(name: "hh beside its prompt", turnsMax: 3) { row, random in
                [
                    (
                        "prompt",
                        .text(Bool.random(using: &random) ? transcript(row, nil) : row.dialogue[row.dialogue.count - 1])
                    ),
                    ("chosen", .text(transcript(row, row.preferred))), ("rejected", .text(transcript(row, row.other))),
                ]
            },
            RandomLayout(name: "transcript as the prompt", turnsMax: 3) { row, _ in
                [
                    ("prompt", .text(transcript(row, nil))), ("chosen", .text(row.preferred)),
                    ("rejected", .text(row.other)),
                ]
            },
            RandomLayout(name: "prompt in the responses") { row, random in
                let separator = [" ", "\n", "\n\n"].randomElement(using: &random)!
                return [
                    ("prompt", .text(row.dialogue[0])), ("chosen", .text(row.dialogue[0] + separator + row.preferred)),
                    ("rejected", .text(row.dialogue[0] + separator + row.other)),
                ]
            },
            RandomLayout(name: "pku") { row, random in
                let safer = Int.random(in: 0...1, using: &random)
                let texts = safer == 0 ? [row.preferred, row.other] : [row.other, row.preferred]
                return [
                    ("prompt", .text(row.dialogue[0])), ("response_0", .text(texts[0])),
                    ("response_1", .text(texts[1])),
                    ("is_response_0_safe", .json("\(safer == 0)")), ("safer_response_id", .json("\(safer)")),
                ]
            },
            RandomLayout(name: "anchors", isAnchor: true) { row, _ in
                [("prompt", .text(row.dialogue[0])), ("harmful", .text(row.other)), ("harmless", .text(row.preferred))]
            },
        ]
}
