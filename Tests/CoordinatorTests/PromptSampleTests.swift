import Protocol
import Testing

@testable import Coordinator

@Suite struct PromptSampleTests {
    private func item(_ row: Int, _ prompt: String) -> UnitPayload.Item {
        .init(row: UInt64(row), text: RenderedItem(prompt: RenderedText(prompt), responses: [RenderedText("\(row)")]))
    }

    private func sampled(_ prompts: [String], rows: Int, known: [String] = []) -> [Int] {
        var sample = PromptSample(rows: rows, known: Set(known.map { PromptDigest(Array($0.utf8)) }))
        for (row, prompt) in prompts.enumerated() { sample.add(item(row, prompt)) }
        return sample.items.map { Int($0.row) }
    }

    @Test func promptsAreWholeAndThereAreAboutAsManyRowsAsWanted() {
        let prompts = (0..<9000).map { "prompt \($0 * 7919 % 3000)" }
        let rows = sampled(prompts, rows: 300)
        #expect(rows.count >= 300 && rows.count < 303)
        #expect(rows == rows.sorted())
        let chosen = Set(rows.map { prompts[$0] })
        #expect(rows.count == prompts.count { chosen.contains($0) })
        // Drawn at random: from all parts of the file.
        for part in 0..<3 { #expect(rows.contains { $0 / 3000 == part }) }
    }

    @Test func theSameAreDrawnInWhateverOrderTheyCome() {
        let prompts = (0..<2000).map { "prompt \($0 % 700)" }
        let order = (0..<2000).map { $0 * 1237 % 2000 }
        let forwards = Set(sampled(prompts, rows: 100).map { prompts[$0] })
        let otherwise = Set(sampled(order.map { prompts[$0] }, rows: 100).map { prompts[order[$0]] })
        #expect(forwards == otherwise && forwards.count > 30)
    }

    @Test func promptsThatAreKnownAreTakenWhereTheOthersAreTooFew() {
        let prompts = (0..<1000).map { "prompt \($0 % 500)" }
        let known = (100..<500).map { "prompt \($0)" }
        let few = sampled(prompts, rows: 150, known: known)
        #expect(few.count == 150 && few.allSatisfy { $0 % 500 < 100 })
        let enough = sampled(prompts, rows: 300, known: known)
        #expect(enough.count == 200 && enough.allSatisfy { $0 % 500 < 100 })
        let many = sampled(prompts, rows: 300, known: (20..<500).map { "prompt \($0)" })
        #expect(many.count == 300 && many.count { $0 % 500 < 20 } == 40, "40 rows of 20 prompts say nothing")
        #expect(sampled(prompts, rows: 300, known: prompts) == sampled(prompts, rows: 300))
    }

    @Test func ofOnePromptWithManyRowsSomeAreDrawn() {
        let rows = sampled((0..<5000).map { _ in "" }, rows: 100)
        #expect(rows.count == 100 && Set(rows).count == 100)
        for part in 0..<5 { #expect(rows.contains { $0 / 1000 == part }) }
    }

    @Test func ofAFewRowsAllAreTaken() {
        #expect(sampled(["a", "b", "a"], rows: 10) == [0, 1, 2])
        #expect(sampled([], rows: 10) == [])
    }

    /// One that has more rows than are wanted would leave no other to compare with.
    @Test func twoPromptsAreTakenAtLeast() {
        let prompts = (0..<500).map { row -> String in
            switch row % 50 {
            case 0: "short"
            case 1: "other"
            default: "long"
            }
        }
        let rows = sampled(prompts, rows: 20)
        #expect(Set(rows.map { prompts[$0] }).count >= 2)
        #expect(rows.count { prompts[$0] == "long" } <= 20)
    }
}
