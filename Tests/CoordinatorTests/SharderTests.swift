import JobStore
import JobStoreFixtures
import Protocol
import SeededRandom
import Testing

@testable import Coordinator

struct SharderTests {
    /// Bytes of a response that costs so many tokens with the one that every row costs.
    private static func responseBytes(_ tokens: Int) -> Int { (tokens - 1) * 4 }

    private func prompt(_ name: String, tokens: Int = 10) -> [UInt8] {
        Array(name.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: tokens * 4 - name.utf8.count)
    }

    /// The units of rows that cost 5 tokens beside their prompts.
    private func units(_ prompts: [[UInt8]], unitTokens: Int) -> [Ledger.NewUnit] {
        var sharder = Sharder(unitTokens: unitTokens, textsMax: UnitPayload.textsMax(readouts: 1, kept: 0))
        let full = prompts.enumerated().flatMap { row, prompt in
            sharder.add(.init(row: UInt64(row), prompt: prompt, responses: 2, responseBytes: Self.responseBytes(5)))
        }
        return full + sharder.finish()
    }

    @Test func aPromptThatRowsShareCostsOnce() {
        let same = Array(repeating: prompt("a"), count: 4)
        #expect(units(same, unitTokens: 100) == [.init([0, 1, 2, 3], tokens: 10 + 4 * 5)])
    }

    @Test func aResponseThatRowsOfAPromptShareCostsOnce() {
        func text(_ row: UInt64, _ name: String, _ responses: [String]) -> Ledger.Text {
            let texts = responses.map { Array($0.utf8) + [UInt8](repeating: 0x20, count: 40 - $0.utf8.count) }
            return Ledger.Text(
                row: row, prompt: prompt(name), responses: texts.count, responseBytes: 80, sharedTexts: texts)
        }
        var sharder = Sharder(unitTokens: 100, textsMax: UnitPayload.textsMax(readouts: 1, kept: 0))
        // Every row costs one token beside its responses, of which there are three.
        let rows = [
            text(0, "a", ["x", "y"]), text(1, "a", ["x", "z"]), text(2, "a", ["y", "z"]), text(3, "b", ["x", "y"]),
        ]
        let full = rows.flatMap { sharder.add($0) }
        #expect(full + sharder.finish() == [.init([0, 1, 2, 3], tokens: 10 + 3 * 10 + 3 + 10 + 2 * 10 + 1)])
    }

    @Test func ofAPromptThatBeginsLikeTheLastOnlyTheRestCosts() {
        let turns = [prompt("a"), prompt("a") + prompt("b"), prompt("a") + prompt("b") + prompt("c")]
        #expect(units(turns, unitTokens: 100) == [.init([0, 1, 2], tokens: 30 + 3 * 5)])
        #expect(units([prompt("a"), prompt("b")], unitTokens: 100) == [.init([0, 1], tokens: 20 + 2 * 5)])
    }

    @Test func aUnitHasNoMoreRowsThanItsKeptStatesAllow() {
        var sharder = Sharder(unitTokens: 1000, textsMax: UnitPayload.textsMax(readouts: 1, kept: 128))
        let full = (0..<5).flatMap { row in
            sharder.add(.init(row: row, prompt: prompt("a"), responses: 2, responseBytes: Self.responseBytes(5)))
        }
        #expect((full + sharder.finish()).map(\.indices) == [[0, 1], [2, 3], [4]])
        #expect(UnitPayload.textsMax(readouts: 1, kept: 0) == 2 * UnitPayload.rowsMax)
        #expect(UnitPayload.textsMax(readouts: 64, kept: 0) == 16)
        #expect(UnitPayload.textsMax(readouts: 1, kept: 1000) == 1)
    }

    /// However many responses each has; a row is in one unit, if it alone is too much.
    @Test func aUnitHasNoMoreTextsThanTheirVectorsAllow() {
        var sharder = Sharder(unitTokens: 100_000, textsMax: 16)
        let full = [5, 8, 3, 1, 64, 2, 14, 1].enumerated().flatMap { row, responses in
            sharder.add(.init(row: UInt64(row), prompt: prompt("a"), responses: responses, responseBytes: 20))
        }
        #expect((full + sharder.finish()).map(\.indices) == [[0, 1, 2], [3], [4], [5, 6], [7]])
    }

    @Test func aUnitEndsWithThePromptWithWhichItIsFull() {
        let prompts = ["a", "a", "b", "b", "b", "c"].map { prompt($0) }
        // Full with the first row of b, it takes the others: 10 + 2 * 5 + 10 + 3 * 5.
        #expect(
            units(prompts, unitTokens: 35) == [.init([0, 1, 2, 3, 4], tokens: 45), .init([5], tokens: 15)])
    }

    @Test func aPromptThatDoesNotFitBehindOthersIsKeptTogether() {
        let prompts = ["a", "b", "b", "b", "b", "b", "b"].map { prompt($0) }
        // 15 tokens of a and 40 of b are more than twice 25; b alone is not.
        #expect(
            units(prompts, unitTokens: 25) == [
                .init([0], tokens: 15), .init([1, 2, 3, 4, 5, 6], tokens: 40),
            ])
    }

    @Test func aPromptOfMoreThanTwoUnitsIsParted() {
        let prompts = [prompt("a")] + Array(repeating: prompt("b"), count: 10) + [prompt("c")]
        // Each part computes the prompt: 10 + 6 * 5 are twice 20.
        #expect(
            units(prompts, unitTokens: 20) == [
                .init([0], tokens: 15), .init([1, 2, 3, 4, 5, 6], tokens: 40),
                .init([7, 8, 9, 10], tokens: 30), .init([11], tokens: 15),
            ])
    }

    @Test func aRowThatCostsMoreThanTwoUnitsIsAlone() {
        let prompts = [prompt("a"), prompt("b", tokens: 1000), prompt("c")]
        #expect(units(prompts, unitTokens: 20).map(\.indices) == [[0], [1], [2]])
        #expect(units([prompt("a", tokens: 1000)], unitTokens: 20).map(\.indices) == [[0]])
        #expect(units([], unitTokens: 20) == [])
    }

    @Test func aUnitFitsInOneMessageWhateverItsRowsCost() {
        let short = Array(repeating: prompt("a", tokens: 1), count: 1200)
        #expect(units(short, unitTokens: 1_000_000).map(\.rows.count) == [512, 512, 176])
        // A MiB of prompt costs once, and travels with each row.
        let long = Array(repeating: prompt("a", tokens: 1 << 18), count: 10)
        #expect(units(long, unitTokens: 1_000_000).map(\.rows.count) == [3, 3, 3, 1])
    }

    @Test(arguments: 0..<20) func everyRowIsInOneUnitInOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let prompts = (0..<500).map { _ in prompt("\(Int.random(in: 0..<60, using: &random))") }
            .sorted { $0.lexicographicallyPrecedes($1) }
        let units = units(prompts, unitTokens: 50)
        #expect(units.flatMap(\.indices) == (0..<500).map(UInt64.init))
        #expect(units.allSatisfy { $0.tokens <= 100 }, "seed \(seed)")
        // Six tokens of each prompt are blanks that none shares, so that 18 rows fit into two units.
        let placed = units.enumerated().flatMap { unit, value in value.indices.map { (unit, $0) } }
        let homes = Dictionary(grouping: placed) { prompts[Int($0.1)] }
        for (_, places) in homes where places.count <= 18 { #expect(Set(places.map(\.0)).count == 1, "seed \(seed)") }
    }
}

extension Ledger.NewUnit {
    fileprivate var indices: [UInt64] { rows.map(\.index) }
}
