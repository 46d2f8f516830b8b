import DatasetFixtures
internal import FileSystem
import Foundation
import Testing

@testable import Reports

struct MarginOverviewTests {
    private func overview(
        _ lines: [String], errors: [String]? = nil, rows: Int = 2, bins: Int = 4, by column: String? = nil
    ) throws -> String {
        let folder = try DatasetFolder()
        let path = try folder.write(lines.joined(separator: "\n"), to: "out.jsonl")
        let errorsPath = try errors.map { try folder.write($0.joined(separator: "\n"), to: "out.errors.jsonl") }
        return try MarginOverview(
            path: path, errorsPath: errorsPath, rowsShown: rows, binCount: bins, groupColumn: column
        ).text
    }

    private func error(_ line: Int, _ reason: String) -> String {
        #"{"row": \#(line - 1), "line": \#(line), "error": "\#(reason)", "raw": "{}", "raw_encoding": "utf-8"}"#
    }

    private let annotated = (0..<8).map { number in
        #"{"prompt": "p\#(number)", "chosen": "c\#(number)", "degree": \#(number % 2), "margin": \#(number)}"#
    }

    @Test func theDistributionCountsEveryMargin() throws {
        let text = try overview(annotated)
        #expect(text.contains("8 rows with a margin, 0 in the errors file") && !text.contains("IN THE ERRORS FILE"))
        #expect(text.contains("mean 3.5") && text.contains("87.5 % of the margins are above 0"))
        let bars = text.split(separator: "\n").filter { $0.contains("…") && $0.contains("█") }
        #expect(bars.count == 4 && bars.allSatisfy { $0.hasSuffix(" 2") })
    }

    @Test func theMostAndLeastSeparatedRowsAreShownWithTheirLines() throws {
        let text = try overview(annotated)
        let shown = text.split(separator: "\n").filter { $0.contains("  line ") }.map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        #expect(shown == ["7.0  line 8", "6.0  line 7", "0.0  line 1", "1.0  line 2"])
        #expect(text.contains("prompt: p7") && text.contains("chosen: c0"))
    }

    @Test func transcriptsAreShownAsPromptAndResponses() throws {
        let text = try overview([
            #"{"chosen": "\n\nHuman: q\n\nAssistant: a", "rejected": "\n\nHuman: q\n\nAssistant: b", "margin": 1}"#
        ])
        #expect(text.contains("prompt: q\n    chosen: a\n    rejected: b\n"))
    }

    @Test func groupsAreShownInTheOrderOfTheirNumbers() throws {
        let rows = [10, 2, 10, 1].map { #"{"degree": \#($0), "margin": \#($0)}"# }
        let lines = try overview(rows, by: "degree").split(separator: "\n").drop { !$0.hasPrefix("VALUE") }
        #expect(
            lines.dropFirst().prefix(3).map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
                == ["1 1", "2 1", "10 2"])
    }

    @Test func aFileThatIsNotAnnotatedIsRefusedWithItsColumns() throws {
        let error = try #require(throws: FileError.self) { try overview([#"{"prompt": "p", "chosen": "c"}"#]) }
        let problem = "line 1: expected the column \"margin\" with a number, found the columns prompt, chosen"
        #expect(error.problem.contains(problem))
        #expect(throws: FileError.self) { try overview(annotated + [#"{"margin": null}"#]) }
        #expect(throws: FileError.self) { try overview(annotated, by: "nothing") }
        #expect(throws: FileError.self) { try overview(["no json"]) }
    }

    @Test func withoutAMarginThereIsNoDistribution() throws {
        #expect(try overview([]).hasSuffix("0 rows with a margin, 0 in the errors file\n"))
        let text = try overview([], errors: [error(1, "e")])
        #expect(text.contains("0 rows with a margin, 1 in the errors file") && !text.contains("DISTRIBUTION"))
    }

    @Test func reasonsAreCountedMostFrequentFirst() throws {
        let text = try overview(
            annotated,
            errors: [
                error(3, #"rows.jsonl:3: \"chosen\" is empty"#), error(4, "9000 tokens, but at most 8192 fit"),
                error(5, #"rows.jsonl:5: \"rejected\" is empty"#), error(7, "10001 tokens, but at most 8192 fit"),
                error(12, "8193 tokens, but at most 8192 fit"), error(20, #"rows.jsonl:20: \"chosen\" is empty"#),
            ])
        #expect(text.contains("8 rows with a margin, 6 in the errors file"))
        let table = text.split(separator: "\n").drop { !$0.hasPrefix("IN THE ERRORS FILE (") }.dropFirst()
        #expect(
            table.map { $0.split(separator: " ").joined(separator: " ") } == [
                "ROWS FIRST LINE REASON (that row's)", "3 4 9000 tokens, but at most 8192 fit",
                "2 3 \"chosen\" is empty", "1 5 \"rejected\" is empty",
            ])
    }

    @Test func reasonsBeyondFiftyAreCountedTogether() throws {
        let errors = (1...60).map { error($0, "reason " + String(repeating: "a", count: $0)) }
        let text = try overview(annotated, errors: errors + errors)
        #expect(text.contains("120 in the errors file"))
        #expect(text.hasSuffix("\n20\(String(repeating: " ", count: 16))(other reasons)\n"))
    }

    @Test func aFileThatIsNoErrorsFileIsRefusedWithItsColumns() throws {
        for (lines, found) in [(annotated, "prompt, chosen, degree, margin"), (["[1]"], "expected a JSON object")] {
            let error = try #require(throws: FileError.self) { try overview(annotated, errors: lines) }
            #expect(error.path.hasSuffix("out.errors.jsonl") && error.problem.contains(found), "\(error)")
        }
    }

    @Test func controlCharactersOfARowDoNotReachTheTerminal() throws {
        let text = try overview(
            [#"{"prompt": "a\u001b[2Jb\tc", "margin": 1}"#], errors: [error(1, #"e\u001b[2J\u202Ef"#)])
        #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}") && text.contains("b c"))
    }
}
