import DatasetFixtures
import Foundation
import JobConfiguration
import Testing

@testable import Coordinator

@Suite struct JobDefinitionTests {
    /// What keeps a job on these rows from beginning; empty where it may.
    private func problems(_ rows: [String], _ choice: String = "refuse") throws -> [String] {
        let folder = try DatasetFolder()
        try folder.write(rows.joined(separator: "\n"), to: "rows.jsonl")
        try folder.write(#"{"prompt": "p", "harmless": "no", "harmful": "yes"}"#, to: "anchors.jsonl")
        let yaml = """
            job: {input: rows.jsonl, output: out.jsonl, anchors: anchors.jsonl}
            dataset: {existing_columns: \(choice)}
            model: {path: none.gguf}
            embedding: {template: alpaca}
            """
        do {
            _ = try JobDefinition(Configuration(yaml: yaml, path: folder.path("cluster.yaml")))
            return []
        } catch let error as ConfigurationError {
            return error.problems.map { $0.replacing(folder.url.path + "/", with: "") }
        }
    }

    @Test func aJobDoesNotBeginOnAFileThatHasThem() throws {
        let (plain, annotated) = (
            #"{"prompt": "p", "chosen": "c", "rejected": "r"}"#,
            #"{"prompt": "p", "chosen": "c", "rejected": "r", "margin": 1, "score_chosen": 2}"#
        )
        let expected = [
            #"rows.jsonl: it has "margin", "score_chosen" already, which outputs add; set "#
                + #"dataset.existing_columns to rename (it is kept as "original_margin") or replace"#
        ]
        #expect(try problems([annotated]) == expected)
        // A row that cannot be annotated says nothing of the others.
        #expect(
            try problems(["{no json", #"{"prompt": null, "chosen": "c", "rejected": "r"}"#, annotated]) == expected)
        #expect(try problems([plain, annotated]).isEmpty)
        for choice in ["rename", "replace"] { #expect(try problems([annotated], choice).isEmpty) }
    }
}
