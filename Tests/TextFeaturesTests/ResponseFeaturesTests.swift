import Margins
import Testing

@testable import TextFeatures

@Suite struct ResponseFeaturesTests {
    @Test(arguments: [
        ("", 0, 0, 0), (" \n", 2, 0, 1), ("one", 3, 1, 0), ("Don't stop, now!", 16, 3, 0), ("don\u{2019}t", 7, 1, 0),
        ("a\r\nb\rc\n\nd\u{2028}e\u{2029}f\u{85}g\u{0B}\u{0C}", 22, 7, 9), ("\r\n\r\n\n\r", 6, 0, 4),
        ("é e\u{301}", 6, 2, 0), ("漢字かな、カナ", 21, 6, 0), ("x2 3.5", 6, 3, 0), ("'' - ...", 8, 0, 0),
        ("rock 'n' roll's", 15, 3, 0), ("a''b", 4, 2, 0),
    ])
    func lengthsAndLineBreaks(text: String, bytes: Int, words: Int, lineBreaks: Int) {
        let features = ResponseFeatures(of: text)
        #expect(features.byteCount == bytes)
        #expect(features.wordCount == words)
        #expect(features.lineBreakCount == lineBreaks)
    }

    @Test func theFinalCharacterIsTheLastScalarThatIsNoWhiteSpace() {
        #expect(ResponseFeatures(of: "").finalScalar == nil)
        #expect(ResponseFeatures(of: " \n\u{3000}\u{A0}").finalScalar == nil)
        #expect(ResponseFeatures(of: "").finalCategory == -1)
        #expect(ResponseFeatures(of: "\u{0}").finalCategory == 0)
        #expect(ResponseFeatures(of: "Yes. \n\u{2003}").finalCategory == 0x2E)
        // One character of two scalars, and two of one scalar each that look the same.
        #expect(ResponseFeatures(of: "cafe\u{301}").finalCategory == 0x301)
        #expect(ResponseFeatures(of: "café").finalCategory == 0xE9)
        #expect(ResponseFeatures(of: "👍🏽").finalCategory == 0x1F3FD)
    }

    @Test func aTextThatEndsInNoSentenceIsTruncated() {
        let ends: [Unicode.Scalar] = [
            ".", "!", "?", "…", "\"", "'", ")", "]", "}", "*", "`", "。", "！", "？", "\u{2019}", "\u{201D}",
        ]
        for end in ends {
            #expect(!ResponseFeatures(of: "It is\(end)").isTruncated)
            #expect(!ResponseFeatures(of: "It is\(end) \n").isTruncated)
        }
        for text in ["It is", "It is,", "It is:", "It. is", "It is (", "5", "是", "ist\u{301}"] {
            #expect(ResponseFeatures(of: text).isTruncated, "\(text)")
        }
        for text in ["", " ", "\n\n"] { #expect(!ResponseFeatures(of: text).isTruncated) }
    }

    /// The column is a category for η²: nothing else of the number counts.
    @Test func theFinalCharactersCategoryExplainsAScoreThatReadsItAlone() throws {
        let responses = ["a.", "b!", "c.", "d!", "e?", "f?", "g", "g"]
        let scores = [1.0, -4, 1, -4, 2, 2, 9, 9]
        let share = try #require(
            VarianceExplained(of: scores, byCategory: responses.map { ResponseFeatures(of: $0).finalCategory }))
        #expect(share.share > 0.999)
    }
}
