import Dataset
import DatasetFixtures
import JobConfiguration
import JobStore
import JobStoreFixtures
import Margins
import Prompting
import Protocol
import Testing
import TextFeatures

@testable import Coordinator

/// What the model reads of anchors that have no harmless response.
@Suite struct AnchorRefusalTests {
    private let folder: DatasetFolder

    init() throws { folder = try DatasetFolder() }

    private func definition(
        _ anchors: [String], sources: String = "anchors.jsonl", embedding: String = "", more: String = ""
    ) throws -> JobDefinition {
        try folder.write(#"{"prompt": "q", "chosen": "good", "rejected": "bad"}"#, to: "rows.jsonl")
        try folder.write(anchors.joined(separator: "\n"), to: "anchors.jsonl")
        try folder.write(
            """
            job: {input: rows.jsonl, output: out.jsonl, anchors: \(sources)}
            model: {path: none.gguf}
            embedding: {template: alpaca\(embedding)}
            \(more)
            """, to: "cluster.yaml")
        return try JobDefinition(Configuration(ofJob: folder.path("cluster.yaml")))
    }

    private func texts(_ definition: JobDefinition) throws -> [RenderedItem] {
        let input = try #require(definition.input(of: definition.anchorFiles[0].step))
        var reader = try input.reader()
        var items: [RenderedItem] = []
        while let record = try reader.next() { items.append(try input.text(of: try record.content.get())) }
        return items
    }

    private let harmful = (0..<6).map { #"{"prompt": "question \#($0)", "harmful": "do \#($0)"}"# }

    @Test func theyHaveVariedRefusalsBeforeTheHarmfulResponse() throws {
        let definition = try definition(harmful)
        #expect(definition.anchorFiles[0].step.responses == nil)
        let items = try texts(definition)
        for (number, item) in items.enumerated() {
            let responses = item.responses.map(\.text)
            #expect(responses.count == 9 && responses.last == "do \(number)")
            #expect(Set(responses.dropLast()).count == 8 && Set(responses.dropLast()).isSubset(of: Refusals.varied))
        }
        #expect(Set(items.map { $0.responses.dropLast() }).count > 1)
        // Whatever other anchors there are.
        #expect(try texts(self.definition(Array(harmful[3...]))) == Array(items[3...]))
    }

    @Test func anchorsOfPairsStayAsTheyAre() throws {
        let pairs = [#"{"prompt": "q", "harmless": "no", "harmful": "yes"}"#]
        #expect(try texts(definition(pairs)).map { $0.responses.map(\.text) } == [["no", "yes"]])
    }

    @Test(arguments: [
        (", compat: legend", "", Compatibility.legendRefusal), ("", "anchors: {refusal: 'No.'}", "No."),
        (", layer: 3, token: last, keep_embeddings: true", "anchors: {refusal: 'No.'}", "No."),
    ])
    func legendsSentenceAndOneThatIsGivenAreTheOnlyOne(
        _ embedding: String, _ more: String, _ refusal: String
    ) throws {
        let definition = try definition(harmful, embedding: embedding, more: more)
        let items = try texts(definition)
        #expect(items.allSatisfy { $0.responses.count == 2 && $0.responses[0].text == refusal })
        #expect(definition.fingerprint["anchors.refusal"] == refusal)
    }

    /// The store has two responses of every row.
    @Test func whereStatesAreKeptThereIsOneByThePrompt() throws {
        let definition = try definition(harmful, embedding: ", layer: 3, token: last, keep_embeddings: true")
        #expect(definition.anchorFiles[0].step == .anchors)
        let items = try texts(definition)
        #expect(items.allSatisfy { $0.responses.count == 2 && Refusals.varied.contains($0.responses[0].text) })
        #expect(Set(items.map(\.responses[0])).count > 1)
        #expect(definition.fingerprint["anchors.refusal"] == "1 varied")
    }

    @Test func theSurveysPreferredStateIsTheMeanOfThem() throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open
        let step = WorkStep.anchors(0, ofPairs: false)
        let item = RenderedItem(prompt: RenderedText("q"), responses: ["a", "b", "c"].map { RenderedText($0) })
        try ledger.add([.init(row: 0, text: item)], ingestion: .init(), of: step)
        let unit = Ledger.NewUnit(rows: [.init(index: 0, responses: 3)], tokens: 1)
        try ledger.add([unit], ingestion: .init(), of: step.id)
        let id = try #require(try ledger.openUnits(of: step.id, after: UnitID(0), limit: 1).first?.id)
        // Three texts at two places, of two numbers each.
        let values = Tensor([1, 2, 10, 20, 3, 6, 30, 60, 5, 5, 50, 50] as [Float], shape: [3, 2, 2])
        let result = UnitResult(
            lease: Lease(unit: id, attempt: 1), rows: [0], responseCounts: [3], output: .states(values))
        #expect(try ledger.apply([.result(result, worker: "a")]) == [.done])
        let states = try SurveyStates(step, ledger: ledger, readouts: 2, hiddenSize: 2)
        var differences: [[Float]] = []
        try states.forEachPlaces([0], groups: states.groups) { _, places in
            differences += places.map { Array($0[0]) }
        }
        #expect(differences == [[-3, -1], [-30, -10]])
        #expect(Array(try states.states(1).differences([0])[0]) == [-30, -10])
    }

    // MARK: Several files

    @Test func everyFileHasItsStepAndItsPartInTheFingerprint() throws {
        try folder.write(#"{"prompt": "q", "harmless": "no", "harmful": "yes"}"#, to: "more.jsonl")
        let several = try definition(harmful, sources: "[anchors.jsonl, own, more.jsonl]")
        #expect(several.workSteps.map(\.name) == ["anchors", "anchors 2", "survey", "rows"])
        #expect(several.workSteps.map(\.id).map(\.rawValue) == [1, 2, 101, 103])
        #expect(several.anchorFiles.map(several.name) == ["anchors.jsonl", "more.jsonl"] && several.anchors == nil)
        #expect(several.input(of: .anchors(1, ofPairs: false))?.path.hasSuffix("more.jsonl") == true)
        #expect(several.input(of: .anchors(2, ofPairs: false)) == nil)
        func sources(_ definition: JobDefinition) -> String? {
            definition.fingerprint["job.anchors or job.direction (SHA-256)"]
        }
        let digests = several.anchorFiles.map(\.digest)
        #expect(sources(several) == "\(digests[0]), own, \(digests[1])")
        #expect(try sources(definition(harmful)) == digests[0])
        #expect(try sources(definition(harmful, sources: "own")) == "own")
        let other = try definition(harmful, sources: "[own, anchors.jsonl, more.jsonl]")
        #expect(sources(other) != sources(several))
    }

    @Test func everyFileThatIsNotThereIsNamed() throws {
        do {
            _ = try definition(harmful, sources: "[own, none.jsonl, anchors.jsonl, nothing.jsonl]")
            Issue.record("files that are not there")
        } catch let error as ConfigurationError {
            #expect(error.problems.count == 2 && error.problems[0].contains("none.jsonl"))
            #expect(error.problems[1].contains("nothing.jsonl"), "\(error)")
        }
    }
}
