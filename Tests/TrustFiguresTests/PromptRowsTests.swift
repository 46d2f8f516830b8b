import SeededRandom
import Testing

@testable import Trust

@Suite struct PromptRowsTests {
    private func drawn(_ prompts: [Int], rowsMax: Int, seed: UInt64 = 1) -> (rows: [Int], prompts: [Int]) {
        var sample = PromptRows<Int>(rowsMax: rowsMax, seed: seed)
        for (row, prompt) in prompts.enumerated() { sample.add(prompt: prompt) { row } }
        return sample.drawn
    }

    @Test func asManyRowsAsFitAreAllDrawn() {
        let (rows, prompts) = drawn((0..<40).map { $0 % 20 }, rowsMax: 40)
        #expect(rows.sorted() == Array(0..<40))
        #expect(zip(rows, prompts).allSatisfy { $0 % 20 == $1 })
        #expect(drawn([], rowsMax: 1).rows == [])
    }

    /// Prompts of one to five rows, in any order.
    @Test func promptsAreDrawnAsAWholeWhateverTheirOrder() {
        let stream = (0..<1000).flatMap { prompt in Array(repeating: prompt, count: prompt % 5 + 1) }
        var random = SeededGenerator(seed: 2)
        for rowsMax in [50, 99, 500, 2999, 3000] {
            let (rows, prompts) = drawn(stream, rowsMax: rowsMax)
            #expect((rowsMax - 4...rowsMax).contains(rows.count))
            for prompt in Set(prompts) { #expect(prompts.count { $0 == prompt } == prompt % 5 + 1) }
            for _ in 0..<3 {
                let shuffled = stream.shuffled(using: &random)
                let again = drawn(shuffled, rowsMax: rowsMax)
                #expect(again.prompts == prompts)
                #expect(again.rows.map { shuffled[$0] } == prompts)
            }
        }
    }

    @Test func theSeedDrawsOtherPrompts() {
        let first = Set(drawn(Array(0..<1000), rowsMax: 100).prompts)
        let second = Set(drawn(Array(0..<1000), rowsMax: 100, seed: 2).prompts)
        #expect(first.count == 100 && second.count == 100)
        #expect(first.intersection(second).count < 30)
    }

    @Test func promptsOfManyRowsLeaveRoomForOthers() {
        let stream = (0..<5000).map { $0 % 2 } + Array(2..<500)
        let (rows, prompts) = drawn(stream, rowsMax: 100)
        #expect(rows.count <= 100 && rows.count > 90)
        for prompt in [0, 1] { #expect(prompts.count { $0 == prompt } <= 10) }
        #expect(drawn(Array(repeating: 7, count: 5000), rowsMax: 100).rows == Array(0..<10))
        #expect(drawn([3, 3, 3], rowsMax: 1).rows == [0])
    }

    /// Rows that cannot be drawn are not made: few of a long stream.
    @Test func rowsThatCannotBeDrawnAreNotMade() {
        var sample = PromptRows<Int>(rowsMax: 100, seed: 1)
        var made = 0
        for prompt in 0..<100_000 {
            sample.add(prompt: prompt) {
                made += 1
                return prompt
            }
        }
        print("\(made) of 100,000 rows made")
        #expect(made < 2000)
    }
}
