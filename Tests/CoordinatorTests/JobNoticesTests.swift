import Dataset
import DatasetFixtures
import JobStore
import JobStoreFixtures
import Margins
import Protocol
import Scheduling
import Testing

@testable import Coordinator

@Suite struct JobNoticesTests {
    private func margins(_ values: [Double]) -> MarginStatistics {
        values.reduce(into: MarginStatistics()) { $0.add($1) }
    }

    private func ingestion(_ text: String) throws -> Ledger.Ingestion {
        var ingestion = Ledger.Ingestion()
        for record in try records(text) { ingestion.notices?.add(record) }
        return ingestion
    }

    @Test func eachStagesRowsHaveTheirOwnLines() throws {
        var notices = JobNotices(readsControlTokens: false)
        #expect(notices.read(Ledger.Ingestion(), of: .anchors).isEmpty)
        let same = #"{"prompt":"q","chosen":"a","rejected":"a"}"#
        #expect(
            notices.read(try ingestion(same), of: .rows)
                == [
                    "rows: 1 row has the same text as both of its responses, so that the margin is 0 whatever the model says"
                ])
        #expect(
            notices.read(try ingestion(same + "\n" + same), of: .anchors).first?.hasPrefix("anchors: 2 rows have")
                == true)
        #expect(notices.lines(margins: MarginStatistics()).count == 2)
    }

    @Test func marginsMostlyBelowZeroAskWhetherTheSidesAreSwapped() {
        let notices = JobNotices(readsControlTokens: false)
        #expect(
            notices.lines(margins: margins([-1, -2, 3])) == [
                "2 of 3 margins are below 0: are the two sides swapped, in the anchors (harmless, harmful) or in the rows "
                    + "(chosen, rejected)?"
            ])
        #expect(notices.lines(margins: margins([-1, 2])).isEmpty)
        // A margin of zero speaks for neither.
        #expect(notices.lines(margins: margins([-1, 0, 0])).isEmpty)
    }

    @Test func controlTokensNameTheKeyThatReadsThemOtherwise() throws {
        let row = try ingestion(#"{"prompt":"<|im_start|>","chosen":"a","rejected":"b"}"#)
        for (reads, key) in [(false, "embedding.control_tokens: tokens"), (true, "embedding.control_tokens: text")] {
            var notices = JobNotices(readsControlTokens: reads)
            #expect(notices.read(row, of: .rows).first?.contains(key) == true)
        }
    }

    @Test func aLedgerOfAnEarlierVersionHasNoNotices() throws {
        var old = Ledger.Ingestion()
        old.notices = nil
        var notices = JobNotices(readsControlTokens: false)
        #expect(notices.read(old, of: .rows).isEmpty)
    }

    @Test func theProgressCountsMarginsOfTheRowsAlone() {
        var progress = JobProgress(job: "x")
        progress.began(.test(.rows), ingestion: Ledger.Ingestion(), tally: .init())
        let values = Tensor([1, 2, 5, 1, 0, 0] as [Double], shape: [6, 1])
        var result = UnitResult(
            lease: Lease(unit: UnitID(1), attempt: 1), rows: [0, 1, 2], responseCounts: [2, 2, 2],
            output: .scores(values, scorer: "d"),
            failures: [.init(item: 2, reason: "too long")],
            tokensTotal: 1, tokensComputed: 1, computeMicroseconds: 1)
        progress.committed(result, at: MonotonicInstant(offset: .zero))
        #expect(progress.margins.count == 2 && progress.margins.negativeCount == 1)
        result.output = .states(values)
        progress.committed(result, at: MonotonicInstant(offset: .zero))
        #expect(progress.margins.count == 2)
    }

    @Test func anchorsThatCannotBeReadAreCounted() throws {
        var ingestion = Ledger.Ingestion()
        (ingestion.records, ingestion.rows, ingestion.phase) = (10, 2, .complete)
        var notices = JobNotices(readsControlTokens: false)
        #expect(notices.read(ingestion, of: .anchors) == ["anchors: 8 of 10 cannot be read; validate says why"])
        #expect(notices.lines(margins: MarginStatistics()).count == 1)
        #expect(notices.read(ingestion, of: .rows).isEmpty)
    }
}

extension Pipeline.Step {
    /// The step as a job has it.
    static func test(_ id: StepID) -> Self {
        Pipeline.annotation(fitsDirection: true, hasDirection: false)[id]!
    }
}
