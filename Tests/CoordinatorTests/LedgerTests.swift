import Coordinator
import Foundation
import Protocol
import Testing

/// A ledger in a folder of its own, removed with the value.
private final class TemporaryLedger {
    let folder: String
    private(set) var ledger: Ledger?

    init() throws {
        let name = "legend-ledger-\(UUID().uuidString)"
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        ledger = try Ledger(folder: folder)
    }

    deinit {
        ledger = nil
        try? FileManager.default.removeItem(atPath: folder)
    }

    var open: Ledger { get throws { try #require(ledger) } }

    /// As after a restart of the coordinator.
    func reopen() throws {
        ledger = nil
        ledger = try Ledger(folder: folder)
    }
}

private func unit(_ stage: Stage = .rows, rows: Range<UInt64>, tokens: Int = 100) -> Ledger.NewUnit {
    let items = rows.map { row in
        let responses = [RenderedText("good"), RenderedText("bad")]
        let prompt = RenderedText("row \(row)", controlRanges: [0..<3])
        return UnitPayload.Item(row: row, text: RenderedItem(prompt: prompt, responses: responses))
    }
    return Ledger.NewUnit(payload: UnitPayload(stage: stage, items: items), tokens: tokens)
}

extension Ledger {
    /// Adds the units, the first one being unit 1 in a new ledger.
    fileprivate func add(_ units: [NewUnit], of stage: Stage = .rows, isComplete: Bool = true) throws {
        var ingestion = Ingestion()
        ingestion.isComplete = isComplete
        try add(units, ingestion: ingestion, of: stage)
    }

    fileprivate func summaries(of stage: Stage = .rows, after: UInt64 = 0) throws -> [UnitSummary] {
        try openUnits(of: stage, after: UnitID(after), limit: 100)
    }

    fileprivate func results(of stage: Stage = .rows) throws -> [UnitResult] {
        var results: [UnitResult] = []
        try forEachResult(of: stage) { results.append($0) }
        return results
    }
}

@Suite struct LedgerTests {
    private let temporary: TemporaryLedger
    private var ledger: Ledger { get throws { try temporary.open } }

    init() throws { temporary = try TemporaryLedger() }

    // MARK: Units

    @Test func openUnitsComeAscendingByStageAfterAnIdUpToALimit() throws {
        try ledger.add([unit(rows: 0..<2), unit(rows: 2..<3, tokens: 7)])
        try ledger.add([unit(.anchors, rows: 0..<1)], of: .anchors)
        try ledger.add([unit(rows: 3..<4)])
        #expect(try ledger.summaries().map(\.id.rawValue) == [1, 2, 4])
        #expect(try ledger.summaries(after: 1).map(\.id.rawValue) == [2, 4])
        #expect(try ledger.openUnits(of: .rows, after: UnitID(0), limit: 2).map(\.id.rawValue) == [1, 2])
        #expect(try ledger.summaries(of: .anchors).map(\.id.rawValue) == [3])
        #expect(try ledger.summaries()[1] == UnitSummary(id: UnitID(2), rows: 1, tokens: 7, failures: 0))
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
        try ledger.add([unit(rows: 0..<4)], ingestion: ingestion, of: .rows)
        #expect(try ledger.ingestion(of: .rows) == ingestion)
        #expect(try ledger.ingestion(of: .anchors) == Ledger.Ingestion())
        ingestion.isComplete = true
        try ledger.add([], ingestion: ingestion, of: .rows)
        #expect(try ledger.ingestion(of: .rows) == ingestion)
        #expect(try ledger.summaries().count == 1)
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
        #expect(try ledger.results() == [first])
    }

    @Test func aResultIsStoredWithTheUnitsOwnRows() throws {
        try ledger.add([unit(rows: 7..<9)])
        #expect(try ledger.apply([.result(.rows(Lease(1), rows: 2), worker: "a")]) == [.done])
        #expect(try ledger.results().map(\.rows) == [[7, 8]])
    }

    @Test func aResultThatIsNotTheUnitsIsRejectedAndTheUnitStaysOpen() throws {
        try ledger.add([unit(rows: 0..<2)])
        let outcomes = try ledger.apply([
            .result(.rows(Lease(1), rows: 1), worker: "a"), .result(.anchors(Lease(1), rows: 2), worker: "a"),
        ])
        #expect(outcomes == [.rejected, .rejected])
        #expect(try ledger.summaries().count == 1)
        #expect(try ledger.results() == [])
    }

    @Test func aResultOfAnUnknownUnitIsADuplicate() throws {
        #expect(try ledger.apply([.result(.rows(Lease(1)), worker: "a")]) == [.duplicate(isEqual: true)])
        #expect(try ledger.results() == [])
    }

    @Test func resultsComeInTheOrderOfTheirRows() throws {
        try ledger.add([unit(rows: 0..<2), unit(rows: 2..<4), unit(rows: 4..<5)])
        try ledger.add([unit(.anchors, rows: 0..<1)], of: .anchors)
        _ = try ledger.apply([
            .result(.rows(Lease(3)), worker: "a"), .result(.anchors(Lease(4)), worker: "a"), .split(UnitID(1)),
            .result(.rows(Lease(6)), worker: "a"), .result(.rows(Lease(2), rows: 2), worker: "a"),
            .result(.rows(Lease(5)), worker: "a"),
        ])
        #expect(try ledger.results().map(\.rows) == [[0], [1], [2, 3], [4]])
        #expect(try ledger.results(of: .anchors).map(\.rows) == [[0]])
    }

    @Test func theTallyCountsSettledRows() throws {
        try ledger.add([unit(rows: 0..<3), unit(rows: 3..<4), unit(rows: 4..<9)])
        var result = UnitResult.rows(Lease(1), rows: 3)
        result.tokensTotal = 50
        result.failures = [.init(item: 1, reason: "too long")]
        _ = try ledger.apply([.result(result, worker: "a"), .quarantine(UnitID(2), reason: "bad")])
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
        #expect(try ledger.results() == [])
    }

    @Test func aQuarantinedRowHasItsReasonAndNoValues() throws {
        try ledger.add([unit(rows: 6..<7)])
        #expect(try ledger.apply([.quarantine(UnitID(1), reason: "it kills workers")]) == [.done])
        let result = try #require(try ledger.results().first)
        #expect(result.rows == [6])
        #expect(result.failures == [.init(item: 0, reason: "it kills workers")])
        #expect(result.values.elementCount == 0)
        #expect(try ledger.summaries() == [])
    }

    @Test func aResultIsNotReplacedByAQuarantine() throws {
        try ledger.add([unit(rows: 0..<1)])
        let result = UnitResult.rows(Lease(1))
        let outcomes = try ledger.apply([.result(result, worker: "a"), .quarantine(UnitID(1), reason: "bad")])
        #expect(outcomes == [.done, .duplicate(isEqual: true)])
        #expect(try ledger.results() == [result])
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
        let results = try ledger.results()
        try temporary.reopen()
        #expect(try ledger.summaries() == [UnitSummary(id: UnitID(2), rows: 2, tokens: 100, failures: 1)])
        #expect(try ledger.payload(of: UnitID(2)) == unit(rows: 1..<3).payload)
        #expect(try ledger.results() == results)
        #expect(results.count == 2)
        #expect(try ledger.ingestion(of: .rows).isComplete)
        #expect(try ledger.setting("model") == [1, 2])
        #expect(try ledger.setting("direction") == [4])
        #expect(try ledger.setting("weather") == nil)
        #expect(try ledger.tally(of: .rows).failedRows == 1)
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
        let error = #expect(throws: LedgerError.self) { _ = try Ledger(folder: temporary.folder) }
        #expect(error?.description == "another legend-coordinator runs this job: it holds \(temporary.folder)/lock")
        try temporary.reopen()
    }

    @Test func whatIsNoDatabaseIsAnErrorThatNamesIt() throws {
        let folder = temporary.folder + "/other"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: folder + "/ledger.sqlite"))
        let error = #expect(throws: LedgerError.self) { _ = try Ledger(folder: folder) }
        #expect(error?.description.hasPrefix("cannot open \(folder)/ledger.sqlite: ") == true)
    }

    @Test func aFolderThatCannotBeMadeIsAnErrorThatNamesIt() throws {
        let error = #expect(throws: LedgerError.self) { _ = try Ledger(folder: temporary.folder + "/lock/below") }
        #expect(error?.description.hasPrefix("cannot make the state folder \(temporary.folder)/lock/below: ") == true)
    }
}
