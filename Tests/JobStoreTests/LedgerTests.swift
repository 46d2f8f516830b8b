internal import Diagnostics
import Foundation
import GRDB
import JobStoreFixtures
import Protocol
import Testing

@testable import JobStore

private struct TestUnit {
    var payload: UnitPayload
    var tokens: Int
}

private func unit(_ step: WorkStep = .rows, rows: Range<UInt64>, tokens: Int = 100) -> TestUnit {
    let items = rows.map { row in
        let responses = [RenderedText("good"), RenderedText("bad")]
        let prompt = RenderedText("row \(row)", controlRanges: [0..<3])
        return UnitPayload.Item(row: row, text: RenderedItem(prompt: prompt, responses: responses))
    }
    return TestUnit(payload: UnitPayload(work: step.work, responses: step.responses, items: items), tokens: tokens)
}

extension Ledger {
    /// Adds the units and their texts, the first one being unit 1 in a new ledger.
    fileprivate func add(_ units: [TestUnit], of step: WorkStep = .rows) throws {
        var ingestion = Ingestion()
        try add(units.flatMap(\.payload.items), ingestion: ingestion, of: step)
        ingestion.phase = .complete
        try add(
            units.map { unit in
                NewUnit(rows: unit.payload.items.map(NewUnit.Row.init), tokens: unit.tokens)
            }, ingestion: ingestion, of: step.id)
    }

    fileprivate func summaries(of step: StepID = .rows, after: UInt64 = 0) throws -> [UnitSummary] {
        try openUnits(of: step, after: UnitID(after), limit: 100)
    }

    fileprivate func rows(of step: StepID = .rows) throws -> [SettledRow] {
        var rows: [SettledRow] = []
        try forEachRow(of: step) { rows.append(SettledRow(row: $0, result: $1)) }
        return rows
    }
}

private struct SettledRow: Hashable {
    var row: UInt64
    var result: RowResult

    static func scores(_ row: UInt64, _ value: Double = 1) -> Self {
        .init(row: row, result: .values(Tensor([value, value], shape: [2])))
    }
}

@Suite struct LedgerTests {
    private let temporary: TemporaryLedger
    private var ledger: Ledger { get throws { try temporary.open } }

    init() throws { temporary = try TemporaryLedger() }

    // MARK: Units

    @Test func openUnitsOfAStepComeAscendingAfterAnIdUpToALimit() throws {
        try ledger.add([unit(rows: 0..<2), unit(rows: 2..<3, tokens: 7)])
        try ledger.add([unit(.anchors, rows: 0..<1)], of: .anchors)
        try ledger.add([unit(rows: 3..<4)])
        #expect(try ledger.summaries().map(\.id.rawValue) == [1, 2, 4])
        #expect(try ledger.summaries(after: 1).map(\.id.rawValue) == [2, 4])
        #expect(try ledger.openUnits(of: .rows, after: UnitID(0), limit: 2).map(\.id.rawValue) == [1, 2])
        #expect(try ledger.summaries(of: .anchors).map(\.id.rawValue) == [3])
        #expect(try ledger.summaries()[1] == UnitSummary(id: UnitID(2), rows: 1, texts: 2, tokens: 7, failures: 0))
    }

    @Test func aPayloadIsKeptUntilItsUnitIsSettled() throws {
        let added = unit(rows: 0..<2)
        try ledger.add([added])
        #expect(try ledger.payload(of: UnitID(1)) == added.payload)
        #expect(try ledger.payload(of: UnitID(2)) == nil)
        _ = try ledger.apply([.result(.rows(Lease(1), rows: 2), worker: "a")])
        #expect(try ledger.payload(of: UnitID(1)) == nil)
        #expect(try ledger.summaries() == [])
    }

    @Test func readingGoesOnWhereItEnded() throws {
        #expect(try ledger.ingestion(of: .rows) == Ledger.Ingestion())
        var ingestion = Ledger.Ingestion()
        ingestion.records = 5
        ingestion.rows = 4
        try ledger.add(unit(rows: 0..<4).payload.items, ingestion: ingestion, of: .rows)
        #expect(try ledger.ingestion(of: .rows) == ingestion)
        #expect(try ledger.ingestion(of: .anchors) == Ledger.Ingestion())
        ingestion.phase = .complete
        try ledger.add([.init([0, 2, 1, 3], tokens: 1)], ingestion: ingestion, of: .rows)
        #expect(try ledger.ingestion(of: .rows) == ingestion)
        #expect(try ledger.summaries().count == 1)
    }

