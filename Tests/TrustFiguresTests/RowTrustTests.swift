import Foundation
import Margins
import Reports
import SeededRandom
import Testing

@testable import Trust

/// Rows of which it is known what orders them.
@Suite struct RowTrustTests {
    private static let count = 400

    private func warnings(_ figures: RowFigures) -> [String] { figures.warnings(isSurveyed: false, isOfAnchors: true) }

    /// Two rows of each prompt.
    private func rows(_ make: (_ row: Int, _ random: inout SeededGenerator) -> Row) -> [Row] {
        var random = SeededGenerator(seed: 3)
        return (0..<Self.count).map { number in
            var row = make(number, &random)
            row.prompt = number / 2
            return row
        }
    }

    @Test func noRowsHaveNoFigures() {
        let figures = RowTrust.figures([])
        #expect(figures == RowFigures())
        #expect(warnings(figures) == [])
    }

    @Test func oneRowHasAnAgreementAndNothingElse() throws {
        let figures = RowTrust.figures([Row(margin: 2)])
        let agreement = try #require(figures.labelAgreement)
        #expect(agreement.value == 1 && agreement.rows == 1 && agreement.prompts == 1 && agreement.low < 0.5)
        #expect(figures.selective == [], "a tenth of one row")
        #expect(figures.baselines == TrustFigures.Baselines())
        #expect(figures.confounds.length == nil && figures.confounds.refusalWording == nil)
        #expect(figures.confounds.truncation == nil && figures.confounds.finalCharacter?.share == 0)
        #expect(warnings(figures).map { $0.prefix(20) } == ["too few rows to tell"])
    }

    /// Where labels mean the opposite, what is compared with margins may know the category, too: else effects cancel out.
    @Test func whatKnowsTheCategoryIsFoundOut() throws {
        var random = SeededGenerator(seed: 8)
        let rows = (0..<400).map { index -> Row in
            let (short, long) = (random.words(4), random.words(12))
            let isLongSafer = index % 2 == 0
            let score = random.gaussian()
            return Row(
                margin: 1, chosenScore: (isLongSafer ? 3 : -3) + score,
                rejectedScore: (isLongSafer ? -3 : 3) + score / 2,
                chosen: isLongSafer ? long : short, rejected: isLongSafer ? short : long, prompt: index)
        }
        let together = RowTrust.figures(rows)
        #expect(try #require(together.baselines.length).value < 0.7)
        let apart = RowTrust.figures(
            rows.enumerated().map { index, row in
                var row = row
                row.category = index % 2 == 0 ? nil : 1
                return row
            })
        #expect(try #require(apart.baselines.length).value > 0.95 && apart.baselines.rows == 400)
        #expect(try #require(apart.confounds.length).adjusted > 0.8)
    }

    @Test func rowsOfOnePromptAreWorthOneRow() throws {
        var random = SeededGenerator(seed: 4)
        let figures = RowTrust.figures(
            (0..<300).map { _ in Row(margin: -1, chosen: random.words(5), rejected: random.words(9)) })
        let agreement = try #require(figures.labelAgreement)
        #expect(agreement.rows == 300 && agreement.prompts == 1 && agreement.value == 0 && agreement.high > 0.5)
        #expect(figures.baselines == TrustFigures.Baselines())
        #expect(figures.confounds.finalCharacter != nil)
        #expect(warnings(figures).map { $0.prefix(20) } == ["too few rows to tell"])
    }

    @Test func marginsThatFollowNothingButTheLabelsAreNotWarnedOf() throws {
        let figures = RowTrust.figures(
            rows { number, random in
                let score = random.gaussian()
                return Row(
                    margin: number % 5 == 0 ? -1 : 1, chosenScore: score, rejectedScore: score - 1,
                    chosen: random.words(30), rejected: random.words(30))
            })
        let agreement = try #require(figures.labelAgreement)
        #expect(agreement.value == 0.8 && agreement.rows == 400 && agreement.prompts == 200)
        #expect(figures.selective.map(\.coverage) == [0.1, 0.25, 0.5, 1])
        #expect(figures.baselines.rows == 400 && figures.baselines.bagOfWords?.rows == 400)
        #expect(try #require(figures.baselines.length).low < 0.5)
        #expect(figures.baselines.refusalWording?.value == 0.5)
        #expect(try #require(figures.agreementAtEqualLength).value > 0.7)
        #expect(warnings(figures) == [])
    }

    /// Seven in ten preferred responses are the shorter ones, and every fourth pair is equally long.
    @Test func marginsThatAreLengthAreCalledOut() throws {
        let figures = RowTrust.figures(
            rows { number, random in
                let length = Int.random(in: 5...60, using: &random)
                let longer = number % 4 == 0 ? length : 2 * length
                let isShorter = number % 10 < 7
                let chosen = random.words(isShorter ? length : longer)
                let rejected = random.words(isShorter ? longer : length)
                let (chosenScore, rejectedScore) = (
                    -log(1 + Double(chosen.utf8.count)), -log(1 + Double(rejected.utf8.count))
                )
                return Row(
                    margin: number % 4 == 0 ? 0 : chosenScore - rejectedScore, chosenScore: chosenScore,
                    rejectedScore: rejectedScore, chosen: chosen, rejected: rejected)
            })
        let length = try #require(figures.confounds.length)
        #expect(length.share > 0.999_999 && length.adjusted > 0.999_999)
        #expect(try #require(figures.baselines.length).value > 0.58)
        #expect(try #require(figures.agreementAtEqualLength).value == 0.5)
        let found = warnings(figures)
        print(found.joined(separator: "\n"))
        #expect(found.count == 3)
        #expect(found[0].contains(", length alone, fitted on rows of other prompts, "))
        #expect(found[1].contains("no better than chance: the margins follow length"))
        #expect(found[2].hasPrefix("a response's length explains 100.0 % of the variance of its score: "))
    }

