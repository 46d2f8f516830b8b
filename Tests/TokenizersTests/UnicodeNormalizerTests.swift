import Foundation
import SeededRandom
import Testing

@testable import Tokenizers

/// Unicode's normalization forms against Foundation's, for scalars that Unicode 9.0 has.
struct UnicodeNormalizerTests {
    private func normalized(_ text: String, _ form: UnicodeNormalizer.Form) -> [UInt8] {
        let bytes = Array(text.utf8)
        return bytes.withUnsafeBufferPointer { UnicodeNormalizer(form).normalized($0)?.bytes } ?? bytes
    }

    private func reference(_ text: String, _ form: UnicodeNormalizer.Form) -> [UInt8] {
        switch form {
        case .nfc: Array(text.precomposedStringWithCanonicalMapping.utf8)
        case .nfd: Array(text.decomposedStringWithCanonicalMapping.utf8)
        case .nfkc: Array(text.precomposedStringWithCompatibilityMapping.utf8)
        case .nfkd: Array(text.decomposedStringWithCompatibilityMapping.utf8)
        }
    }

    private static let forms: [UnicodeNormalizer.Form] = [.nfc, .nfd, .nfkc, .nfkd]

    private static let scalars: [Unicode.Scalar] = (UInt32(0)..<0x30000).compactMap { value in
        guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age <= (9, 0) else { return nil }
        return scalar
    }

    @Test(arguments: forms) func everyScalarIsNormalized(_ form: UnicodeNormalizer.Form) {
        var differing: [String] = []
        for scalar in Self.scalars where scalar.value < 0x3400 || (0xF900..<0x20000).contains(scalar.value) {
            let text = String(Character(scalar))
            // Its compatibility decomposition came later.
            if form.isCompatibility, scalar.value == 0x32FF { continue }
            if normalized(text, form) != reference(text, form) { differing.append(String(scalar.value, radix: 16)) }
        }
        #expect(differing.isEmpty)
    }

    @Test(arguments: forms) func marksAreOrderedAndComposed(_ form: UnicodeNormalizer.Form) throws {
        var random = SeededGenerator(seed: 8)
        let marks = Self.scalars.filter { $0.properties.canonicalCombiningClass != .notReordered }
        let letters: [Unicode.Scalar] = ["a", "E", "ơ", "\u{9C7}", "\u{9BE}", "ﬁ", "Å", "ʰ", "\u{344}"]
        for _ in 0..<1000 {
            var text = ""
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let pool = Bool.random(using: &random) ? marks : letters
                text.unicodeScalars.append(pool.randomElement(using: &random) ?? "a")
            }
            guard normalized(text, form) == reference(text, form) else {
                Issue.record("\(text.unicodeScalars.map { String($0.value, radix: 16) })")
                return
            }
        }
    }

    /// Foundation does not compose a trailing consonant before marks.
    @Test func hangulIsComposedByArithmetic() {
        #expect(normalized("\u{1100}\u{1161}\u{11A8}\u{301}", .nfc) == Array("\u{AC01}\u{301}".utf8))
        #expect(normalized("\u{AC00}\u{11A8}\u{11A8}", .nfc) == Array("\u{AC01}\u{11A8}".utf8))
        #expect(normalized("\u{AC01}\u{AC00}", .nfd) == Array("\u{1100}\u{1161}\u{11A8}\u{1100}\u{1161}".utf8))
    }

    @Test func textInTheFormIsLeftAlone() {
        for text in ["plain text", "déjà vu, 世界, 한글, क्षि"] {
            let bytes = Array(text.utf8)
            let result = bytes.withUnsafeBufferPointer { UnicodeNormalizer(.nfc).normalized($0) }
            #expect(result == nil)
        }
    }
}