    @Test func textsComeInTheOrderOfTheirPromptsBytesThenOfTheirRows() throws {
        // By bytes "Z" is before "a", "é" (0xC3) behind both and before U+FFFD and an emoji; a prefix comes first.
        let prompts = ["é", "a", "\u{1F600}", "", "ab", "Z", "a", "a\0", "\u{FFFD}", "e\u{301}"]
        let items = prompts.enumerated().map { row, prompt in
            let responses = [RenderedText("yes"), RenderedText("é")]
            return UnitPayload.Item(
                row: UInt64(row), text: RenderedItem(prompt: RenderedText(prompt), responses: responses))
        }
        try ledger.add(items, ingestion: .init(), of: .anchors)
        try ledger.add([unit(rows: 0..<3)], of: .rows)
        var texts: [Ledger.Text] = []
        try ledger.forEachTextByPrompt(of: [.anchors]) { texts.append($1) }
        #expect(texts.map(\.row) == [3, 5, 1, 6, 7, 4, 9, 0, 8, 2])
        #expect(texts.map(\.prompt) == texts.map { Array(prompts[Int($0.row)].utf8) })
        #expect(texts.allSatisfy { $0.responseBytes == 5 })
    }

    @Test func aUnitHoldsItsRowsInItsOwnOrder() throws {
        let items = unit(rows: 0..<4).payload.items
        try ledger.add(items, ingestion: .init(), of: .rows)
        try ledger.add(
            [.init([3, 0], tokens: 1), .init([2, 1], tokens: 1)], ingestion: .init(), of: .rows)
        #expect(try ledger.payload(of: UnitID(2))?.items == [items[2], items[1]])
        let values = Tensor([30.0, 31, 0, 1], shape: [4, 1])
        _ = try ledger.apply([
            .result(
                UnitResult(
                    lease: Lease(1), rows: [3, 0], responseCounts: [2, 2], output: .scores(values, scorer: "d")),
                worker: "a")
        ])
        #expect(
            try ledger.rows() == [
                .init(row: 0, result: .values(Tensor([0.0, 1], shape: [2]))),
                .init(row: 3, result: .values(Tensor([30.0, 31], shape: [2]))),
            ])
    }

    @Test func unitsThatAreTakenBackLeaveTheTextsAndTheOtherStep() throws {
        try ledger.add([unit(.anchors, rows: 0..<1)], of: .anchors)
        try ledger.add([unit(rows: 0..<2)])
        try ledger.removeUnits(of: .rows)
        #expect(try ledger.summaries() == [] && ledger.summaries(of: .anchors).count == 1)
        try ledger.add([.init([1, 0], tokens: 1)], ingestion: .init(), of: .rows)
        #expect(try ledger.summaries().map(\.id.rawValue) == [3])
        #expect(try ledger.payload(of: UnitID(3))?.items.map(\.row) == [1, 0])
    }

    // MARK: Results

    @Test func aUnitIsCommittedOnceAndLaterResultsAreCompared() throws {
        try ledger.add([unit(rows: 0..<1)])
        let first = UnitResult.rows(Lease(1, 1), value: 1)
        #expect(
            try ledger.apply([
                .result(first, worker: "a"), .result(.rows(Lease(1, 2), value: 1), worker: "b"),
                .result(.rows(Lease(1, 3), value: 2), worker: "c"),
            ]) == [.done, .duplicate(isEqual: true), .duplicate(isEqual: false)])
        #expect(try ledger.rows() == [.scores(0)])
    }

    @Test func aResultIsStoredWithTheUnitsOwnRows() throws {
        try ledger.add([unit(rows: 7..<9)])
        #expect(try ledger.apply([.result(.rows(Lease(1), rows: 2), worker: "a")]) == [.done])
        #expect(try ledger.rows() == [.scores(7), .scores(8)])
    }

    @Test func aResultThatIsNotTheUnitsIsRejectedAndTheUnitStaysOpen() throws {
        try ledger.add([unit(rows: 0..<2)])
        let outcomes = try ledger.apply([
            .result(.rows(Lease(1), rows: 1), worker: "a"), .result(.anchors(Lease(1), rows: 2), worker: "a"),
        ])
        #expect(outcomes == [.rejected, .rejected])
        #expect(try ledger.summaries().count == 1)
        #expect(try ledger.rows() == [])
    }

    @Test func aResultOfAnUnknownUnitIsADuplicate() throws {
        #expect(try ledger.apply([.result(.rows(Lease(1)), worker: "a")]) == [.duplicate(isEqual: true)])
        #expect(try ledger.rows() == [])
    }

    @Test func settledRowsComeInTheOrderOfTheInput() throws {
        try ledger.add([unit(rows: 0..<2), unit(rows: 2..<4), unit(rows: 4..<5)])
        try ledger.add([unit(.anchors, rows: 0..<1)], of: .anchors)
        _ = try ledger.apply([
            .result(.rows(Lease(3)), worker: "a"), .result(.anchors(Lease(4)), worker: "a"), .split(UnitID(1)),
            .result(.rows(Lease(6)), worker: "a"), .result(.rows(Lease(2), rows: 2), worker: "a"),
            .result(.rows(Lease(5)), worker: "a"),
        ])
        #expect(try ledger.rows().map(\.row) == [0, 1, 2, 3, 4])
        #expect(
            try ledger.rows(of: .anchors) == [
                .init(row: 0, result: .values(Tensor([1, 1, 1, 1] as [Float], shape: [4])))
            ])
    }

    @Test func theTallyCountsSettledRows() throws {
        try ledger.add([unit(rows: 0..<3), unit(rows: 3..<4), unit(rows: 4..<9)])
        var result = UnitResult.rows(Lease(1), rows: 3)
        result.tokensTotal = 50
        result.failures = [.init(item: 1, reason: "too long")]
        _ = try ledger.apply([.result(result, worker: "a"), .quarantine(UnitID(2), reason: "bad")])
        #expect(
            try ledger.rows() == [
                .scores(0), .init(row: 1, result: .failed(reason: "too long")), .scores(2),
                .init(row: 3, result: .failed(reason: "bad")),
            ])
        let tally = try ledger.tally(of: .rows)
        #expect(tally.rows == 4)
        #expect(tally.failedRows == 2)
        #expect(tally.tokens == 50)
        #expect(try ledger.tally(of: .anchors).rows == 0)
    }

    // MARK: Failures

    @Test func failuresAreCountedOnTheirUnit() throws {
        try ledger.add([unit(rows: 0..<1), unit(rows: 1..<2)])
        for attempt in 1...2 as ClosedRange<UInt32> {
            #expect(try ledger.apply([.failure(Lease(2, attempt), worker: "a", reason: "boom")]) == [.done])
        }
        #expect(try ledger.summaries().map(\.failures) == [0, 2])
    }

    @Test(arguments: [2, 3, 8] as [UInt64]) func aSplitUnitBecomesTwoNewOnesWithoutFailures(_ rows: UInt64) throws {
        try ledger.add([unit(rows: 10..<10 + rows)])
        let changes: [Ledger.Change] = [.failure(Lease(1), worker: "a", reason: "boom"), .split(UnitID(1))]
        #expect(try ledger.apply(changes) == [.done, .done])
        let halves = try ledger.summaries()
        #expect(halves.map(\.id.rawValue) == [2, 3])
        #expect(halves.map(\.failures) == [0, 0])
        #expect(halves.map(\.tokens) == [50, 50])
        #expect(halves.map(\.rows) == [Int(rows) / 2, Int(rows) - Int(rows) / 2])
        let kept = try halves.flatMap { try #require(try ledger.payload(of: $0.id)).items }
        #expect(kept == unit(rows: 10..<10 + rows).payload.items)
    }

    @Test func aSplitUnitsLateResultIsDroppedAndItIsNotSplitTwice() throws {
        try ledger.add([unit(rows: 0..<2)])
        let outcomes = try ledger.apply([
            .split(UnitID(1)), .split(UnitID(1)), .result(.rows(Lease(1), rows: 2), worker: "a"),
        ])
        #expect(outcomes == [.done, .duplicate(isEqual: true), .duplicate(isEqual: true)])
        #expect(try ledger.summaries().map(\.id.rawValue) == [2, 3])
        #expect(try ledger.rows() == [])
    }

    @Test func aQuarantinedRowHasItsReasonAndNoValues() throws {
        try ledger.add([unit(rows: 6..<7)])
        #expect(try ledger.apply([.quarantine(UnitID(1), reason: "it kills workers")]) == [.done])
        #expect(try ledger.rows() == [.init(row: 6, result: .failed(reason: "it kills workers"))])
        #expect(try ledger.summaries() == [])
    }

    @Test func aResultIsNotReplacedByAQuarantine() throws {
        try ledger.add([unit(rows: 0..<1)])
        let outcomes = try ledger.apply([
            .result(.rows(Lease(1)), worker: "a"), .quarantine(UnitID(1), reason: "bad"),
        ])
        #expect(outcomes == [.done, .duplicate(isEqual: true)])
        #expect(try ledger.rows() == [.scores(0)])
    }

    // MARK: Restarts

    @Test func aRestartFindsEverything() throws {
        try ledger.add([unit(rows: 0..<1), unit(rows: 1..<3), unit(rows: 3..<4)])
        _ = try ledger.apply([
            .result(.rows(Lease(1)), worker: "a"), .failure(Lease(2), worker: "b", reason: "boom"),
            .setting(name: "model", value: [1, 2]), .quarantine(UnitID(3), reason: "bad"),
        ])
        try ledger.set("direction", to: [3])
        try ledger.set("direction", to: [4])
        let rows = try ledger.rows()
        try temporary.reopen()
        #expect(try ledger.summaries() == [UnitSummary(id: UnitID(2), rows: 2, texts: 4, tokens: 100, failures: 1)])
        #expect(try ledger.payload(of: UnitID(2)) == unit(rows: 1..<3).payload)
        #expect(try ledger.rows() == rows)
        #expect(rows.map(\.row) == [0, 3])
        #expect(try ledger.ingestion(of: .rows).isComplete)
        #expect(try ledger.setting("model") == [1, 2])
        #expect(try ledger.setting("direction") == [4])
        #expect(try ledger.setting("weather") == nil)
        #expect(try ledger.tally(of: .rows).failedRows == 1)
    }

    @Test func aRowWithoutAllItsResponsesIsNotGivenOut() throws {
        var odd = unit(rows: 0..<2)
        odd.payload.items[1].text.responses.removeLast()
        try ledger.add([odd])
        let error = #expect(throws: Problem.self) { try ledger.payload(of: UnitID(1)) }
        #expect(error?.description == "row 1 of the rows has 1 responses in the ledger; expected 2")
    }

    @Test func anIdIsNotUsedAgainAfterARestart() throws {
        try ledger.add([unit(rows: 0..<2)])
        _ = try ledger.apply([.split(UnitID(1))])
        _ = try ledger.apply([.result(.rows(Lease(2)), worker: "a"), .result(.rows(Lease(3)), worker: "a")])
        try temporary.reopen()
        try ledger.add([unit(rows: 2..<3)])
        #expect(try ledger.summaries().map(\.id.rawValue) == [4])
    }

    @Test func aSecondCoordinatorIsRefused() throws {
        let error = #expect(throws: Problem.self) { _ = try Ledger(folder: temporary.folder) }
        #expect(error?.description == "another legend-coordinator runs this job: it holds \(temporary.folder)/lock")
        try temporary.reopen()
    }

    /// Whoever looks into the file while it is opened has it for a moment, for example after a crash.
    @Test func aFileThatIsInUseForAMomentIsWaitedFor() throws {
        let folder = temporary.folder + "/other"
        _ = try Ledger(folder: folder)
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        let reader = try DatabaseQueue(path: folder + "/ledger.sqlite", configuration: configuration)
        try reader.write { try $0.execute(sql: "DELETE FROM failure") }
        // Not a task: its turn might come only after the ledger has given up.
        Thread {
            Thread.sleep(forTimeInterval: 0.2)
            try? reader.close()
        }.start()
        #expect(try Ledger(folder: folder).setting("none") == nil)
    }

    @Test func aFolderThatIsMovedAwayIsNoticed() throws {
        try ledger.checkPlace()
        let moved = temporary.folder + ".moved"
        try FileManager.default.moveItem(atPath: temporary.folder, toPath: moved)
        let error = #expect(throws: Problem.self) { try ledger.checkPlace() }
        #expect(error?.description.hasPrefix("\(temporary.folder) was moved or removed while the job ran") == true)
        try FileManager.default.moveItem(atPath: moved, toPath: temporary.folder)
        try ledger.checkPlace()
    }

    @Test func whatIsNoDatabaseIsAnErrorThatNamesIt() throws {
        let folder = temporary.folder + "/other"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: folder + "/ledger.sqlite"))
        let error = #expect(throws: Problem.self) { _ = try Ledger(folder: folder) }
        #expect(error?.description.hasPrefix("cannot use \(folder)/ledger.sqlite: ") == true)
    }

    @Test func aFolderThatCannotBeMadeIsAnErrorThatNamesIt() throws {
        let error = #expect(throws: Problem.self) { _ = try Ledger(folder: temporary.folder + "/lock/below") }
        #expect(
            error?.description.hasPrefix("cannot make the state folder \(temporary.folder)/lock/below (job.state): ")
                == true)
    }
}
