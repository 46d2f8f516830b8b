import Margins
import Reports
import SeededRandom
import Testing

@testable import Trust

/// Rows of which it is known how strongly they were labelled, and what margins have to do with it.
@Suite struct StrengthTests {
    private func figures(
        _ count: Int = 400, _ make: (_ strength: Int, _ random: inout SeededGenerator) -> Row
    ) throws -> (strength: TrustFigures.Strength, warnings: [String]) {
        var random = SeededGenerator(seed: 5)
        let rows = (0..<count).map { number in
            let strength = number % 4
            var row = make(strength, &random)
            row.strength = Double(strength)
            row.prompt = number / 2
            return row
        }
        var figures = RowTrust.figures(rows)
        figures.strength?.source = "severities"
        let warnings = figures.warnings(isSurveyed: true, isOfAnchors: true)
        return (try #require(figures.strength), warnings.filter { $0.hasPrefix("how strongly") })
    }

    @Test func marginsThatFollowTheStrengthSayByHowMuch() throws {
        let (strength, warnings) = try figures { strength, random in
            Row(margin: Double(strength) + random.gaussian(), chosen: random.words(20), rejected: random.words(20))
        }
        let correlation = try #require(strength.rankCorrelation)
        // Spearman's of a sum of four equal steps and normal noise of the same spread is about 0.73.
        #expect(correlation.low < 0.73 && 0.73 < correlation.high && correlation.high - correlation.low < 0.13)
        #expect(abs(try #require(strength.length).value) < 0.15)
        #expect(try #require(strength.gainOverLength).low > 0.4)
        #expect(strength.levels.map(\.text) == ["0", "1", "2", "3"])
        let agreements = strength.levels.compactMap { $0.agreement?.value }
        #expect(agreements.count == 4 && agreements == agreements.sorted() && agreements[3] > 0.98)
        #expect(strength.levels.compactMap { $0.length?.rows } == [100, 100, 100, 100])
        #expect(zip(strength.levels, 0..<4).allSatisfy { abs($0.meanMargin - Double($1)) < 0.3 })
        #expect(strength.rows == 400 && strength.prompts == 200 && warnings == [])
        #expect(
            strength.line.hasPrefix("strength: raw margins have a rank correlation of 0.7"), "\(strength.line)")
    }

    @Test func marginsThatKnowOnlyWhichOneAreCalledOut() throws {
        let (strength, warnings) = try figures { _, random in
            Row(margin: 3 + random.gaussian(), chosen: random.words(20), rejected: random.words(20))
        }
        let correlation = try #require(strength.rankCorrelation)
        #expect(correlation.low < 0 && correlation.high > 0)
        #expect(warnings.count == 1 && warnings[0].contains("no better than chance"), "\(warnings)")
    }

    @Test func marginsThatShrinkWithTheStrengthAreCalledOut() throws {
        let (_, warnings) = try figures { strength, random in
            Row(margin: 5 - Double(strength) + random.gaussian(), chosen: random.words(9), rejected: random.words(9))
        }
        #expect(warnings.count == 1 && warnings[0].contains("smaller where labels are stronger"), "\(warnings)")
    }

    /// The shorter response is preferred, the more so the stronger the label is, and that is all that margins know.
    @Test func marginsThatAreLengthAreCalledOut() throws {
        let (strength, warnings) = try figures { strength, random in
            let extra = 3 * strength + Int.random(in: 0..<4, using: &random)
            let (chosen, rejected) = (random.words(20), random.words(20 + extra))
            return Row(
                margin: Double(rejected.utf8.count - chosen.utf8.count), chosen: chosen, rejected: rejected)
        }
        let (length, margins) = try (#require(strength.length), #require(strength.rankCorrelation))
        #expect(length.value > 0.6 && margins.low > 0)
        #expect(warnings.count == 1 && warnings[0].contains("and length alone"), "\(warnings)")
    }

    @Test func ofFewRowsNothingIsWarnedOf() throws {
        let (strength, warnings) = try figures(60) { _, random in
            Row(margin: random.gaussian(), chosen: random.words(9), rejected: random.words(9))
        }
        #expect(strength.rankCorrelation != nil && warnings == [])
    }

    @Test func rowsWithoutAStrengthCountInNoFigureOfIt() throws {
        var random = SeededGenerator(seed: 6)
        let rows = (0..<60).map { number in
            Row(
                margin: random.gaussian(), chosen: random.words(5), rejected: random.words(5), prompt: number,
                strength: number < 20 ? nil : Double(number))
        }
        let figures = RowTrust.figures(rows)
        let strength = try #require(figures.strength)
        #expect(strength.rows == 40 && figures.labelAgreement?.rows == 60)
        // More than eight strengths are shown by their quarters.
        #expect(strength.levels.map(\.text) == ["20 to 29", "30 to 39", "40 to 49", "50 to 59"])
        #expect(RowTrust.figures([Row()]).strength == nil)
    }

    @Test func ofOneStrengthThereIsNoCorrelation() throws {
        let figures = RowTrust.figures((0..<40).map { Row(margin: Double($0), prompt: $0, strength: 2) })
        let strength = try #require(figures.strength)
        #expect(strength.rankCorrelation == nil && strength.levels.map(\.text) == ["2"])
        #expect(strength.line.hasPrefix("strength: 40 rows have the same labelled strength"))
    }

    /// Margins along directions of categories are compared with lengths that know the category, too.
    @Test func lengthsMayKnowTheCategory() throws {
        var random = SeededGenerator(seed: 7)
        let rows = (0..<400).map { number in
            let strength = number % 4
            let isLongSafer = (number / 4) % 2 == 0
            let (short, long) = (random.words(10), random.words(10 + 4 * strength))
            return Row(
                margin: Double(strength) + random.gaussian(), chosen: isLongSafer ? long : short,
                rejected: isLongSafer ? short : long, prompt: number, category: isLongSafer ? nil : 1,
                strength: Double(strength))
        }
        let length = try #require(RowTrust.figures(rows).strength?.length)
        #expect(length.value > 0.8)
    }

    @Test func ofManyRowsASampleOfPromptsIsMeasured() throws {
        var random = SeededGenerator(seed: 8)
        let rows = (0..<500).map { number in
            Row(margin: random.gaussian(), prompt: number / 5, strength: Double(number % 3))
        }
        let strength = try #require(RowTrust.figures(rows, baselineRowsMax: 200).strength)
        #expect(strength.rows == 200 && strength.prompts == 40)
    }
}
