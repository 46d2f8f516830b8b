import Foundation

/// The forms that people's preference rows have, with other columns beside them, and rows that are bad in ways that make
/// them unlike all others.
enum PreferenceRows: String, CaseIterable {
    case texts, conversations, transcripts, pku, csv

    /// What the file begins with.
    var header: [[UInt8]] { self == .csv ? [Array("prompt,chosen,rejected,note".utf8)] : [] }

    /// The good row of that number, of about `bytes`.
    func row(_ number: Int, bytes: Int = 400) -> [UInt8] {
        let padding = String(repeating: "word ", count: bytes / 10)
        let (question, good, bad) = ("Question \(number)?", "Yes, \(padding)", "No 😀, \"\(padding)\"\n\(number).")
        let text: String
        switch self {
        case .texts:
            text = """
                {"id": "t\(number)", "prompt": \(Self.json(question)), "chosen": \(Self.json(good)), \
                "rejected": \(Self.json(bad)), "source": {"name": "made up", "turns": \(number)}, "tags": ["a", "b"]}
                """
        case .conversations:
            let start = #"{"role": "user", "content": \#(Self.json(question))}"#
            let sides = [good, bad].map { #"[\#(start), {"role": "assistant", "content": \#(Self.json($0))}]"# }
            text = #"{"chosen": \#(sides[0]), "rejected": \#(sides[1]), "score": \#(number).5, "id": "c\#(number)"}"#
        case .transcripts:
            let sides = [good, bad].map { Self.json("\n\nHuman: \(question)\n\nAssistant: \($0)") }
            text = #"{"chosen": \#(sides[0]), "rejected": \#(sides[1])}"#
        case .pku:
            text = """
                {"prompt": \(Self.json(question)), "response_0": \(Self.json(bad)), "response_1": \(Self.json(good)), \
                "is_response_0_safe": false, "is_response_1_safe": true, "better_response_id": 0, \
                "safer_response_id": 1}
                """
        case .csv:
            text = [question, good, bad, "n\(number)"].map { "\"\($0.replacing("\"", with: "\"\""))\"" }
                .joined(separator: ",")
        }
        return Array(text.utf8)
    }

    /// Rows that cannot be annotated: no JSON, no UTF-8, and columns of other types than in all other rows.
    var badRows: [[UInt8]] {
        let noText = Array(#"{"prompt": ""#.utf8) + [0xFF, 0xFE] + Array(#"", "chosen": "c", "rejected": "r"}"#.utf8)
        switch self {
        case .csv: return [Array("only,three,fields".utf8), [0xFF, 0x2C, 0x2C, 0x2C], Array(#""q"uote,b,c,d"#.utf8)]
        case .texts, .conversations, .transcripts, .pku:
            return [
                Array(#"{"id": {"number": 1}, "prompt": 7, "chosen": null, "rejected": ["r"], "source": "s"}"#.utf8),
                Array(
                    #"{"id": 2, "prompt": null, "chosen": 1, "rejected": {"a": 1}, "margin_of": [[]], "tags": "a"}"#
                        .utf8),
                Array("{not json".utf8), noText, Array(#"["a", "list"]"#.utf8), Array("null".utf8),
            ]
        }
    }

    private static func json(_ text: String) -> String {
        "\"\(text.replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
    }

    /// Columns of the good rows.
    var columns: [String] {
        switch self {
        case .texts: ["id", "prompt", "chosen", "rejected", "source", "tags"]
        case .conversations: ["chosen", "rejected", "score", "id"]
        case .transcripts: ["chosen", "rejected"]
        case .pku:
            [
                "prompt", "response_0", "response_1", "is_response_0_safe", "is_response_1_safe", "better_response_id",
                "safer_response_id",
            ]
        case .csv: ["prompt", "chosen", "rejected", "note"]
        }
    }
}
