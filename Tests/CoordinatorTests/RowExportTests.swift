import Dataset
import DatasetFixtures
import Diagnostics
import FileSystem
import Foundation
import Margins
import SeededRandom
import Testing

@testable import Coordinator

/// Annotated rows as trainers take them.
@Suite struct RowExportTests {
    private let folder: ExportFolder

    init() throws { folder = try ExportFolder() }

    // MARK: Formats

    private static let asked = #"[{"role": "user", "content": "q"}"#

    private static let expectedLines: [(ExportFormat, String)] = [
        (
            .trl,
            #"{"prompt": "\n\nHuman: q\n\nAssistant:", "chosen": " good", "rejected": " bad", "margin": 1.5}"#
        ),
        (
            .odpo,
            """
            {"prompt": "\\n\\nHuman: q\\n\\nAssistant:", "chosen": " good", "rejected": " bad", "chosen_reward": 1.0, \
            "rejected_reward": -0.5, "offset": 1.5}
            """
        ),
        (
            .trlConversational,
            """
            {"prompt": \(asked)], "chosen": [{"role": "assistant", "content": "good"}], \
            "rejected": [{"role": "assistant", "content": "bad"}], "margin": 1.5}
            """
        ),
        (
            .openrlhf,
            """
            {"chosen": \(asked), {"role": "assistant", "content": "good"}], \
            "rejected": \(asked), {"role": "assistant", "content": "bad"}], "margin": 1.5}
            """
        ),
        (
            .msSwift,
            """
            {"messages": \(asked), {"role": "assistant", "content": "good"}], \
            "rejected_messages": \(asked), {"role": "assistant", "content": "bad"}], "margin": 1.5}
            """
        ),
    ]

    @Test(arguments: expectedLines)
    func aRowIsAsItsTrainerTakesIt(_ format: ExportFormat, _ line: String) throws {
        let summary = try folder.export([ExportFolder.row("q")], to: format)
        #expect(try folder.lines() == [line])
        #expect(summary.rows == 1 && summary.margins.count == 1 && summary.margins.mean == 1.5)
        #expect(Set(try #require(folder.objects().first).keys) == Set(format.columns))
        #expect(!FileManager.default.fileExists(atPath: folder.files.path("out.errors.jsonl")))
    }

    @Test func legendsFileIsOneArrayOnOneLine() throws {
        let rows = ["q", "é\\u2028\\n"].map { ExportFolder.row($0) }
        _ = try folder.export(rows + ["{}"], to: .legend, output: "out.json")
        let row = #""chosen": "good", "rejected": "bad", "margin": 1.5, "generator": "tiny"}"#
        #expect(
            try folder.files.text(of: "out.json")
                == #"[{"input": "q", \#(row), {"input": "é\#u{2028}\n", \#(row)]"# + "\n")
        #expect(try folder.lines("out.errors.jsonl").count == 1)
        // It is what Legend's code reads its preferences from, and so does ours.
        var reader = try DatasetReader(path: folder.files.path("out.json"), options: DatasetOptions(purpose: .row))
        var prompts: [String] = []
        while let record = try reader.next() { prompts.append(try record.content.get().prompt.text) }
        #expect(prompts == ["q", "é\u{2028}\n"])
    }

    /// The same conversation in the forms that datasets have it in.
    private static let conversations = [
        """
        {"system": "S", "history": [["a", "b"]], "prompt": "q", "chosen": "good", "rejected": "bad", \(ExportFolder.numbers)}
        """,
        """
        {"chosen": [{"role": "system", "content": "S"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": \
        "b"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}], "rejected": [{"role": "system", \
        "content": "S"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", \
        "content": "q"}, {"role": "assistant", "content": "bad"}], \(ExportFolder.numbers)}
        """,
        """
        {"conversations": [{"from": "system", "value": "S"}, {"from": "human", "value": "a"}, {"from": "gpt", "value": \
        "b"}, {"from": "human", "value": "q"}], "chosen": {"from": "gpt", "value": "good"}, "rejected": {"from": "gpt", \
        "value": "bad"}, \(ExportFolder.numbers)}
        """,
    ]

