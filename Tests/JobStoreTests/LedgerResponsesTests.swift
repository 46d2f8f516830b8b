import Diagnostics
import JobStoreFixtures
import Protocol
import Testing

@testable import JobStore

@Suite struct LedgerResponsesTests {
    private let temporary: TemporaryLedger

    init() throws { temporary = try TemporaryLedger() }

    /// Each row has the scores of its own responses, however many, and of every direction.
    @Test func aStepMayLeaveItToItsRowsHowManyResponsesTheyHave() throws {
        let step = WorkStep(id: .rows, name: "ragged", work: .project, responses: nil)
        let items = [3, 1, 64].enumerated().map { row, count in
            let responses = (0..<count).map { RenderedText("\($0)") }
            return UnitPayload.Item(
                row: UInt64(row), text: RenderedItem(prompt: RenderedText("p"), responses: responses))
        }
        let ledger = try temporary.open
        try ledger.add(items, ingestion: .init(), of: step)
        try ledger.add([.init(rows: items.map(Ledger.NewUnit.Row.init), tokens: 1)], ingestion: .init(), of: step.id)
        #expect(
            try ledger.payload(of: UnitID(1)) == UnitPayload(work: .project, responses: nil, items: items))
        #expect(
            try ledger.openUnits(of: step.id, after: UnitID(0), limit: 9) == [
                UnitSummary(id: UnitID(1), rows: 3, texts: 68, tokens: 1, failures: 0)
            ])
        var responses: [Int] = []
        try ledger.forEachTextByPrompt(of: [step.id]) { responses.append($1.responses) }
        #expect(responses == [3, 1, 64])
        var shared: [[[UInt8]]] = []
        try ledger.forEachTextByPrompt(of: [step.id], sharingTexts: true) { shared.append($1.sharedTexts) }
        #expect(shared == [3, 1, 64].map { count in (0..<count).map { Array("\($0)".utf8) } })
        func result(_ counts: [Int]) -> UnitResult {
            let texts = counts.reduce(0, +)
            return UnitResult(
                lease: Lease(1), rows: [0, 1, 2], responseCounts: counts,
                output: .scores(Tensor((0..<2 * texts).map(Double.init), shape: [texts, 2]), scorer: "d"))
        }
        let outcomes = try ledger.apply([
            .result(result([1, 3, 64]), worker: "a"), .result(result([3, 1]), worker: "a"),
            .result(result([3, 1, 64]), worker: "a"),
        ])
        #expect(outcomes == [.rejected, .rejected, .done])
        var rows: [RowResult] = []
        try ledger.forEachRow(of: step.id) { rows.append($1) }
        let expected: [RowResult] = [0..<6, 6..<8, 8..<136].map { (scores: Range<Int>) in
            .values(Tensor(scores.map(Double.init), shape: [scores.count]))
        }
        #expect(rows == expected)
    }
}
