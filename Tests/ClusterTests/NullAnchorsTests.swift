import SeededRandom
import Testing

@testable import Coordinator

/// Anchors that say nothing, and anchors that do.
@Suite struct NullAnchorsTests {
    private static func signs(_ count: Int, turned: Double, _ random: inout SeededGenerator) -> [Float] {
        (0..<count).map { _ in Double.random(in: 0..<1, using: &random) < turned ? -1 : 1 }
    }

    /// How many of some sets of anchors nothing is said against. Anchors differ a lot along one direction, and so do the rows,
    /// of which one in six has its labels swapped.
    ///
    /// - Parameter isShuffled: whether each anchor's sides have changed places with a chance of one half.
    private func trusted(of sets: Int, isShuffled: Bool) throws -> Int {
        let survey = try MadeUpSurvey(rows: 60, anchors: 40, layers: 3, hiddenSize: 16)
        let anchors = try #require(survey.anchors)
        return try (0..<sets).count { set in
            var random = SeededGenerator(seed: UInt64(set))
            let rowSigns = Self.signs(60, turned: 1.0 / 6, &random)
            let anchorSigns = Self.signs(40, turned: isShuffled ? 0.5 : 0, &random)
            let ledger = try survey.ledger()
            try survey.embed(.survey, in: ledger, &random) { row, text, _, vector in
                vector[vector.startIndex] += (text == 0 ? 1 : -1) * rowSigns[Int(row)]
            }
            try survey.embed(anchors, in: ledger, &random) { anchor, text, _, vector in
                vector[vector.startIndex] += (text == 0 ? 1 : -1) * anchorSigns[Int(anchor)]
            }
            let fit = try survey.fit(ledger)
            return fit.saved.heldOutWarning == nil && fit.report?.warnings == []
        }
    }

    /// By chance such a set often orders the rows well, or ill, all the same: the direction that tells most is theirs, too.
    @Test func shuffledAnchorsAreTrustedInOneOfTwentyCasesAtMost() throws {
        let sets = 200
        let trusted = try trusted(of: sets, isShuffled: true)
        print("\(trusted) of \(sets) sets of anchors with shuffled sides are trusted")
        #expect(trusted <= sets / 20)
    }

    @Test func anchorsThatSayWhatTheRowsSayAreTrusted() throws {
        #expect(try trusted(of: 20, isShuffled: false) >= 18)
    }
}
