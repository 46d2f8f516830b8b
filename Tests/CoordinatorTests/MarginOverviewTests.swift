import Foundation
import Testing

@testable import Coordinator

struct MarginOverviewTests {
    private func overview(
        _ lines: [String], rows: Int = 2, bins: Int = 4, by column: String? = nil
    ) throws -> String {
        let folder = try DatasetFolder()
        let path = try folder.write(lines.joined(separator: "\n"), to: "out.jsonl")
        return try MarginOverview(path: path, rowsShown: rows, binCount: bins, groupColumn: column).text
    }

    private let annotated = (0..<8).map { number in
        #"{"prompt": "p\#(number)", "chosen": "c\#(number)", "degree": \#(number % 2), "margin": \#(number)}"#
    }

    @Test func theDistributionCountsEveryMargin() throws {
        let text = try overview(annotated + [#"{"prompt": "p", "error": "too long"}"#])
        #expect(text.contains("8 rows with a margin, 1 with an error"))
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

    @Test func groupsAreShownInTheOrderOfTheirNumbers() throws {
        let rows = [10, 2, 10, 1].map { #"{"degree": \#($0), "margin": \#($0)}"# }
        let lines = try overview(rows, by: "degree").split(separator: "\n").drop { !$0.hasPrefix("VALUE") }
        #expect(
            lines.dropFirst().prefix(3).map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
                == ["1 1", "2 1", "10 2"])
    }

    @Test func aFileThatIsNotAnnotatedIsRefusedWithItsColumns() throws {
        let error = try #require(throws: DatasetError.self) { try overview([#"{"prompt": "p", "chosen": "c"}"#]) }
        #expect(error.problem.contains("line 1: expected the column \"margin\" or \"error\", found prompt, chosen"))
        #expect(throws: DatasetError.self) { try overview(annotated, by: "nothing") }
        #expect(throws: DatasetError.self) { try overview(["no json"]) }
    }

    @Test func anEmptyFileAndOneOfErrorsHaveNoDistribution() throws {
        #expect(try overview([]).contains("0 rows with a margin, 0 with an error"))
        #expect(try overview([#"{"error": "e"}"#]).contains("0 rows with a margin, 1 with an error"))
    }

    @Test func controlCharactersOfARowDoNotReachTheTerminal() throws {
        let text = try overview([#"{"prompt": "a\u001b[2Jb\tc", "margin": 1}"#])
        #expect(!text.contains("\u{1B}") && text.contains("b c"))
    }
}
