import Testing

@testable import Reports

struct VerdictTests {
    private func verdict(
        _ agreement: Double, length: Double? = nil, refusal: Double? = nil, words: Double? = nil,
        warnings: [String] = []
    ) throws -> Verdict {
        var trust = try TrustFigures.fixture(agreement: agreement)
        trust.warnings = warnings
        trust.baselines.length = length.map { TrustFigures.share($0) }
        trust.baselines.refusalWording = refusal.map { TrustFigures.share($0) }
        trust.baselines.bagOfWords = words.map { TrustFigures.share($0) }
        return try #require(Verdict(trust))
    }

    @Test func theHeadlineSaysWhatTheMarginsAreNoBetterThan() throws {
        let cases: [(Double, Double?, Double?, Double?, String, Bool)] = [
            (
                0.65, 0.55, 0.56, 0.57,
                "better than chance, and than length alone, refusal wording alone and a bag of words", true
            ),
            (0.65, 0.64, 0.56, 0.57, "better than chance, but no better than length alone", false),
            (
                0.65, 0.60, 0.72, 0.65,
                "better than chance, but worse than refusal wording alone, and no better than a bag of words", false
            ),
            (0.51, 0.40, 0.40, 0.40, "no better than chance", false),
            (0.45, 0.40, nil, nil, "contradict the labels more often than chance", false),
            (0.65, nil, nil, nil, "better than chance; they were compared with nothing else", true),
        ]
        for (agreement, length, refusal, words, headline, isFavourable) in cases {
            let verdict = try verdict(agreement, length: length, refusal: refusal, words: words)
            #expect(verdict.headline.contains(headline), "\(verdict.headline)")
            #expect(verdict.isFavourable == isFavourable)
        }
    }

    @Test func whatIsWarnedOfIsInTheHeadline() throws {
        let verdict = try verdict(0.65, length: 0.55, warnings: ["the margins follow length"])
        #expect(
            verdict.headline == "The margins are better than chance, and than length alone, but there are warnings.")
        #expect(!verdict.isFavourable)
    }

    @Test func aFewRowsTellNothing() throws {
        for (rows, prompts, isEnough) in [(99, 99, false), (100, 29, false), (100, 30, true)] {
            var trust = try TrustFigures.fixture()
            trust.labelAgreement?.rows = rows
            trust.labelAgreement?.prompts = prompts
            trust.warnings = []
            let verdict = try #require(Verdict(trust))
            #expect(verdict.headline.hasPrefix("Too few rows to tell: \(rows) rows of \(prompts) prompts") == !isEnough)
            #expect(verdict.isFavourable == isEnough)
        }
    }

    @Test func aBaselineWithinTheMarginsIntervalIsNoWorse() {
        var margins = TrustFigures.share(0.65)
        (margins.low, margins.high) = (0.632, 0.67)
        #expect(Verdict.standing(margins, to: 0.631) == .better && Verdict.standing(margins, to: 0.632) == .unclear)
        #expect(Verdict.standing(margins, to: 0.67) == .unclear && Verdict.standing(margins, to: 0.671) == .worse)
    }

    @Test func thereIsNoVerdictWithoutLabels() throws {
        var trust = try TrustFigures.fixture()
        trust.labelAgreement = nil
        #expect(Verdict(trust) == nil)
    }
}
