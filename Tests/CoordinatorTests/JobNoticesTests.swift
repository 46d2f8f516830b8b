import Dataset
import DatasetFixtures
import Diagnostics
import Foundation
import JobStore
import JobStoreFixtures
import Margins
import Protocol
import Testing

@testable import Coordinator

@Suite struct JobNoticesTests {
    private func margins(_ values: [Double]) -> MarginStatistics {
        values.reduce(into: MarginStatistics()) { $0.add($1) }
    }

    private func ingestion(_ text: String) throws -> Ledger.Ingestion {
        var ingestion = Ledger.Ingestion()
        var notices = RowNotices()
        for record in try records(text) { notices.add(record) }
        try ingestion.note(notices)
        return ingestion
    }

    @Test func eachStepsRowsHaveTheirOwnLines() throws {
        var notices = JobNotices(readsControlTokens: false)
        #expect(try notices.read(Ledger.Ingestion(), of: .anchors).isEmpty)
        let same = #"{"prompt":"q","chosen":"a","rejected":"a"}"#
        #expect(
            try notices.read(ingestion(same), of: .rows)
                == [
                    "rows: 1 row has the same text as both of its responses, so that the margin is 0 whatever the model says"
                ])
        #expect(
            try notices.read(ingestion(same + "\n" + same), of: .anchors).first?.hasPrefix("anchors: 2 rows have")
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
            #expect(try notices.read(row, of: .rows).first?.contains(key) == true)
        }
    }

    @Test(arguments: ["", "{", #"{"identicalResponses":"two"}"#]) func damagedNotesAreAnError(_ notes: String) throws {
        var damaged = Ledger.Ingestion()
        damaged.notes = Data(notes.utf8)
        var notices = JobNotices(readsControlTokens: false)
        let error = #expect(throws: Problem.self) { try notices.read(damaged, of: .rows) }
        #expect(error?.description.hasPrefix("the ledger is damaged: ") == true)
    }

    @Test func anchorsThatCannotBeReadAreCounted() throws {
        var ingestion = Ledger.Ingestion()
        (ingestion.records, ingestion.rows, ingestion.phase) = (10, 2, .complete)
        var notices = JobNotices(readsControlTokens: false)
        #expect(try notices.read(ingestion, of: .anchors) == ["anchors: 8 of 10 cannot be read; validate says why"])
        #expect(notices.lines(margins: MarginStatistics()).count == 1)
        #expect(try notices.read(ingestion, of: .rows).isEmpty)
    }
}