    @Test func theLongerOneIsFoundAsWellAsTheShorterOne() throws {
        for isShorter in [true, false] {
            let figures = RowTrust.figures(
                rows { _, random in
                    let (short, long) = (random.words(10), random.words(30))
                    return Row(margin: 1, chosen: isShorter ? short : long, rejected: isShorter ? long : short)
                })
            #expect(figures.baselines.length?.value == 1)
        }
    }

    @Test func labelsThatRefusalWordingDecidesAreFound() throws {
        let figures = RowTrust.figures(
            rows { number, random in
                let refusal = Double.random(in: 1...2, using: &random)
                return Row(
                    margin: number % 3 == 0 ? -1 : 1, chosenScore: refusal, rejectedScore: -refusal,
                    chosen: "I\u{2019}m sorry, I can't. " + random.words(20), rejected: random.words(25))
            })
        #expect(figures.baselines.refusalWording?.value == 1)
        #expect(try #require(figures.confounds.refusalWording).share > 0.9)
        let found = warnings(figures)
        #expect(found.contains { $0.contains(", refusal wording alone, fitted on rows of other prompts, 100.0 %") })
        #expect(found.contains { $0.hasPrefix("a response's refusal wording explains 9") })
    }

    @Test func labelsThatAWordDecidesAreFound() throws {
        let figures = RowTrust.figures(
            rows { number, random in
                Row(
                    margin: number % 3 == 0 ? -1 : 1, chosen: random.words(20) + " kindly",
                    rejected: random.words(20) + " rudely")
            })
        #expect(figures.baselines.bagOfWords?.value == 1)
        #expect(figures.baselines.refusalWording?.value == 0.5)
        let found = warnings(figures)
        #expect(found.contains { $0.contains(", a bag of words, fitted on rows of other prompts, 100.0 %") })
        #expect(!found.contains { $0.contains("refusal wording alone") })
    }

    @Test func scoresOfTheFinalCharacterAreCalledOut() throws {
        let figures = RowTrust.figures(
            rows { number, random in
                let (chosen, rejected) = (number % 4, number % 3)
                let ends = [".", "!", "a", "?"]
                return Row(
                    margin: number % 5 == 0 ? -1 : 1, chosenScore: Double(chosen), rejectedScore: Double(rejected),
                    chosen: random.words(20) + ends[chosen], rejected: random.words(20) + ends[rejected])
            })
        let finalCharacter = try #require(figures.confounds.finalCharacter)
        #expect(finalCharacter.share > 0.999_999)
        let truncation = try #require(figures.confounds.truncation)
        #expect(truncation.share < finalCharacter.share && truncation.share > 0.1)
        let found = warnings(figures)
        #expect(found.count == 1)
        #expect(
            found[0].contains("final character explains 100.0 %") && found[0].contains("embedding.token: mean-response")
        )
    }

    /// With samples that leave rows out.
    @Test func howPromptsAreInterleavedDoesNotMatter() {
        let rows = rows { number, random in
            let score = random.gaussian()
            return Row(
                margin: score + 0.5, chosenScore: score, rejectedScore: -0.5,
                chosen: random.words(Int.random(in: 0...30, using: &random)) + (number % 3 == 0 ? " I can't." : ""),
                rejected: random.words(Int.random(in: 1...30, using: &random)))
        }
        let figures = RowTrust.figures(rows, baselineRowsMax: 99, confoundRowsMax: 200)
        // Both rows of a prompt or none.
        #expect(figures.baselines.rows == 98 && figures.baselines.length?.prompts == 49)
        var random = SeededGenerator(seed: 8)
        for _ in 0..<3 {
            let order = (0..<Self.count / 2).shuffled(using: &random)
            let shuffled = order.map { rows[2 * $0] } + order.reversed().map { rows[2 * $0 + 1] }
            #expect(RowTrust.figures(shuffled, baselineRowsMax: 99, confoundRowsMax: 200) == figures)
        }
    }

    /// numpy 2.4 and scikit-learn 1.9, on the same texts.
    @Test func confoundsAreThoseOfNumpy() throws {
        let figures = RowTrust.figures(
            (0..<150).map { row in
                Row(
                    chosenScore: Self.score(row), rejectedScore: Self.score(row * 3 + 1), chosen: Self.text(row),
                    rejected: Self.text(row * 3 + 1), prompt: row)
            })
        let found = [
            figures.confounds.length, figures.confounds.finalCharacter, figures.confounds.refusalWording,
            figures.confounds.truncation,
        ].flatMap { [$0?.share ?? .nan, $0?.adjusted ?? .nan] }
        let expected: [Double] = [
            0.0318497431503, 0.0286009167851, 0.107217481346, 0.0889352454695,
            0.426371260001, 0.424446331344, 0.0125146663494, 0.00920095717609,
        ]
        let distance = zip(found, expected).map { abs($0 - $1) }.max() ?? .nan
        print("confounds: largest difference \(distance)")
        #expect(distance < 1e-6)
        #expect(found.count == expected.count)
    }

    private static func score(_ number: Int) -> Double {
        Double(number * 37 % 101) / 20 - 0.03 * Double(text(number).utf8.count) + 2 * Double(number % 4)
            + Double(number * 5 % 7) / 2
    }

    private static func text(_ number: Int) -> String {
        String(repeating: "I can't. ", count: number % 4) + String(repeating: "wörd ", count: number * 7 % 23 + 1)
            + [".", "!", "", "?", "\u{201D}", "…  ", ":"][number * 5 % 7]
    }
}
