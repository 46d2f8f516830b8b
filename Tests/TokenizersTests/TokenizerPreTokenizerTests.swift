import Foundation
import SeededRandom
import Testing
import Tokenizers

/// The scanners against the regular expressions that they stand for, as another engine (ICU) understands them.
struct TokenizerPreTokenizerTests {
    /// ICU's `\s` is not Unicode's White_Space, which the models' own engines mean by it.
    private static func expression(_ pattern: String) throws -> NSRegularExpression {
        let whiteSpace = pattern.replacingOccurrences(of: "[^\\s", with: "[^\\p{White_Space}")
            .replacingOccurrences(of: "\\s", with: "\\p{White_Space}")
            .replacingOccurrences(of: "\\S", with: "\\P{White_Space}")
        return try NSRegularExpression(pattern: whiteSpace)
    }

    private static let gpt2 =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    private static let llama =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
        + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    @Test func gpt2SplitsAsItsExpression() throws {
        let expression = try Self.expression(Self.gpt2)
        try expectSplits(.gpt2) { Self.matches(expression, $0, NSRange(location: 0, length: $0.length)) }
    }

    @Test func smollmSplitsDigitsAndThenAsGPT2() throws {
        let number = try Self.expression(#"\p{N}|\P{N}+"#)
        let expression = try Self.expression(Self.gpt2)
        try expectSplits(.smollm) { text in
            Self.matches(number, text, NSRange(location: 0, length: text.length)).flatMap { range in
                // A piece on its own, so that the expression sees its end as the end of the text.
                let piece = text.substring(with: range) as NSString
                return Self.matches(expression, piece, NSRange(location: 0, length: piece.length)).map {
                    NSRange(location: range.location + $0.location, length: $0.length)
                }
            }
        }
    }

    @Test func llamaSplitsAsItsExpression() throws {
        let expression = try Self.expression(Self.llama)
        try expectSplits(.llamaBPE) { Self.matches(expression, $0, NSRange(location: 0, length: $0.length)) }
    }

    @Test func qwen2SplitsAsItsExpression() throws {
        let expression = try Self.expression(Self.llama.replacingOccurrences(of: "{1,3}", with: ""))
        try expectSplits(.qwen2) { Self.matches(expression, $0, NSRange(location: 0, length: $0.length)) }
    }

    @Test func aByteThatIsNotUTF8IsACharacterOfItsOwn() {
        let bytes: [UInt8] = [0x61, 0xFF, 0x62, 0xE4, 0xB8, 0x20, 0xC0, 0xAF, 0xED, 0xA0, 0x80]
        // a, a byte, b, the start of 世, a space with an overlong slash and a surrogate after it
        #expect(words(bytes, .gpt2) == [1, 2, 3, 5, 11])
        // An overlong "a" between two letters is no letter.
        #expect(words([0x61, 0xE0, 0x81, 0xA1, 0x62], .gpt2) == [1, 4, 5])
    }

    // MARK: Comparison

    private func expectSplits(_ rule: WordScanner, as reference: (NSString) -> [NSRange]) throws {
        var random = SeededGenerator(seed: 11)
        for round in 0..<4000 {
            let text = Self.randomText(&random)
            let string = text as NSString
            let expected = reference(string).map { range in
                string.substring(to: range.location + range.length).utf8.count
            }
            guard words(Array(text.utf8), rule) == expected else {
                Issue.record("round \(round): \(text.debugDescription), expected ends \(expected)")
                return
            }
        }
    }

    /// The ends of the words, in bytes.
    private func words(_ bytes: [UInt8], _ rule: WordScanner) -> [Int] {
        bytes.withUnsafeBufferPointer { buffer in
            let scanner = ScalarScanner(bytes: buffer)
            var ends: [Int] = []
            while (ends.last ?? 0) < bytes.count { ends.append(rule.wordEnd(in: scanner, from: ends.last ?? 0)) }
            return ends
        }
    }

    private static func matches(_ expression: NSRegularExpression, _ text: NSString, _ range: NSRange) -> [NSRange] {
        expression.matches(in: text as String, range: range).map(\.range)
    }

    /// What the patterns tell apart, often; and any scalar that both Unicode versions know.
    private static func randomText(_ random: inout SeededGenerator) -> String {
        let pieces = [
            " ", "  ", "\t", "\n", "\r\n", " \n ", "\u{B}", "\u{85}", "\u{A0}", "\u{3000}", "\u{200B}", "'", "'s", "'T",
            "'Re", "'VE", "'ll", "'\u{17F}", "'\u{15F}", "a", "B", "é", "ſ", "ب", "世", "ǅ", "ʰ", "1", "23", "٣", "½",
            "Ⅷ",
            "²", "!", "--", "€", "e\u{301}", "\u{301}", "👍🏽", "\u{0}", "_",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            if Int.random(in: 0..<4, using: &random) > 0 {
                text += pieces.randomElement(using: &random) ?? ""
            } else if let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x20000, using: &random)),
                let age = scalar.properties.age, age.major <= 12
            {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
