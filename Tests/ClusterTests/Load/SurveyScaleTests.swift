import Foundation
import Margins
import SeededRandom
import TestEnvironment
import Testing

@testable import Coordinator

/// The fit of a job whose states are made up, of any size: what it finds, how long it takes and what memory.
///
/// `LEGEND_SURVEY_ROWS=1000 LEGEND_SURVEY_HIDDEN=4096 LEGEND_SURVEY_LAYERS=32` is a large model's, and 3 GB of states; alone
/// in its process it says what memory the fit takes.
@Suite(.hangLimit) struct SurveyScaleTests {
    private static func environment(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    private static let rows = environment("LEGEND_SURVEY_ROWS") ?? 200
    private static let hiddenSize = environment("LEGEND_SURVEY_HIDDEN") ?? 48
    private static let layers = environment("LEGEND_SURVEY_LAYERS") ?? 6

    @Test func thePlaceThatTellsIsFoundInBoundedMemory() throws {
        let survey = try MadeUpSurvey(rows: Self.rows, layers: Self.layers, hiddenSize: Self.hiddenSize)
        // As far as the noise of all components together.
        let signal = Float(Self.hiddenSize).squareRoot() / 5
        var random = SeededGenerator(seed: 5)
        let ledger = try survey.ledger()
        try survey.embed(.survey, in: ledger, &random) { _, text, layer, vector in
            if text == 0, layer == Self.layers - 1 { vector[vector.startIndex] += signal }
        }
        let before = try #require(ProcessTable.peakMemory(of: getpid()))
        let start = ContinuousClock.now
        let fit = try survey.fit(ledger)
        let peak = try #require(ProcessTable.peakMemory(of: getpid()))
        print(
            """
            the fit of \(Self.rows) rows at \(3 * Self.layers) places of \(Self.hiddenSize): \
            \(ContinuousClock.now - start), \(peak >> 20) MB at most, \(before >> 20) MB before
            """)
        let report = try #require(fit.report)
        #expect(report.chosen.layer == Self.layers - 1 && !report.choice.isDefault, "\(report.choiceText)")
        #expect(report.own.value > 0.9 && fit.outcomes.count == Self.rows)
        #expect(report.permutation?.null.pValue ?? 1 < 0.01)
        #expect(Self.rows < 1000 || peak < 1 << 30)
    }
}
