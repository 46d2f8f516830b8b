import Margins
import Reports
import Testing

@testable import Trust

/// What figures are worth a sentence.
@Suite struct RowFiguresTests {
    /// Of rows that each have their own prompt.
    private func agreement(_ share: Double, of rows: Int, prompts: Int? = nil) throws -> TrustFigures.Agreement {
        let right = Int((share * Double(rows)).rounded())
        let values = (0..<rows).map { $0 < right ? 1.0 : 0 }
        return TrustFigures.Agreement(
            try #require(ClusteredShare(values, groups: (0..<rows).map { $0 % (prompts ?? rows) })))
    }

    private func figures(
        _ margins: Double, of rows: Int = 1000, prompts: Int? = nil, length: Double? = nil, words: Double? = nil,
        equal: (share: Double, rows: Int)? = nil
    ) throws -> RowFigures {
        var figures = RowFigures()
        figures.labelAgreement = try agreement(margins, of: rows, prompts: prompts)
        figures.baselines.length = try length.map { try agreement($0, of: rows, prompts: prompts) }
        figures.baselines.bagOfWords = try words.map { try agreement($0, of: rows, prompts: prompts) }
        figures.agreementAtEqualLength = try equal.map { try agreement($0.share, of: $0.rows) }
        return figures
    }

    @Test func baselinesBelowTheIntervalAreNotWarnedOf() throws {
        // Of 1000 rows at 0.65 the interval is 0.62 to 0.679.
        #expect(try figures(0.65, length: 0.61, words: 0.6).warnings(isSurveyed: false, isOfAnchors: true) == [])
        for share in [0.63, 0.65, 0.8] {
            let found = try figures(0.65, length: share).warnings(isSurveyed: false, isOfAnchors: true)
            #expect(found.count == 1 && found[0].contains("length alone"), "\(share)")
        }
        #expect(
            try figures(0.65, words: 0.7).warnings(isSurveyed: false, isOfAnchors: true) == [
                """
                the margins order 65.0 % (62.0 % to 67.9 %) of 1000 rows as labelled, a bag of words, fitted on rows of \
                other prompts, 70.0 % (67.1 % to 72.8 %) of 1000: the margins are no better than that; a \
                larger model may see more
                """
            ])
    }

    @Test func chanceIsSaidOnceAndBaselinesThatAreChanceAreNot() throws {
        let chance = try figures(0.5, length: 0.51, words: 0.7)
        let found = chance.warnings(isSurveyed: false, isOfAnchors: true)
        #expect(found.count == 2)
        #expect(found[0].contains("no better than chance") && found[1].contains("a bag of words"))
        #expect(chance.warnings(isSurveyed: true, isOfAnchors: true) == Array(found.dropFirst()))
    }

    @Test func ofFewRowsOrPromptsThatAloneIsSaid() throws {
        func warnings(_ rows: Int, prompts: Int? = nil, isSurveyed: Bool = false) throws -> [String] {
            try figures(0.5, of: rows, prompts: prompts, length: 0.7)
                .warnings(isSurveyed: isSurveyed, isOfAnchors: true)
        }
        let few = """
            too few rows to tell whether margins mean anything: 99 rows of 99 prompts, expected at least 100 of 30
            """
        #expect(try warnings(99) == [few] && warnings(99, isSurveyed: true) == [few])
        #expect(try warnings(100).count == 2)
        #expect(try warnings(1000, prompts: 29).count == 1)
        #expect(try warnings(1000, prompts: 29, isSurveyed: true) == [], "the survey says it")
        #expect(try warnings(1000, prompts: 30).count == 2)
    }

    @Test func adviceIsOfWhatThereIs() throws {
        var figures = try figures(0.65, length: 0.7)
        figures.confounds.length = VarianceExplained(of: [1, 2, 3, 5], by: [1, 2, 3, 4])
        let ofAnchors = figures.warnings(isSurveyed: true, isOfAnchors: true)
        let ofLabels = figures.warnings(isSurveyed: true, isOfAnchors: false)
        #expect(ofAnchors.count == 2 && ofAnchors.allSatisfy { $0.contains("anchors") })
        #expect(ofLabels.count == 2 && ofLabels.allSatisfy { !$0.contains("anchors") })
    }

