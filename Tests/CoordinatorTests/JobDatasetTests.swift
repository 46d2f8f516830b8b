import DatasetFixtures
import Foundation
import JobConfiguration
import Testing

@testable import Coordinator

/// Jobs whose input is a folder, and outputs that cannot be written.
@Suite struct JobDatasetTests {
    private let folder: DatasetFolder

    init() throws {
        folder = try DatasetFolder()
        try folder.write(#"{"prompt": "p", "chosen": "c", "rejected": "r"}"#, to: "rows.jsonl")
        try folder.write(#"{"prompt": "p", "harmless": "no", "harmful": "yes"}"#, to: "anchors.jsonl")
        try folder.createFolder("set/data")
        for shard in 0..<2 {
            try folder.write(
                #"{"prompt": "p\#(shard)", "chosen": "c", "rejected": "r"}"#,
                to: "set/data/train-0000\(shard)-of-00002.jsonl")
        }
    }

    private func definition(input: String = "rows.jsonl", output: String, errors: String = "e.jsonl") throws
        -> JobDefinition
    {
        let yaml = """
            job: {input: \(input), output: \(output), errors: \(errors), anchors: anchors.jsonl}
            model: {path: none.gguf}
            embedding: {template: alpaca}
            """
        return try JobDefinition(Configuration(yaml: yaml, path: folder.path("cluster.yaml")))
    }

    private func problems(input: String = "rows.jsonl", output: String, errors: String = "e.jsonl") throws -> [String] {
        do {
            _ = try definition(input: input, output: output, errors: errors)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map { $0.replacing(folder.url.path + "/", with: "") }
        }
    }

    @Test func anOutputThatCannotBeWrittenKeepsAJobFromBeginning() throws {
        let expected = "expected a name that ends with .jsonl or .jsonl.gz"
        #expect(
            try problems(output: "out.parquet") == [
                "out.parquet: \(expected): Parquet is written of rows that come from Parquet or Arrow files, whose columns have types"
            ])
        #expect(
            try problems(output: "out.jsonl", errors: "e.parquet") == ["e.parquet: \(expected): errors are JSON Lines"])
        #expect(
            try problems(output: "out.arrow").first?.hasPrefix("out.arrow: expected a name that ends with .parquet")
                == true)
        #expect(try problems(output: "out.jsonl.zst").isEmpty)
    }

    @Test func aFolderIsAnInputAndEachOfItsFilesCounts() throws {
        let first = try definition(input: "set", output: "out.jsonl").inputDigest
        #expect(try definition(input: "set/train", output: "out.jsonl").inputDigest == first)
        try folder.write(#"{"prompt": "x", "chosen": "c", "rejected": "r"}"#, to: "set/data/train-00001-of-00002.jsonl")
        #expect(try definition(input: "set", output: "out.jsonl").inputDigest != first)
        try FileManager.default.removeItem(atPath: folder.path("set/data/train-00000-of-00002.jsonl"))
        #expect(
            try problems(input: "set", output: "out.jsonl").first
                == #"set/data: the split "train": expected 2 files, numbered from 0 on, found train-00001-of-00002.jsonl"#
        )
    }

    @Test func anOutputDoesNotBecomeAPartOfItsDataset() throws {
        #expect(
            try problems(input: "set/train", output: "set/data/annotated.jsonl") == [
                "set/data/annotated.jsonl: expected a place outside of set, whose files are the dataset set/train"
            ])
        #expect(try problems(input: "set", output: "set-annotated.jsonl").isEmpty)
    }
}
