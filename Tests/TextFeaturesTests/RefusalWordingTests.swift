import Testing

@testable import TextFeatures

@Suite struct RefusalWordingTests {
    private func count(_ text: String) -> Int { ResponseFeatures(of: text).refusalPhraseCount }

    @Test func eachPhraseCountsInAnyCaseAndWithAnyApostrophe() {
        for phrase in RefusalWording.phrases {
            #expect(count(phrase) == 1, "\(phrase)")
            #expect(count(phrase.uppercased()) == 1, "\(phrase)")
            for apostrophe in ["\u{2018}", "\u{2019}", "\u{02BC}", "\u{FF07}"] {
                let words = phrase.split(separator: "'").joined(separator: apostrophe)
                #expect(count("(\(words))") == 1, "\(words)")
            }
        }
    }

    @Test(arguments: [
        ("I'm sorry, but I can't help with that.", 2), ("I **cannot** do it", 1), ("I\n  can't", 1),
        ("I\u{A0}won't.", 1), ("I can't, I can't, I CAN'T", 3),
        ("As an AI, I must decline", 2), ("we—I cannot—will", 1),
    ])
    func phrasesCountOnceEach(text: String, expected: Int) { #expect(count(text) == expected) }

    @Test(arguments: [
        "", "I can", "As an aim", "as an AIr", "Hawaii cannot", "i cannotx", "xi can't", "éi can't", "i can'té",
        "i can't2", "I, can't", "Sure! Here is how.", "ı can't", "Es tut mir leid.",
    ])
    func otherWordsDont(text: String) { #expect(count(text) == 0) }

    @Test func thoseInTheFirst200BytesAreCountedApart() {
        // The space and the phrase have 8 bytes, each letter before them two.
        for (letters, isAtStart) in [(0, true), (96, true), (97, false), (200, false)] {
            let wording = RefusalWording(of: String(repeating: "é", count: letters) + " I can't")
            #expect(wording.count == 1)
            #expect(wording.countAtStart == (isAtStart ? 1 : 0), "\(letters) letters")
        }
        let typeset = "I can\u{2019}t"
        for (dots, isAtStart) in [(191, true), (192, false)] {
            let wording = RefusalWording(of: String(repeating: ".", count: dots) + typeset + " and I won't")
            #expect(wording.count == 2)
            #expect(wording.countAtStart == (isAtStart ? 1 : 0), "\(dots) bytes before")
        }
        #expect(RefusalWording(of: String(repeating: " ", count: 300) + "I can't").countAtStart == 0)
    }

    @Test func noPhraseBeginsWithAnotherOrCannotBeFound() {
        let phrases = RefusalWording.phrases.map { Array("\($0) ".utf8) }
        for phrase in phrases { #expect(phrases.count { phrase.starts(with: $0) } == 1) }
        #expect(RefusalWording.phrases.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 && !(0x41...0x5A).contains($0) } })
    }
}
