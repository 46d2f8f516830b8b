import Margins
import Protocol
import Reports
import SeededRandom
import Testing

@testable import Coordinator

/// What a person is told of a survey.
@Suite struct SurveyReportTests {
    /// A share of 400 rows of as many prompts.
    private func share(_ right: Int, of rows: Int = 400) throws -> ClusteredShare {
        try #require(
            ClusteredShare(positive: (0..<rows).map { $0 < right ? 1 : -1 }, groups: Array(0..<rows)))
    }

    /// Of two places, of which the first is the default.
    private func report(
        right: [Int] = [250, 252], own: Int = 250, anchors: Int? = nil, rows: Int = 400
    ) throws -> SurveyReport {
        let margins = right.map { right in (0..<rows).map { $0 < right ? 1.0 : -1 } }
        let places = right.indices.map { index in
            SurveyReport.Place(layer: 20 + index, token: .meanResponse, own: [])
        }
        return SurveyReport(
            places: places, choice: PlaceChoice(margins, groups: Array(0..<rows), defaultCell: 0, seed: 1),
            own: try share(own, of: rows), anchors: try anchors.map { try share($0, of: rows) }, estimator: "ridge")
    }

    @Test func whyTheModelIsReadWhereItIsIsSaid() throws {
        #expect(
            try report().choiceText.hasPrefix(
                "layer 20, mean-response: the default; the best by the rows' labels, layer 21, mean-response, is better by no "
            ))
        #expect(
            try report(right: [250, 240]).choiceText.hasPrefix(
                "layer 20, mean-response: the default, and the best by the rows' labels (62.5 % of 400 rows as labelled"
            ))
        #expect(
            try report(right: [250, 350]).choiceText.hasPrefix(
                "layer 21, mean-response: chosen by the rows' labels (87.5 %"))
        #expect(
            try report(right: [10, 20], own: 10, rows: 20).choiceText
                == "layer 20, mean-response: the default, since 20 prompts with a label choose nothing (expected at least 30)"
        )
        #expect(try report(right: [250]).choiceText == "layer 20, mean-response, as configured")
    }

    @Test func anchorsThatCarryOverAreNotCalledOut() throws {
        #expect(try report(own: 250, anchors: 250).warnings == [])
        #expect(try report(own: 250, anchors: 330).warnings == [])
        #expect(try report(own: 250).warnings == [])
    }

    @Test func anchorsThatDoNotAreCalledOutInASentence() throws {
        let chance = try report(own: 260, anchors: 196).warnings
        #expect(chance.count == 1)
        #expect(
            chance.first?.hasPrefix(
                "your anchors order 49.0 % (44.1 % to 53.9 %) of your rows as labelled, the rows' own labels, cross-fitted, "
                    + "65.0 % (60.2 % to 69.5 %): the anchors do not carry over to the rows; use job.anchors: own")
                == true,
            "\(chance)")
        let worse = try report(own: 350, anchors: 260).warnings
        #expect(worse.first?.contains("87.5 %") == true && worse.first?.contains("carry over") == false, "\(worse)")
        let swapped = try report(own: 250, anchors: 120).warnings
        #expect(swapped.first?.contains("fewer than chance: their two sides") == true, "\(swapped)")
    }

    @Test func scoresThatLeanOnRefusalsOfHarmlessQuestionsAreCalledOut() throws {
        func warnings(rows: Int, explained: Double) throws -> [String] {
            var report = try report(right: [rows, rows], own: rows, rows: rows)
            // A line through as many points as explain so much.
            let scores = (0..<100).map { Double($0 % 10) }
            let column = (0..<100).map { Double($0) < explained * 100 ? Double($0 % 10) : 4.5 }
            report.trust.refusalOfHarmless = VarianceExplained(of: scores, by: column)
            report.trust.refusalOfHarmlessRows = 30
            return report.warnings
        }
        let found = try warnings(rows: 100, explained: 0.6)
        #expect(found.count == 1 && found[0].hasPrefix("a direction of refusals of harmless questions (30 rows)"))
        #expect(try warnings(rows: 100, explained: 0.1) == [])
        #expect(try warnings(rows: 99, explained: 0.6) == [], "too few rows to say so")
    }

    @Test func categoriesBehindTheMostFrequentAreSaidApart() throws {
        var report = try report()
        report.otherCategories = .init(values: 2, valuesTooMany: 3, rows: 9)
        let text = try #require(report.categoryTexts.last)
        #expect(
            text.hasPrefix("9 rows with no value (or one of more than 256 bytes), or one of 2 with too few prompts"))
        #expect(text.hasSuffix(", or one of 3 behind the 64 most frequent, are along the direction of all rows"))
    }

    @Test func copiesUnderOtherPromptsAreCalledOutWhereTheyTeach() throws {
        var report = try report(own: 250)
        report.repeatedRows = 41
        #expect(report.warnings == [], "the direction is not of the rows")
        report.sources = [
            .init(name: "own", isOwn: true, pairs: 400, agreement: report.own, cosineWithOwn: nil, isUsed: true)
        ]
        #expect(report.warnings.first?.hasPrefix("41 of 400 surveyed rows have the very responses of a row") == true)
        report.repeatedRows = 40
        #expect(report.warnings == [])
    }

    /// As often as with labels that mean nothing.
    @Test func aPlaceThatIsAsGoodByChanceIsCalledOut() throws {
        func warnings(chosen: Int, reached: Double) throws -> [String] {
            var report = try report(right: [210, chosen], own: chosen)
            var null = PermutationNull()
            null.add([Double(chosen) / 400] + (0..<19).map { Double($0) * reached / 18 })
            report.permutation = .init(null: null, rows: 400)
            return report.warnings
        }
        #expect(try warnings(chosen: 300, reached: 0.7) == [])
        let found = try warnings(chosen: 300, reached: 0.8)
        #expect(found.count == 1 && found[0].contains("no better than the best of so many places comes to by chance"))
        #expect(try warnings(chosen: 212, reached: 0.8).allSatisfy { !$0.contains("so many places") }, "the default")
    }

    /// Where another place was chosen only since it hurts less, the sentence says where the anchors are that bad.
    @Test func anchorsThatAreSwappedAtTheDefaultPlaceAreCalledOutThere() throws {
        var report = try report(right: [120, 300], own: 380, anchors: 300)
        let agreement = try share(120)
        report.places[0].anchors = SurveyReport.Estimate(
            .meanDifference, (0..<400).map { $0 < 120 ? 1 : -1 }, groups: Array(0..<400))
        #expect(!report.choice.isDefault)
        #expect(
            report.warnings.first?.hasPrefix(
                "your anchors order \(agreement.text) of your rows as labelled at layer 20, mean-response, the default place, "
                    + "fewer than chance: ") == true, "\(report.warnings)")
    }

    /// The best of many places is above chance by luck.
    @Test func whatChoosingAPlaceFlattersIsTakenOff() throws {
        let rows = 400
        var random = SeededGenerator(seed: 9)
        var margins = (0..<60).map { _ in (0..<rows).map { _ in Double.random(in: -1...1, using: &random) } }
        // So bad a default that a lucky place is chosen.
        margins[0] = (0..<rows).map { $0 < 120 ? 1 : -1 }
        let choice = PlaceChoice(margins, groups: Array(0..<rows), defaultCell: 0, seed: 1)
        let best = try #require(choice.best)
        #expect(!choice.isDefault && best.optimism > 0.02)
        let anchors = try share(Int(best.value * Double(rows)))
        let report = SurveyReport(
            places: margins.indices.map { .init(layer: $0, token: .meanText, own: []) },
            choice: choice, own: try share(215), anchors: anchors, estimator: "mean-difference")
        #expect(anchors.low > 0.5 && report.warnings.first?.contains("do not carry over") == true, "\(report.warnings)")
    }

    // MARK: Several sources

    /// Of 400 rows, the rows' own labels first.
    private func several(
        own: Int = 260, anchors: [Int], used: Set<Int>, together: Int
    ) throws -> SurveyReport {
        var report = try report(own: own, anchors: together)
        report.combination = PlaceChoice(
            ([together, own] + anchors).map { right in (0..<400).map { $0 < right ? 1.0 : -1 } },
            groups: Array(0..<400), defaultCell: 0, seed: 1)
        report.sources = try ([own] + anchors).enumerated().map { index, right in
            .init(
                name: index == 0 ? "own" : "\(index).jsonl", isOwn: index == 0, pairs: 100 + index,
                agreement: try share(right), cosineWithOwn: index == 0 ? nil : 0.254,
                rankCorrelationWithOwn: index == 0 ? nil : 0.5, isUsed: used.contains(index))
        }
        return report
    }

    @Test func whatEachSourceSaysIsSaid() throws {
        let all = try several(anchors: [250], used: [0, 1], together: 270)
        #expect(all.agreementText == "2 sources together order \(try share(270).text) of 400 surveyed rows as labelled")
        #expect(
            all.sourceTexts == [
                "own, 100 pairs, orders \(try share(260).text) as labelled",
                "1.jsonl, 101 pairs, orders \(try share(250).text) as labelled; with the rows' own labels it has a cosine of "
                    + "0.25 and a rank correlation of 0.5",
            ])
        #expect(all.warnings.isEmpty)
        let one = try several(own: 350, anchors: [220], used: [0], together: 350)
        #expect(one.agreementText.hasPrefix("own alone, better than all sources together ("), "\(one.agreementText)")
        #expect(one.sourceTexts[1].hasSuffix("; not used"))
        #expect(try report().sourceTexts.isEmpty)
    }

    @Test func aSourceThatDoesNotCarryOverIsNamed() throws {
        let chance = try several(anchors: [250, 196], used: [0, 1, 2], together: 262).warnings
        #expect(chance.count == 1)
        #expect(
            chance.first?.hasPrefix("your anchors in 2.jsonl order 49.0 % (44.1 % to 53.9 %) of your rows as labelled")
                == true
                && chance[0].contains("do not carry over") && chance[0].contains("leave that source out"),
            "\(chance)")
        let swapped = try several(anchors: [120], used: [0], together: 262).warnings
        #expect(swapped.count == 1 && swapped[0].contains("in 1.jsonl") && swapped[0].contains("fewer than chance"))
        let own = try several(own: 203, anchors: [300], used: [0, 1], together: 290).warnings
        #expect(own.count == 1 && own[0].hasSuffix("no better than chance; leave own out of job.anchors"), "\(own)")
        let worse = try several(own: 350, anchors: [260], used: [0, 1], together: 262).warnings
        #expect(worse.count == 1 && worse[0].hasPrefix("your sources together order 65.5 %"), "\(worse)")
    }

    @Test func labelsThatSayNothingAreCalledOut() throws {
        let warnings = try report(own: 203).warnings
        #expect(warnings.count == 1 && warnings[0].hasSuffix("margins mean nothing"))
    }
}
