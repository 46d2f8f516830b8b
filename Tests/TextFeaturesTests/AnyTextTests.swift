import Margins
import SeededRandom
import TestEnvironment
import Testing

@testable import TextFeatures

/// What nobody vouches for: damaged UTF-8, and long texts made to be slow.
@Suite(.hangLimit) struct AnyTextTests {
    /// A build without optimisation takes minutes for as much as the other one takes seconds for.
    #if DEBUG
        private static let longBytes = 100_000
    #else
        private static let longBytes = 10_000_000
    #endif

    private func check(_ text: String) {
        let features = ResponseFeatures(of: text)
        #expect(features == ResponseFeatures(of: text))
        #expect(features.byteCount == text.utf8.count)
        #expect(features.wordCount <= features.byteCount)
        #expect(features.refusalPhraseCountAtStart <= features.refusalPhraseCount)
        for hasBigrams in [false, true] {
            let vector = BagOfWords(seed: 5, hasBigrams: hasBigrams).vector(of: text)
            #expect(vector.features.isEmpty == (features.wordCount == 0))
            #expect(vector.features.allSatisfy { (0..<Int32(BagOfWords.featureCount)).contains($0) })
            let square = vector.values.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(features.wordCount == 0 || abs(square - 1) < 1e-4)
        }
        #expect(Refusals.chosen(forPrompt: text, count: 2, seed: 1).count == 2)
    }

    @Test func damagedTextsHaveFeatures() {
        var random = SeededGenerator(seed: 11)
        let original = Array("I’m sorry, I **can't** — 漢字 e\u{301}\r\n\u{2028}As an AI, DON'T… 👍🏽".utf8)
        for _ in 0..<2000 {
            check(String(decoding: random.mutated(original, syntax: ["'", "i can't ", "\u{2019}"]), as: UTF8.self))
        }
        for length in 0..<200 { check(String(decoding: random.bytes(length), as: UTF8.self)) }
    }

    /// In a time that grows with the square of the length, none of these would end.
    @Test(arguments: [
        "a", " ", "'", "a'", "i ", "i can'", "i can't ", "I\u{2019}m ", "\r\n", "漢", "e\u{301}", "\u{301}", "ДА ", "*",
        "\u{0}",
    ])
    func tenMegabytesOfAnythingTakeLinearTime(piece: String) {
        check(String(repeating: piece, count: Self.longBytes / piece.utf8.count))
    }

    #if !DEBUG
        @Test func manyDifferentWordsTakeBoundedMemory() {
            let text = (0..<1_200_000).map { String($0, radix: 36) }.joined(separator: " ")
            check(text)
            #expect(BagOfWords().vector(of: text).features.count > BagOfWords.featureCount * 9 / 10)
        }
    #endif
}