    @Test(arguments: conversations)
    func aConversationIsTheSameWhateverItsColumns(_ line: String) throws {
        _ = try folder.export([line], to: .trl)
        #expect(
            try folder.lines() == [
                #"{"prompt": "S\n\nHuman: a\n\nAssistant: b\n\nHuman: q\n\nAssistant:", "chosen": " good", "rejected": "#
                    + #"" bad", "margin": 1.5}"#
            ])
        _ = try folder.export([line], to: .msSwift)
        let messages = try #require(folder.objects().first?["messages"] as? [[String: String]])
        #expect(messages.map { $0["role"] } == ["system", "user", "assistant", "user", "assistant"])
        #expect(messages.map { $0["content"] } == ["S", "a", "b", "q", "good"])
    }

    private static func conversation(_ roles: [String]) throws -> String {
        func messages(_ response: String) -> [[String: String]] {
            roles.enumerated().map { ["role": $1, "content": "m\($0)"] } + [["role": "assistant", "content": response]]
        }
        let object: [String: Any] = ["chosen": messages("good"), "rejected": messages("bad"), "margin": 1]
        return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    }

    @Test(arguments: [ExportFormat.trlConversational, .openrlhf, .msSwift])
    func systemMessagesAtTheBeginningAreOne(_ format: ExportFormat) throws {
        _ = try folder.export([Self.conversation(["system", "system", "user"])], to: format)
        let column = format == .trlConversational ? "prompt" : format.columns[0]
        let messages = try #require(folder.objects().first?[column] as? [[String: String]])
        #expect(messages.prefix(2) == [["role": "system", "content": "m0\n\nm1"], ["role": "user", "content": "m2"]])
    }

    @Test func aSystemMessageWithinAConversationIsNotForAllTrainers() throws {
        let within = try Self.conversation(["user", "assistant", "system", "user"])
        let summary = try folder.export([within, Self.conversation(["user"])], to: .msSwift)
        #expect(summary.failedRows == 1)
        let reason = try #require(folder.objects("out.errors.jsonl").first?["error"] as? String)
        #expect(reason.hasPrefix("annotated.jsonl: line 1: ms-swift takes a system message at the beginning alone"))
        #expect(try folder.export([within], to: .openrlhf).failedRows == 0)
    }

    @Test func aPromptThatEndsWithAnAnswerIsWhole() throws {
        _ = try folder.export([Self.conversation(["user", "assistant"])], to: .msSwift)
        for column in ["messages", "rejected_messages"] {
            let messages = try #require(folder.objects().first?[column] as? [[String: String]])
            let response = column == "messages" ? "good" : "bad"
            #expect(messages.map { $0["role"] } == ["user", "assistant"])
            #expect(messages.map { $0["content"] } == ["m0", "m1\n\n\(response)"])
        }
    }

    @Test func transcriptsAreTheTextThatTheyWere() throws {
        let prompt = "\n\nHuman: a\n\nAssistant: b\n\nHuman: q\n\nAssistant:"
        let object: [String: Any] = ["chosen": prompt + " good one", "rejected": prompt + " bad", "margin": 0.5]
        let line = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        _ = try folder.export([line], to: .trl)
        let row = try #require(folder.objects().first as? [String: NSObject])
        #expect(row["prompt"] == prompt as NSString && row["chosen"] == " good one" as NSString)
        #expect(row["rejected"] == " bad" as NSString)
    }

    /// What an export wrote, exported again.
    @Test func aTranscriptBesideItsResponsesIsTheTextThatItWas() throws {
        _ = try folder.export([ExportFolder.row("q")], to: .trl)
        let first = try folder.lines()
        _ = try folder.export(first, to: .trl)
        #expect(try folder.lines() == first)
    }

    @Test func aResponseThatGoesOnIsCounted() throws {
        let prompt = "\n\nHuman: a\n\nAssistant:"
        let object: [String: Any] = [
            "chosen": prompt + " b", "rejected": prompt + " c\n\nHuman: d\n\nAssistant: e", "margin": 0.5,
        ]
        let line = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        #expect(try folder.export([line, line], to: .openrlhf).continuedRows == 2)
        #expect(try folder.export([ExportFolder.row("q")], to: .openrlhf).continuedRows == 0)
    }

    @Test func thePreferredOneOfTwoResponsesIsTheChosenOne() throws {
        let line =
            #"{"prompt": "q", "response_0": "bad", "response_1": "good", "safer_response_id": 1, \#(ExportFolder.numbers)}"#
        _ = try folder.export([line], to: .trl)
        #expect(try folder.lines()[0].contains(#""chosen": " good", "rejected": " bad""#))
    }

    @Test func textsOfAnyCharactersComeThrough() throws {
        var generator = SeededGenerator(seed: 5)
        let alphabet = [
            "\"", "\\", "\n", "\r", "\t", "\u{2028}", "\u{0}", "é", "e\u{301}", "👩‍👩‍👧", "<|im_end|>", "a", " ",
        ]
        func text() -> String { "x" + (0..<12).map { _ in alphabet.randomElement(using: &generator)! }.joined() + "y" }
        let rows = (0..<50).map { _ in (prompt: text(), chosen: text(), rejected: text()) }
        let lines = try rows.map { row in
            let object: [String: Any] = [
                "prompt": row.prompt, "chosen": row.chosen, "rejected": row.rejected, "margin": 1,
            ]
            return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        }
        _ = try folder.export(lines, to: .trlConversational)
        let found = try folder.objects()
        #expect(found.count == rows.count)
        for (row, object) in zip(rows, found) {
            func content(_ column: String) throws -> [UInt8] {
                let messages = try #require(object[column] as? [[String: String]])
                return Array(try #require(messages.last?["content"]).utf8)
            }
            #expect(try content("prompt") == Array(row.prompt.utf8))
            #expect(try content("chosen") == Array(row.chosen.utf8))
            #expect(try content("rejected") == Array(row.rejected.utf8))
        }
    }

    @Test(arguments: [
        ("{prompt}{response}", "q", "good"), ("plain", "q\n\n", "good"),
        ("chatml", "<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n", "good"),
        ("Q: {prompt} A: {response}.", "Q: q A: ", "good."),
    ])
    func textsAreMadeByATemplate(_ template: String, _ prompt: String, _ chosen: String) throws {
        _ = try folder.export([ExportFolder.row("q")], to: .trl, form: TextForm(template))
        let row = try #require(folder.objects().first)
        #expect(row["prompt"] as? String == prompt && row["chosen"] as? String == chosen)
    }

    // MARK: Columns that go along

    @Test func columnsGoAlongInEveryRow() throws {
        let rows = [
            ExportFolder.row("a", more: #", "kind": {"a": [1, 2.50]}, "é": 1"#), ExportFolder.row("b"),
            ExportFolder.row("c", more: #", "kind": null"#),
        ]
        _ = try folder.export(rows, to: .openrlhf, kept: ["kind", "é"])
        #expect(try folder.lines()[0].hasSuffix(#", "margin": 1.5, "kind": {"a": [1, 2.50]}, "é": 1}"#))
        #expect(try folder.lines()[1].hasSuffix(#", "kind": null, "é": null}"#))
        #expect(try folder.lines()[2].hasSuffix(#", "kind": null, "é": null}"#))
        let problem = #expect(throws: Problem.self) { try folder.export(rows, to: .trl, kept: ["kind", "kin"]) }
        #expect(problem?.description.hasSuffix(#"no row has the column "kin""#) == true)
    }
}
