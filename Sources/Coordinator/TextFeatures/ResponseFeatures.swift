/// What can be said of a response without understanding it: columns that may explain a score's variance, or order rows
/// as well as it does.
///
/// Total and deterministic: any text has finite features, in time linear in its length.
package struct ResponseFeatures: Hashable, Sendable {
    /// The length in UTF-8 bytes.
    package let byteCount: Int

    /// The length in words, as `BagOfWords` counts them.
    package let wordCount: Int

    /// Mandatory line breaks (Unicode Standard Annex 14, rules LB4 and LB5): CR LF is one.
    package let lineBreakCount: Int

    /// The last Unicode scalar that is no white space (property White_Space); nil where there is none.
    package let finalScalar: Unicode.Scalar?

    /// English phrases of refusal in the whole text, not overlapping; the list is `RefusalWording`'s.
    package let refusalPhraseCount: Int

    /// Those of them that end within the first 200 bytes of UTF-8, where most refusals begin.
    package let refusalPhraseCountAtStart: Int

    package init(of response: String) {
        byteCount = response.utf8.count
        wordCount = WordHashes(response, seed: 0).reduce(0) { count, _ in count + 1 }
        lineBreakCount = response.unicodeScalars.lineBreakCount
        finalScalar = response.unicodeScalars.last { !$0.properties.isWhitespace }
        let wording = RefusalWording(of: response)
        refusalPhraseCount = wording.count
        refusalPhraseCountAtStart = wording.countAtStart
    }

    /// The final scalar as the number of a category, for η² (`VarianceExplained`): its code point, or -1 for none.
    package var finalCategory: Int { finalScalar.map { Int($0.value) } ?? -1 }

    /// Whether the response seems to end in the middle of a sentence, as one does that was cut at a number of tokens:
    /// its final scalar neither ends a sentence nor closes a quotation, a bracket, emphasis or code. A text of nothing
    /// but white space is not truncated.
    package var isTruncated: Bool { finalScalar.map { !Self.sentenceEnds.contains($0) } ?? false }

    private static let sentenceEnds = Set(".!?…\"')]}*`。！？\u{201D}\u{2019}".unicodeScalars)
}

extension String.UnicodeScalarView {
    fileprivate var lineBreakCount: Int {
        var count = 0
        var isBehindReturn = false
        for scalar in self {
            switch scalar.value {
            case 0x0A where isBehindReturn: break
            case 0x0A...0x0D, 0x85, 0x2028, 0x2029: count += 1
            default: break
            }
            isBehindReturn = scalar.value == 0x0D
        }
        return count
    }
}
