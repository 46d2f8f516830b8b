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
        var pairs = FittedPrompts()
        for step in anchors { try pairs.add(step, of: ledger) }
        return try RowPrompts(
            ledger, common: ledger.commonPrompt(), fittedOn: pairs, isOwn: isOwn)
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
        var pairs = FittedPrompts()
        try pairs.add(.anchors, of: ledger, rows: [0, 2])
        let oneKind = try RowPrompts(ledger, common: nil, fittedOn: pairs, isOwn: false)
        #expect(oneKind.fitted == [3], "the second anchor is of a kind that is not used")
    }

    /// As compat: legend renders them, and as people type them.
    @Test func blanksDoNotTellPromptsApart() throws {
        try add(["x\n", "y z\t"], to: .anchors)
        try add(["x", " y  z", "yz", "x "], to: .rows)
        let prompts = try prompts(anchors: [.anchors])
        #expect(prompts.fitted == [0, 1, 3])
        #expect(prompts.numbers[0] == prompts.numbers[3] && Set(prompts.numbers.values).count == 3)
    }

    /// Rows of one prompt, with these first responses.
    private func addResponses(_ responses: [String], to step: WorkStep, from first: UInt64 = 0) throws {
        let items = responses.enumerated().map { offset, response in
            UnitPayload.Item(
                row: first + UInt64(offset),
                text: RenderedItem(prompt: RenderedText("p"), responses: [RenderedText(response), RenderedText("b")]))
        }
        try ledger.add(items, ingestion: .init(), of: step)
    }

    @Test func whereAllRowsHaveOnePromptTheirResponsesTellThemApart() throws {
        try addResponses(["1", "2"], to: .survey)
        try addResponses(["2 ", "3", "3"], to: .rows, from: 2)
        let own = try prompts(isOwn: true)
        #expect(own.numbers == [0: 0, 1: 1, 2: 1, 3: 2, 4: 2])
        #expect(own.fitted == [2], "a copy of a surveyed row")
        try addResponses(["3", "4"], to: .anchors)
        #expect(try prompts(anchors: [.anchors]).fitted == [3, 4])
    }

    /// Nobody knows less of the rows of such a prompt because some others have another one.
    @Test func whereMostRowsHaveOnePromptTheirResponsesTellThemApart() throws {
        try addResponses(["1", "2", "3"], to: .survey)
        try add(["q", "q"], to: .rows, from: 3)
        try addResponses(["3 ", "4"], to: .rows, from: 5)
        #expect(try ledger.commonPrompt() == PromptDigest(Array("p".utf8)))
        let own = try prompts(isOwn: true)
        #expect(Set(own.numbers.values).count == 5 && own.numbers[2] == own.numbers[5])
        #expect(own.numbers[3] == own.numbers[4] && own.fitted == [5])
        try addResponses(["4", "5"], to: .anchors)
        try add(["q"], to: .anchors, from: 2)
        #expect(
            try prompts(anchors: [.anchors]).fitted == [3, 4, 6], "of its prompt, and of the common one with the texts")
    }

    /// A prompt with more rows than are surveyed is no common one for that: its other rows were seen by the direction.
    @Test func whatIsCommonIsOfAllRowsAndNotOfTheSurveyedOnes() throws {
        try addResponses(["1", "2", "3"], to: .survey)
        try ledger.set(commonPrompt: nil)
        try addResponses(["4"], to: .rows, from: 3)
        let prompts = try prompts(isOwn: true)
        #expect(Set(prompts.numbers.values).count == 1 && prompts.fitted == [3])
    }

    /// Whose texts the direction saw is of no matter for another prompt.
    @Test func rowsOfTheCommonPromptAreKnownByTheirTexts() throws {
        try addResponses(["1", "2", "3"], to: .rows)
        try add(["x", "x", "x"], to: .anchors)
        try addResponses(["2"], to: .anchors(1, ofPairs: true))
        #expect(try prompts(anchors: [.anchors, .anchors(1)]).fitted == [1])
    }

    @Test func rowsWithTheResponsesOfARowOfAnotherGroupAreCounted() throws {
        // All have the same two responses.
        try add(["x", "y", "y", "z"], to: .survey)
        func repeated(_ groups: [UInt64: Int]) throws -> Int { try ledger.repeatedRows(of: .survey, groups: groups) }
        #expect(try repeated([0: 0, 1: 1, 2: 1, 3: 2]) == 4)
        #expect(try repeated([1: 1, 2: 1]) == 0, "the others cannot be used")
        try addResponses(["1", "2"], to: .anchors)
        #expect(try ledger.repeatedRows(of: .anchors, groups: [0: 0, 1: 1]) == 0)
    }

    @Test func theFittedPromptsAreReadAsTheyAreWritten() throws {
        try add(["x", "y"], to: .anchors)
        try add(["z"], to: .anchors(1, ofPairs: true))
        var (several, one) = (FittedPrompts(), FittedPrompts())
        try several.add(.anchors, of: ledger)
        try one.add(.anchors(1), of: ledger)
        for prompts in [several, one, .init()] {
            let (names, texts) = prompts.serialized
            #expect(FittedPrompts(prompts: names, texts: texts) == prompts)
        }
        #expect(several.texts.count == 2 && one.texts.count == 1)
        for (names, texts) in [("0", ""), ("", "xx"), (String(repeating: "g", count: 16), "")] {
            #expect(FittedPrompts(prompts: names, texts: texts) == nil)
        }
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