    /// As a saved direction's may be.
    @Test func fewerThanChanceIsNotCalledNoBetter() throws {
        let found = try figures(0.2).warnings(isSurveyed: false, isOfAnchors: true)
        #expect(found.count == 1 && found[0].contains("fewer than chance: the direction's two sides"))
    }

    @Test func rowsOfEqualLengthMustTellThatTheyAreChance() throws {
        let found = try figures(0.65, equal: (0.51, 300)).warnings(isSurveyed: false, isOfAnchors: true)
        #expect(found.count == 1 && found[0].contains("51.0 % (45.4 % to 56.6 %) of the 300 whose responses"))
        // Better than chance; too few rows to say; chance overall as well.
        #expect(try figures(0.65, equal: (0.6, 300)).warnings(isSurveyed: false, isOfAnchors: true) == [])
        #expect(try figures(0.65, equal: (0.56, 100)).warnings(isSurveyed: false, isOfAnchors: true) == [])
        #expect(try figures(0.65, equal: (0.4, 99)).warnings(isSurveyed: false, isOfAnchors: true) == [])
        #expect(try figures(0.5, equal: (0.4, 300)).warnings(isSurveyed: true, isOfAnchors: true) == [])
    }

    @Test func aConfoundOfMoreThanAQuarterIsWarnedOf() throws {
        // R² of two groups that lie two apart, with noise of variance v: 1 / (1 + v).
        func explained(_ variance: Double) throws -> VarianceExplained {
            let spread = variance.squareRoot()
            let column = (0..<400).map { Double($0 % 2) }
            let scores = (0..<400).map { 2 * Double($0 % 2) + ($0 % 4 < 2 ? spread : -spread) }
            return try #require(VarianceExplained(of: scores, by: column))
        }
        for (variance, isWarned) in [(2.8, true), (3.2, false)] {
            var figures = try figures(0.65)
            figures.confounds.length = try explained(variance)
            figures.confounds.refusalWording = figures.confounds.length
            figures.confounds.finalCharacter = figures.confounds.length
            figures.confounds.truncation = figures.confounds.length
            #expect(figures.warnings(isSurveyed: false, isOfAnchors: true).count == (isWarned ? 3 : 0))
        }
    }

    @Test func theTrustFiguresTakeThemOver() throws {
        var rows = try figures(0.5, length: 0.6, equal: (0.55, 300))
        rows.confounds.length = VarianceExplained(of: [1, 2, 3, 5], by: [1, 2, 3, 4])
        let run = TrustFigures.Run(
            job: "job", input: "in", output: "out", software: "1", source: "own", anchorFiles: [], pairs: 1,
            estimator: "mean-difference", model: "m", modelSha256: "", template: "alpaca", compatibility: "none",
            precision: "f32", numericBuild: "", layer: 1, layerCount: 2, token: "last", placeReason: "")
        var figures = TrustFigures(run: run)
        figures.warnings = ["first"]
        figures.confounds.refusalOfHarmlessRows = 7
        figures.add(rows)
        #expect(figures.labelAgreement == rows.labelAgreement && figures.baselines == rows.baselines)
        #expect(figures.agreementAtEqualLength == rows.agreementAtEqualLength && figures.selective == rows.selective)
        #expect(figures.confounds.length == rows.confounds.length && figures.confounds.refusalOfHarmlessRows == 7)
        #expect(figures.warnings == ["first"] + rows.warnings(isSurveyed: false, isOfAnchors: false))
        #expect(figures.warnings.count == 4)
        let own = try #require(rows.labelAgreement)
        var surveyed = TrustFigures(run: run)
        surveyed.survey = TrustFigures.Survey(rows: 100, prompts: 100, ownLabels: own, sources: [])
        surveyed.add(rows)
        #expect(
            surveyed.warnings == rows.warnings(isSurveyed: true, isOfAnchors: false) && surveyed.warnings.count == 2)
    }
}
