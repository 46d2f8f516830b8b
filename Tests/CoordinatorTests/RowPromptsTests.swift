import JobStore
import JobStoreFixtures
import Protocol
import Reports
import Testing

@testable import Coordinator

struct RowPromptsTests {
    private let temporary: TemporaryLedger
    private var ledger: Ledger { get throws { try temporary.open } }

    init() throws { temporary = try TemporaryLedger() }

    /// Puts rows with these prompts into a step, the first of them with the number `first`.
    private func add(_ prompts: [String], to step: WorkStep, from first: UInt64 = 0) throws {
        let items = prompts.enumerated().map { offset, prompt in
            UnitPayload.Item(
                row: first + UInt64(offset),
                text: RenderedItem(prompt: RenderedText(prompt), responses: [RenderedText("a"), RenderedText("b")]))
        }
        try ledger.add(items, ingestion: .init(), of: step)
    }

    private func prompts(anchors: [StepID] = [], isOwn: Bool = false) throws -> RowPrompts {
        try RowPrompts(ledger, anchors: anchors.map { .init(step: $0) }, isOwn: isOwn)
    }

    @Test func aPromptHasOneNumberInBothSteps() throws {
        try add(["x", "y"], to: .survey)
        try add(["y", "z", "z"], to: .rows, from: 2)
        let numbers = try prompts().numbers
        #expect(numbers == [0: 0, 1: 1, 2: 1, 3: 2, 4: 2])
    }

    @Test func rowsOfPromptsThatTheDirectionWasFittedOnAreKnown() throws {
        try add(["x", "y"], to: .survey)
        try add(["y", "z", "w"], to: .rows, from: 2)
        try add(["z", "x", "q"], to: .anchors)
        #expect(try prompts().fitted == [])
        #expect(try prompts(isOwn: true).fitted == [2], "the surveyed row itself is scored without its prompt")
        #expect(try prompts(anchors: [.anchors]).fitted == [0, 3])
        #expect(try prompts(anchors: [.anchors], isOwn: true).fitted == [0, 2, 3])
        #expect(try prompts(anchors: [.anchors(1)]).fitted == [], "another file's step")
        let oneKind = try RowPrompts(ledger, anchors: [.init(step: .anchors, rows: [0, 2])], isOwn: false)
        #expect(oneKind.fitted == [3], "the second anchor is of a kind that is not used")
    }

    /// As compat: legend renders them.
    @Test func lineBreaksAtTheEndOfAPromptDoNotCount() throws {
        try add(["x\n", "y\t"], to: .anchors)
        try add(["x", "y"], to: .rows)
        #expect(try prompts(anchors: [.anchors]).fitted == [0])
    }

    @Test func whereAllRowsHaveOnePromptEachIsItsOwn() throws {
        try add(["", ""], to: .survey)
        try add(["", ""], to: .rows, from: 2)
        let prompts = try prompts(isOwn: true)
        #expect(Set(prompts.numbers.values).count == 4 && prompts.fitted == [])
    }

    @Test func figuresAreOfTheOtherRowsWhereTheseAreEnough() throws {
        let known = (0..<10).map { "known \($0)" }
        try add(known, to: .anchors)
        try add(known + (0..<99).map { "row \($0)" }, to: .rows)
        let few = try prompts(anchors: [.anchors])
        let flattered = FiguredRows(Array(0..<109), few)
        #expect(flattered.fittedRows == .init(rows: 10, areLeftOut: false) && flattered.contains(0))
        try add(["one more"], to: .rows, from: 109)
        let rows = FiguredRows(Array(0..<110), try prompts(anchors: [.anchors]))
        #expect(rows.fittedRows == .init(rows: 10, areLeftOut: true))
        #expect((0..<10).allSatisfy { !rows.contains($0) } && (10..<110).allSatisfy { rows.contains($0) })
        #expect(FiguredRows(Array(10..<20), few).fittedRows == nil, "rows without scores are nobody's")
    }
}
