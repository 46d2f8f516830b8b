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
    private let folder: DatasetFolder

    init() throws { folder = try DatasetFolder() }

    private static let numbers =
        #""margin": 1.5, "margin_raw": 3.0, "score_chosen": 2.0, "score_rejected": -1.0"#

    private static func row(_ prompt: String, _ numbers: String = numbers, more: String = "") -> String {
        #"{"prompt": "\#(prompt)", "chosen": "good", "rejected": "bad"\#(more), \#(numbers)}"#
    }

    private static func row(_ prompt: String, margin: Double) -> String {
        row(prompt, #""margin": \#(margin), "score_chosen": \#(margin), "score_rejected": 0.0"#)
    }

    private func export(
        _ lines: [String], to format: ExportFormat, negative: NegativeMargins? = nil, kept: [String] = [],
        form: TextForm = .transcript, input: String = "annotated.jsonl"
    ) throws -> RowExport.Summary {
        try folder.write(lines.joined(separator: "\n"), to: input)
        var options = DatasetOptions(purpose: .row)
        options.container = .json
        return try RowExport(
            path: folder.path(input), output: folder.path("out.jsonl"), errors: folder.path("out.errors.jsonl"),
            format: format, form: form, negative: negative ?? format.usualNegative, keptColumns: kept, options: options
        ).run { _, _ in }
    }

    private func lines(_ name: String = "out.jsonl") throws -> [String] {
        try folder.text(of: name).split(separator: "\n").map(String.init)
    }

    private func objects(_ name: String = "out.jsonl") throws -> [[String: Any]] {
        try lines(name).map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

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
        let summary = try export([Self.row("q")], to: format)
        #expect(try lines() == [line])
        #expect(summary.rows == 1 && summary.margins.count == 1 && summary.margins.mean == 1.5)
        #expect(Set(try #require(objects().first).keys) == Set(format.columns))
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.errors.jsonl")))
    }

    /// The same conversation in the forms that datasets have it in.
    private static let conversations = [
        """
        {"system": "S", "history": [["a", "b"]], "prompt": "q", "chosen": "good", "rejected": "bad", \(numbers)}
        """,
        """
        {"chosen": [{"role": "system", "content": "S"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": \
        "b"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}], "rejected": [{"role": "system", \
        "content": "S"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", \
        "content": "q"}, {"role": "assistant", "content": "bad"}], \(numbers)}
        """,
        """
        {"conversations": [{"from": "system", "value": "S"}, {"from": "human", "value": "a"}, {"from": "gpt", "value": \
        "b"}, {"from": "human", "value": "q"}], "chosen": {"from": "gpt", "value": "good"}, "rejected": {"from": "gpt", \
        "value": "bad"}, \(numbers)}
        """,
    ]

    @Test(arguments: conversations)
    func aConversationIsTheSameWhateverItsColumns(_ line: String) throws {
        _ = try export([line], to: .trl)
        #expect(
            try lines() == [
                #"{"prompt": "S\n\nHuman: a\n\nAssistant: b\n\nHuman: q\n\nAssistant:", "chosen": " good", "rejected": "#
                    + #"" bad", "margin": 1.5}"#
            ])
        _ = try export([line], to: .msSwift)
        let messages = try #require(objects().first?["messages"] as? [[String: String]])
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
        _ = try export([Self.conversation(["system", "system", "user"])], to: format)
        let column = format == .trlConversational ? "prompt" : format.columns[0]
        let messages = try #require(objects().first?[column] as? [[String: String]])
        #expect(messages.prefix(2) == [["role": "system", "content": "m0\n\nm1"], ["role": "user", "content": "m2"]])
    }

    @Test func aSystemMessageWithinAConversationIsNotForAllTrainers() throws {
        let within = try Self.conversation(["user", "assistant", "system", "user"])
        let summary = try export([within, Self.conversation(["user"])], to: .msSwift)
        #expect(summary.failedRows == 1)
        let reason = try #require(objects("out.errors.jsonl").first?["error"] as? String)
        #expect(reason.hasPrefix("annotated.jsonl: line 1: ms-swift takes a system message at the beginning alone"))
        #expect(try export([within], to: .openrlhf).failedRows == 0)
    }

    @Test func aPromptThatEndsWithAnAnswerIsWhole() throws {
        _ = try export([Self.conversation(["user", "assistant"])], to: .msSwift)
        for column in ["messages", "rejected_messages"] {
            let messages = try #require(objects().first?[column] as? [[String: String]])
            let response = column == "messages" ? "good" : "bad"
            #expect(messages.map { $0["role"] } == ["user", "assistant"])
            #expect(messages.map { $0["content"] } == ["m0", "m1\n\n\(response)"])
        }
    }

    @Test func transcriptsAreTheTextThatTheyWere() throws {
        let prompt = "\n\nHuman: a\n\nAssistant: b\n\nHuman: q\n\nAssistant:"
        let object: [String: Any] = ["chosen": prompt + " good one", "rejected": prompt + " bad", "margin": 0.5]
        let line = String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        _ = try export([line], to: .trl)
        let row = try #require(objects().first as? [String: NSObject])
        #expect(row["prompt"] == prompt as NSString && row["chosen"] == " good one" as NSString)
        #expect(row["rejected"] == " bad" as NSString)
    }

    @Test func thePreferredOneOfTwoResponsesIsTheChosenOne() throws {
        let line =
            #"{"prompt": "q", "response_0": "bad", "response_1": "good", "safer_response_id": 1, \#(Self.numbers)}"#
        _ = try export([line], to: .trl)
        #expect(try lines()[0].contains(#""chosen": " good", "rejected": " bad""#))
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
        _ = try export(lines, to: .trlConversational)
        let found = try objects()
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
        _ = try export([Self.row("q")], to: .trl, form: TextForm(template))
        let row = try #require(objects().first)
        #expect(row["prompt"] as? String == prompt && row["chosen"] as? String == chosen)
    }

    // MARK: Margins

    private static let margins = [2, -1, 0, -0.25, 1e-300]

    @Test(
        arguments: [
            (.keep, [2, -1, 0, -0.25, 1e-300], 2), (.clip, [2, 0, 0, 0, 1e-300], 2), (.drop, [2, 0, 1e-300], 0),
            (.flip, [2, 1, 0, 0.25, 1e-300], 2),
        ] as [(NegativeMargins, [Double], Int)])
    func marginsBelowZeroAreTreated(_ negative: NegativeMargins, _ expected: [Double], _ count: Int) throws {
        let rows = Self.margins.enumerated().map { Self.row("p\($0.offset)", margin: $0.element) }
        let summary = try export(rows, to: .trl, negative: negative)
        let objects = try objects()
        #expect(objects.compactMap { $0["margin"] as? Double } == expected)
        #expect(summary.negativeRows == count && summary.droppedRows == 5 - expected.count && summary.failedRows == 0)
        let flipped = objects.filter { $0["chosen"] as? String == " bad" }.count
        #expect(flipped == (negative == .flip ? 2 : 0))
        #expect(objects.allSatisfy { $0["chosen"] as? String != $0["rejected"] as? String })
        let errors = negative == .drop ? try self.objects("out.errors.jsonl") : []
        #expect(errors.compactMap { $0["row"] as? Int } == (negative == .drop ? [1, 3] : []))
    }

    @Test(arguments: [NegativeMargins.drop, .flip])
    func offsetsAreAboveZeroAndTheRewardsDifference(_ negative: NegativeMargins) throws {
        var generator = SeededGenerator(seed: 3)
        // Margins that are a fifth of the scores' differences, but for what calibration by fold does.
        let rows = (0..<200).map { index in
            let chosen = Double.random(in: -40...60, using: &generator)
            let rejected = Double.random(in: -60...40, using: &generator)
            let margin = 0.2 * (chosen - rejected) * Double.random(in: 0.9...1.1, using: &generator)
            return (index, chosen, rejected, margin: index == 7 ? 0 : margin)
        }
        let lines = rows.map { index, chosen, rejected, margin in
            Self.row(
                "p\(index)", #""margin": \#(margin), "score_chosen": \#(chosen), "score_rejected": \#(rejected)"#)
        }
        let summary = try export(lines, to: .odpo, negative: negative)
        let found = try objects()
        #expect(found.count + summary.droppedRows == 200 && summary.failedRows == 0)
        #expect(summary.droppedRows == (negative == .flip ? 1 : rows.count { $0.margin <= 0 }))
        for object in found {
            let offset = try #require(object["offset"] as? Double)
            let chosen = try #require(object["chosen_reward"] as? Double)
            let rejected = try #require(object["rejected_reward"] as? Double)
            #expect(offset > 0 && chosen > rejected && abs(chosen - rejected - offset) < 1e-12)
            // A response's reward is its score in the margin's unit, whichever it is compared with.
            let prompt = try #require(object["prompt"] as? String)
            let index = try #require(rows.firstIndex { prompt == "\n\nHuman: p\($0.0)\n\nAssistant:" })
            let mean = (rows[index].1 + rows[index].2) / 2
            #expect(abs((chosen + rejected) / 2 - 0.2 * mean) < 0.02 * abs(mean) + 1e-9)
        }
    }

    @Test func rewardsWithoutScoresAreHalfTheMargin() throws {
        _ = try export([Self.row("q", #""margin": 3.0"#)], to: .odpo)
        let row = try #require(objects().first as? [String: NSObject])
        #expect(row["chosen_reward"] == 1.5 as NSNumber && row["rejected_reward"] == -1.5 as NSNumber)
    }

    // MARK: Rows that are none

    @Test func rowsThatCannotBeExportedAreInAFileOfTheirOwn() throws {
        let rows = [
            Self.row("a"), "no json", Self.row("b", #""margin": "high""#), Self.row("c", #""other": 1"#),
            #"{"prompt": "d", "chosen": "", "rejected": "bad", \#(Self.numbers)}"#, Self.row("e", #""margin": 1e999"#),
            Self.row("f", margin: -1), Self.row("g"),
        ]
        let summary = try export(rows, to: .trl, negative: .drop)
        #expect(try objects().count == 2)
        #expect(summary.rows == 8 && summary.failedRows == 5 && summary.droppedRows == 1)
        let errors = try objects("out.errors.jsonl")
        #expect(errors.compactMap { $0["row"] as? Int } == [1, 2, 3, 4, 5, 6])
        #expect(errors.compactMap { $0["line"] as? Int } == [2, 3, 4, 5, 6, 7])
        #expect(errors[1]["raw"] as? String == rows[2])
        let reasons = errors.compactMap { $0["error"] as? String }
        #expect(reasons[1] == #"annotated.jsonl: line 3: expected the column "margin" with a number, found "high""#)
        #expect(reasons[2].contains("found the columns prompt, chosen, rejected, other"))
        #expect(reasons[5] == "the margin is -1.0, below 0 (--negative drop)")
    }

    @Test func aFileOfWhichNothingCanBeExportedLeavesWhatWasThere() throws {
        try folder.write("before", to: "out.jsonl")
        let none = #"{"prompt": "q", "chosen": "good", "rejected": "bad"}"#
        let problem = #expect(throws: Problem.self) { try export([none], to: .trl) }
        #expect(problem?.isOfConfiguration == true)
        #expect(problem?.description.contains("none of its 1 row can be exported; of the first one: ") == true)
        #expect(throws: Problem.self) { try export([Self.row("q", margin: -1)], to: .odpo) }
        #expect(throws: (any Error).self) { try export([], to: .trl) }
        #expect(try folder.text(of: "out.jsonl") == "before")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path(".")).allSatisfy {
                !$0.hasSuffix(".partial")
            })
    }

    @Test func anErrorsFileOfAnEarlierExportIsRemoved() throws {
        try folder.write("old", to: "out.errors.jsonl")
        _ = try export([Self.row("q")], to: .trl)
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.errors.jsonl")))
    }

    @Test func identicalResponsesAreCounted() throws {
        let same = #"{"prompt": "q", "chosen": "one", "rejected": "one", \#(Self.numbers)}"#
        #expect(try export([same, Self.row("q")], to: .trl).identicalRows == 1)
    }

    // MARK: Columns that go along

    @Test func columnsGoAlongInEveryRow() throws {
        let rows = [
            Self.row("a", more: #", "kind": {"a": [1, 2.50]}, "é": 1"#), Self.row("b"),
            Self.row("c", more: #", "kind": null"#),
        ]
        _ = try export(rows, to: .openrlhf, kept: ["kind", "é"])
        #expect(try lines()[0].hasSuffix(#", "margin": 1.5, "kind": {"a": [1, 2.50]}, "é": 1}"#))
        #expect(try lines()[1].hasSuffix(#", "kind": null, "é": null}"#))
        #expect(try lines()[2].hasSuffix(#", "kind": null, "é": null}"#))
        let problem = #expect(throws: Problem.self) { try export(rows, to: .trl, kept: ["kind", "kin"]) }
        #expect(problem?.description.hasSuffix(#"no row has the column "kin""#) == true)
    }
}
