import Dataset
import DatasetFixtures
import Foundation
import JSON
import JobConfiguration
import JobStore
import JobStoreFixtures
import Margins
import Protocol
import Reports
import SeededRandom
import Testing

@testable import Coordinator

/// A job whose rows say how strongly they were labelled.
@Suite struct LabelStrengthTests {
    private let folder: DatasetFolder
    private let temporary: TemporaryLedger
    private let ledger: Ledger

    init() throws {
        folder = try DatasetFolder()
        temporary = try TemporaryLedger()
        ledger = try temporary.open
        try folder.write(#"{"prompt": "p", "harmless": "no", "harmful": "yes"}"#, to: "anchors.jsonl")
    }

    private func definition(_ dataset: String, _ rows: [String]) throws -> JobDefinition {
        try folder.write(rows.joined(separator: "\n"), to: "rows.jsonl")
        let yaml = """
            job: {input: rows.jsonl, output: out.jsonl, anchors: anchors.jsonl}
            dataset: {\(dataset)}
            model: {path: none.gguf}
            embedding: {template: alpaca, layer: 1, token: mean-response}
            """
        return try JobDefinition(Configuration(yaml: yaml, path: folder.path("cluster.yaml")))
    }

    private func problems(_ dataset: String, _ rows: [String]) -> [String] {
        do {
            _ = try definition(dataset, rows)
            return []
        } catch {
            return "\(error)".split(separator: "\n").map { String($0).replacing(folder.url.path + "/", with: "") }
        }
    }

    /// - Parameter margins: of the rows, each of which can be read.
    private func run(_ definition: JobDefinition, _ margins: [Double]) throws -> OutputStep.Summary {
        let input = try #require(definition.input(of: .rows))
        try Ingestor(ledger: ledger, input: input, unitTokens: 256, textsPerUnitMax: 4096).run { _ in }
        for unit in try ledger.openUnits(of: .rows, after: UnitID(0), limit: .max) {
            let payload = try #require(try ledger.payload(of: unit.id))
            let scores: [Double] = payload.items.flatMap { [margins[Int($0.row)] + 1, 1] }
            let result = UnitResult(
                lease: Lease(unit: unit.id, attempt: 1), rows: payload.items.map(\.row),
                responseCounts: payload.items.map { _ in 2 },
                output: .scores(Tensor(scores, shape: [scores.count, 1]), scorer: "d"))
            _ = try ledger.apply([.result(result, worker: "a")])
        }
        let direction = SavedDirection(
            direction: try Direction(difference: [3, -4]),
            provenance: .init(
                model: "m", modelSHA256: String(repeating: "0a", count: 32), tokenizer: "gpt2", template: "alpaca",
                compatibility: .none, layer: 1, layerCount: 2, token: .meanResponse, precision: .f32,
                numericBuild: "n", anchorsSHA256: "1b", anchorPairs: 10, software: "0.1.0"))
        return try OutputStep(definition: definition, ledger: ledger, direction: direction, survey: nil).run()
    }

    private func text(_ summary: OutputStep.Summary) -> [Substring] {
        JobResult(summary: summary, direction: nil).text(output: "o", errors: "e", directionFile: nil)
            .split(separator: "\n")
    }

    /// Of which the chosen one is the first and the second in turn, with the greater severity where it is `odd`.
    private func pku(_ number: Int, strength: Int, isOdd: Bool = false) -> String {
        let (safe, unsafe) = isOdd ? (strength, 0) : (0, strength)
        let safer = number % 2
        let severities = safer == 0 ? [safe, unsafe] : [unsafe, safe]
        return """
            {"prompt": "p\(number)", "response_0": "one \(number)", "response_1": "two \(number)", \
            "is_response_0_safe": \(severities[0] == 0), "is_response_1_safe": \(severities[1] == 0), \
            "response_0_severity_level": \(severities[0]), "response_1_severity_level": \(severities[1]), \
            "better_response_id": 0, "safer_response_id": \(safer)}
            """
    }

    @Test func severitiesOfPKURowsBecomeFigures() throws {
        var random = SeededGenerator(seed: 1)
        let margins = (0..<160).map { Double($0 % 4) + Double.random(in: -2...2, using: &random) }
        var rows = (0..<160).map { pku($0, strength: $0 % 4) }
        // Both say that the chosen response is the worse one.
        for odd in [5, 10] { rows[odd] = pku(odd, strength: 1, isOdd: true) }
        rows[20] = rows[20].replacing("\"response_0_severity_level\": 0", with: "\"response_0_severity_level\": null")
        let summary = try run(try definition("", rows), margins)
        let strength = try #require(summary.trust?.strength)
        let strengths = try #require(
            rankCorrelation(
                margins.indices.filter { $0 != 20 }.map { margins[$0] },
                margins.indices.filter { $0 != 20 }.map { [5, 10].contains($0) ? -1 : Double($0 % 4) }))
        let found = try #require(strength.rankCorrelation)
        #expect(abs(found.value - strengths) < 1e-9 && found.low > 0.4)
        #expect(strength.source == "severities" && strength.rows == 159 && strength.prompts == 159)
        #expect(strength.columns == ["response_0_severity_level", "response_1_severity_level"])
        #expect((strength.unusableRows, strength.contradictingRows) == (1, 2))
        #expect(strength.levels.map(\.text) == ["-1", "0", "1", "2", "3"])
        let columns = "(response_0_severity_level, response_1_severity_level)"
        #expect(
            text(summary).filter { $0.contains("dataset.strength") } == [
                """
                warning: dataset.strength \(columns): 1 row has no such value, which no figure of strength counts; the first: \
                row 20 on line 21: "response_0_severity_level": expected a number, found null
                """,
                """
                warning: dataset.strength \(columns): 2 rows contradict their labels: the labelled strength is below 0; the \
                first: row 5 on line 6
                """,
            ])
        #expect(text(summary).contains { $0.hasPrefix("strength: raw margins have a rank correlation of 0.") })
        // All rows are in the output, whatever their severities say.
        #expect(summary.annotatedRows == 160)
        let trust = try #require(try TrustFigures(ifAt: folder.path("out.trust.json")))
        #expect(trust.strength == strength)
        #expect(try folder.text(of: "out.report.html").contains("Do the margins say by how much?"))
    }

    @Test func whatIsNotAskedForIsNotRead() throws {
        let rows = (0..<10).map { pku($0, strength: $0 % 4) }
        #expect(try definition("strength: none", rows).labels == LabelColumns())
        #expect(try definition("", rows).labels.strength == LabelColumns.pkuSeverities)
        let others = [#"{"prompt": "p", "chosen": "c", "rejected": "r", "preference_strength": 3}"#]
        #expect(try definition("", others).labels == LabelColumns())
    }

    @Test func columnsThatAreNotThereKeepAJobFromBeginning() throws {
        let rows = [#"{"prompt": "p", "chosen": "c", "rejected": "r", "s": "much"}"#]
        #expect(
            problems("strength: {column: s}", rows) == [
                #"rows.jsonl: expected rows with such numbers in s, found none: dataset.strength (s): 1 row has no such "#
                    + #"value, which no figure of strength counts; the first: row 0 on line 1: "s": expected a number, "#
                    + "found a string"
            ])
        #expect(
            problems("votes: {response_0: a, response_1: b}", rows) == [
                "rows.jsonl: dataset.votes: expected chosen and rejected, found response_0 and response_1, which rows of "
                    + "the format pku alone have"
            ])
        #expect(
            problems("strength: {severities: {chosen: a, rejected: b}}", [pku(0, strength: 1)]) == [
                "rows.jsonl: dataset.strength: expected response_0 and response_1, which follow safer_response_id as the "
                    + "responses do, found chosen and rejected"
            ])
    }

    /// Five annotators agree with a row's label as often as the sigmoid of its margin says, and the label is what most say.
    @Test func votesMakeProbabilitiesThoseOfAnAnnotator() throws {
        var random = SeededGenerator(seed: 2)
        var margins: [Double] = []
        let rows = (0..<600).map { number in
            let raw = Double.random(in: -3...3, using: &random)
            let agree = 1 / (1 + exp(-raw / 2))
            let votes = (0..<5).count { _ in Double.random(in: 0..<1, using: &random) < agree }
            margins.append(votes > 2 ? raw : -raw)
            let (most, least) = (max(votes, 5 - votes), min(votes, 5 - votes))
            return """
                {"prompt": "p\(number)", "chosen": "c", "rejected": "r", "up": \(number == 3 ? "-1" : "\(most)"), \
                "down": \(least)}
                """
        }
        let summary = try run(try definition("votes: {chosen: up, rejected: down}", rows), margins)
        let slopes = try folder.text(of: "out.jsonl").split(separator: "\n").map { line in
            let row = try JSONObject(line: Array(line.utf8))
            let numbers = ["margin", "margin_raw"].compactMap { row.value(of: $0)?.number }
            return numbers[0] / numbers[1]
        }
        #expect(slopes.count == 600 && slopes.allSatisfy { abs($0 - 0.5) < 0.1 }, "\(slopes[0])")
        let calibration = try #require(summary.trust?.calibration)
        #expect(calibration.isOfVotes && calibration.error < 0.04, "\(calibration.error)")
        #expect(
            text(summary).contains {
                $0 == "unit: log-odds that an annotator finds the chosen response the safer one, as the votes say"
            })
        #expect(
            text(summary).contains {
                $0.hasPrefix(
                    #"warning: dataset.votes (up, down): 1 row has no such value, which calibration does not"#)
            })
    }

    @Test func tooFewVotesGiveNoProbability() throws {
        let rows = (0..<80).map { number in
            #"{"prompt": "p\#(number)", "chosen": "c", "rejected": "r", "q": \#(number < 40 ? "0.8" : "null")}"#
        }
        let summary = try run(try definition("votes: {share: q}", rows), (0..<80).map { Double($0 % 7) - 1 })
        #expect(summary.trust?.calibration == nil)
        #expect(
            text(summary).contains(
                """
                unit: multiples of all margins' root mean square: fewer than 50 rows with votes of 10 prompts say too little of \
                how often margins are right
                """))
    }

    @Test func legendsMarginsKnowNoLabels() throws {
        let rows = (0..<20).map { pku($0, strength: $0 % 4) }
        try folder.write(rows.joined(separator: "\n"), to: "rows.jsonl")
        let yaml = """
            job: {input: rows.jsonl, output: out.jsonl, anchors: anchors.jsonl}
            dataset: {strength: {column: better_response_id}}
            model: {path: none.gguf}
            embedding: {compat: legend}
            """
        let definition = try JobDefinition(Configuration(yaml: yaml, path: folder.path("cluster.yaml")))
        let summary = try run(definition, rows.map { _ in 1 })
        #expect(summary.trust != nil && summary.trust?.strength == nil)
        #expect(
            text(summary).contains(
                "warning: dataset.strength and dataset.votes are not read with embedding.compat: legend"))
    }
}
