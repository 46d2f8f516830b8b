import Dataset
import JobConfiguration
import Margins
import SeededRandom
import Testing

@testable import Coordinator

/// What becomes of margins below zero, and the bins of what the output has.
@Suite struct MarginTreatmentTests {
    typealias Margin = JobConfiguration.Configuration.Margin

    private static let forms: [Margin.Bins] = [
        .automatic, .equalWidth(5), .quantiles(7), .edges([-1, 0, 1.5]), .probabilities([0.3, 0.5, 0.9]), .edges([]),
    ]

    /// In tenths, so that many are equal, and some are 0.
    private func margins(_ count: Int, seed: UInt64) -> [Double] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Double.random(in: -40...40, using: &random).rounded() / 10 }
    }

    private func annotation(_ margin: Double) throws -> Annotation {
        try Annotation(
            margin: margin, scoreChosen: 2 * margin + 1, scoreRejected: 1,
            calibrated: .init(raw: 2 * margin, standardError: 0.5, probability: 0.5 + margin / 100))
    }

    private func outcomes(
        _ margins: [Double], _ negative: Margin.Negative, _ bins: Margin.Bins, isLogOdds: Bool = true
    ) throws -> (treatment: MarginTreatment, rows: [RowOutcome]) {
        let treatment = MarginTreatment(negative: negative, bins: bins, margins: margins, isLogOdds: isLogOdds)
        return (treatment, try margins.map { try treatment.outcome(annotation($0)) })
    }

    private func annotated(_ rows: [RowOutcome]) -> [Annotation] {
        rows.compactMap { if case .annotated(let annotation) = $0 { annotation } else { nil } }
    }

    @Test(arguments: Margin.Negative.allCases)
    func allRowsHaveTheSameColumnsWithFiniteNumbers(_ negative: Margin.Negative) throws {
        for (seed, bins) in zip(UInt64(1)..., Self.forms + [.none]) {
            let margins = margins(200, seed: seed)
            let (treatment, rows) = try outcomes(margins, negative, bins)
            let annotated = annotated(rows)
            let columns = Set(annotated.map { $0.members.map(\.column) })
            #expect(columns.count == 1 && annotated.allSatisfy(\.isFinite))
            #expect(columns.first?.contains(.bin) == (bins != .none))
            #expect(columns.first?.contains(.negative) == (negative == .flag))
            #expect(columns.first?.contains(.flipped) == (negative == .flip))
            #expect(annotated.count == (negative == .drop ? margins.count { $0 >= 0 } : 200))
            for bin in annotated.compactMap(\.bin) { #expect((0..<treatment.bins!.bins.count).contains(bin)) }
        }
    }

    @Test(arguments: Margin.Negative.allCases)
    func theEdgesThatWereUsedGiveTheSameBins(_ negative: Margin.Negative) throws {
        for (seed, bins) in zip(UInt64(10)..., Self.forms) {
            for isLogOdds in [true, false] {
                let margins = margins(300, seed: seed)
                let (treatment, rows) = try outcomes(margins, negative, bins, isLogOdds: isLogOdds)
                let edges = try #require(treatment.bins).bins.edges
                let again = try outcomes(margins, negative, .edges(edges), isLogOdds: isLogOdds)
                #expect(again.rows == rows)
                #expect(again.treatment.bins?.origin == "edges as configured")
            }
        }
    }

    @Test func binsAreOfTheMarginsThatTheOutputHas() throws {
        let margins = [-8, -4, -2, -1, 1, 2, 4, 8].map(Double.init)
        func bins(_ negative: Margin.Negative) throws -> [Int?] {
            annotated(try outcomes(margins, negative, .quantiles(4)).rows).map(\.bin)
        }
        #expect(try bins(.keep) == [0, 0, 1, 1, 2, 2, 3, 3])
        #expect(try bins(.flag) == bins(.keep))
        #expect(try bins(.flip) == [3, 2, 1, 0, 0, 1, 2, 3])
        #expect(try bins(.drop) == [0, 1, 2, 3])
        // Half of them are 0, below which there is no edge.
        #expect(try bins(.clip) == [0, 0, 0, 0, 1, 1, 2, 2])
    }

    @Test func whatIsBelowZeroIsTreatedAsAsked() throws {
        func outcome(_ negative: Margin.Negative, _ margin: Double) throws -> RowOutcome {
            try MarginTreatment(negative: negative, bins: .none, margins: [], isLogOdds: true)
                .outcome(annotation(margin))
        }
        for margin in [0, 2.5] {
            for negative in [Margin.Negative.keep, .clip, .drop] {
                #expect(try outcome(negative, margin) == .annotated(annotation(margin)))
            }
        }
        #expect(try outcome(.keep, -2) == .annotated(annotation(-2)))
        #expect(try annotated([outcome(.clip, -2)]).map(\.margin) == [0])
        #expect(try annotated([outcome(.clip, -2)]).map(\.calibrated) == [annotation(-2).calibrated])
        for (margin, isNegative) in [(-2, true), (0, false), (2, false)] as [(Double, Bool)] {
            let flagged = try #require(annotated([outcome(.flag, margin)]).first)
            #expect(flagged.margin == margin && flagged.mark == .negative(isNegative))
            let flipped = try #require(annotated([outcome(.flip, margin)]).first)
            #expect(flipped.margin == abs(margin) && flipped.mark == .flipped(isNegative))
        }
        #expect(try outcome(.drop, -0.42) == .dropped(reason: "the margin is -0.42, below 0 (margin.negative: drop)"))
    }

    @Test func aFlippedRowsNumbersAreOfTheOtherOrder() throws {
        let treatment = MarginTreatment(negative: .flip, bins: .edges([0, 1]), margins: [-2], isLogOdds: true)
        let flipped = try #require(annotated([treatment.outcome(annotation(-2))]).first)
        #expect(
            flipped.members.map { "\($0.column.rawValue) \($0.value)" } == [
                "margin 2.0", "margin_raw 4.0", "margin_se 0.5", "p_safer 0.52", "margin_bin 2", "margin_flipped true",
                "score_chosen 1.0", "score_rejected -3.0",
            ])
        #expect(try annotation(-2).opposite.opposite == annotation(-2))
    }

    /// In tests of words, since a person reads them.
    @Test func howTheEdgesWereMadeIsSaid() throws {
        func bins(_ bins: Margin.Bins, _ margins: [Double], isLogOdds: Bool) -> RowBins? {
            RowBins(bins, of: margins, isLogOdds: isLogOdds)
        }
        let some = [-2.0, -1, 1, 2]
        let automatic = try #require(bins(.automatic, some, isLogOdds: true))
        #expect(automatic.origin == "probabilities 0.5, 0.75, 0.9" && automatic.bins.edges[0] == 0)
        #expect(automatic.bins == MarginBins(probabilities: [0.5, 0.75, 0.9]))
        let standard = try #require(bins(.automatic, some, isLogOdds: false))
        #expect(standard.origin == "4 quantiles" && standard.bins == MarginBins(quantiles: 4, of: some))
        let fallback = try #require(bins(.probabilities([0.5, 0.9]), some, isLogOdds: false))
        #expect(fallback.origin == "3 quantiles (probabilities need margins in log-odds, which these are not)")
        #expect(fallback.bins == MarginBins(quantiles: 3, of: some))
        for margins in [[], [1, 1, 1]] as [[Double]] {
            let single = try #require(bins(.equalWidth(5), margins, isLogOdds: true))
            #expect(single.bins.count == 1)
            #expect(single.origin == "one bin: 5 bins of equal width cannot be made of these margins")
        }
        #expect(bins(.equalWidth(2), [.nan, 1], isLogOdds: true)?.bins.count == 1)
        // So near that their log-odds are one number.
        #expect(bins(.probabilities([1e-300, 1e-300.nextUp]), some, isLogOdds: true)?.bins.count == 1)
        #expect(bins(.none, some, isLogOdds: true) == nil)
    }
}
