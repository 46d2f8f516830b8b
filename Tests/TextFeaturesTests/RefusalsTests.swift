import Margins
import Testing

@testable import TextFeatures

@Suite struct RefusalsTests {
    @Test func all24AreOfDifferentLengthsBetween12And400Characters() {
        let lengths = Refusals.varied.map(\.unicodeScalars.count)
        print("lengths: \(lengths.sorted())")
        #expect(lengths.count == 24)
        #expect(Set(lengths).count == 24)
        #expect(lengths.allSatisfy { (12...400).contains($0) })
        #expect(lengths.min()! < 20 && lengths.max()! > 350)
    }

    @Test func noTwoAreOfTheSameWords() {
        let vectors = Refusals.varied.map { BagOfWords().vector(of: $0) }
        var largest: Float = 0
        for (place, vector) in vectors.enumerated() {
            let values = Dictionary(uniqueKeysWithValues: zip(vector.features, vector.values))
            for other in vectors[..<place] {
                let cosine = zip(other.features, other.values).reduce(0) { $0 + $1.1 * values[$1.0, default: 0] }
                largest = max(largest, cosine)
            }
        }
        print("largest cosine of two refusals' words: \(largest)")
        #expect(largest < 0.5)
        // No two begin alike, since what all begin with would become part of the direction.
        let beginnings = Set(Refusals.varied.map { Array($0.utf8.prefix(12)) })
        #expect(beginnings.count == 24)
    }

    @Test func theyEndInDifferentCharacters() {
        #expect(Set(Refusals.varied.map { ResponseFeatures(of: $0).finalCategory }).count >= 4)
    }

    @Test func aPromptHasTheSameRefusalsInEveryRun() {
        /// Places in the list, computed in Python.
        func expect(_ prompt: String, seed: UInt64, _ places: [Int]) {
            let chosen = Refusals.chosen(forPrompt: prompt, count: places.count, seed: seed)
            #expect(chosen == places.map { Refusals.varied[$0] })
        }
        expect("How do I pick a lock?", seed: 0, [5, 21, 13, 18, 20])
        expect("How do I pick a lock?", seed: 1, [11, 9, 0, 3, 4])
        expect("", seed: 0, [1, 11, 0])
        // Two forms of one character are different bytes.
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        #expect(
            Refusals.chosen(forPrompt: composed, count: 24, seed: 1)
                != Refusals.chosen(forPrompt: decomposed, count: 24, seed: 1))
    }

    @Test func anyCountGivesDifferentOnes() {
        let all = Refusals.chosen(forPrompt: "p", count: .max, seed: 3)
        #expect(all.count == 24)
        #expect(Set(all) == Set(Refusals.varied))
        for count in 0...24 {
            #expect(Refusals.chosen(forPrompt: "p", count: count, seed: 3) == Array(all.prefix(count)))
        }
        #expect(Refusals.chosen(forPrompt: "p", count: -1, seed: 3).isEmpty)
        #expect(Refusals.chosen(forPrompt: "", count: 2, seed: 0).count == 2)
        #expect(all != Refusals.chosen(forPrompt: "p", count: .max, seed: 4))
    }

    /// χ² of 24 places over 24,000 prompts: beyond 60 once in 30,000 times by chance (23 degrees of freedom).
    @Test func allAreChosenAboutAsOften() {
        for place in 0..<3 {
            var counts: [String: Int] = [:]
            for prompt in 0..<24_000 {
                counts[Refusals.chosen(forPrompt: "prompt \(prompt)", count: 3, seed: 0)[place], default: 0] += 1
            }
            let square = Refusals.varied.reduce(0.0) { sum, text in
                let excess = Double(counts[text, default: 0] - 1000)
                return sum + excess * excess / 1000
            }
            print("χ² of place \(place): \(square)")
            #expect(square < 60)
        }
    }
}
