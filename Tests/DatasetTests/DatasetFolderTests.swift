import Columnar
import DatasetFixtures
internal import FileSystem
import Foundation
import Testing

@testable import Dataset

/// Datasets that are folders: shards, splits, and what `save_to_disk` writes.
@Suite struct DatasetFolderTests {
    private func row(_ prompt: Int) -> String { #"{"prompt":"q\#(prompt)","chosen":"a","rejected":"b"}"# + "\n" }

    private func prompts(_ path: String) throws -> [String?] {
        try records(at: path).map { $0.pair?.prompt.messages[0].content }
    }

    private func problem(_ path: String) throws -> String {
        try #require(throws: FileError.self) { try records(at: path) }.description
    }

    @Test(arguments: ["", "/data"]) func shardsAreOneDatasetInTheirOrder(place: String) throws {
        let folder = try DatasetFolder()
        try folder.createFolder("set" + place)
        // Numbers decide, not how names sort.
        for shard in 0..<12 {
            let number = String(repeating: "0", count: shard < 10 ? 4 : 3) + "\(shard)"
            try folder.write(row(2 * shard) + row(2 * shard + 1), to: "set\(place)/train-\(number)-of-00012.jsonl")
        }
        try folder.write("# Card", to: "set/README.md")
        try folder.write("{}", to: "set\(place)/dataset_infos.json")
        for path in ["set", "set/train"] + (place.isEmpty ? [] : ["set/data", "set/data/train"]) {
            let all = try records(at: folder.path(path))
            #expect(all.map { $0.pair?.prompt.messages[0].content } == (0..<24).map { "q\($0)" })
            #expect(all.map(\.index) == Array(0..<24))
            #expect(all.map(\.line) == (0..<24).map { $0 % 2 + 1 })
        }
        #expect(try DatasetFiles(folder.path("set/train")).folder == folder.path("set"))
    }

    @Test func severalSplitsAreListedAndOneOfThemIsNamed() throws {
        let folder = try DatasetFolder()
        try folder.createFolder("set/data")
        for (split, prompt) in [("train", 1), ("test", 2)] {
            try folder.write(row(prompt), to: "set/data/\(split)-00000-of-00001-0123abcd.jsonl")
        }
        let set = folder.path("set")
        #expect(
            try problem(set)
                == "\(set): it holds the splits test, train: name one of them, such as \(set)/test")
        #expect(try prompts(folder.path("set/train")) == ["q1"])
        #expect(try prompts(folder.path("set/test")) == ["q2"])
        #expect(
            try problem(folder.path("set/other")).hasPrefix("\(folder.path("set/other")): expected a name that ends in")
        )
    }

    @Test func aMissingShardAndOtherFilesAreErrors() throws {
        let folder = try DatasetFolder()
        func files(_ names: String...) throws -> String {
            try? FileManager.default.removeItem(atPath: folder.path("set"))
            try folder.createFolder("set")
            for name in names { try folder.write(row(1), to: "set/\(name)") }
            return try problem(folder.path("set"))
        }
        #expect(
            try files("train-00000-of-00003.jsonl", "train-00002-of-00003.jsonl").contains(
                "expected 3 files, numbered from 0 on, found train-00000-of-00003.jsonl, train-00002-of-00003.jsonl"
            ))
        #expect(
            try files("train-0-of-2.jsonl", "train-00000-of-2.jsonl", "train-1-of-2.jsonl").contains("expected 2 files")
        )
        #expect(try files("train.jsonl", "train.csv").contains("expected files whose names end alike"))
        #expect(try files("train-0-of-1.jsonl", "train.jsonl").contains("expected 1 files"))
        #expect(try files("notes.txt").contains("expected files of a dataset in this folder or in its folder data"))
        #expect(try files().contains("found none"))
    }

    @Test func filesThatAreNumberedAreTheFoldersOwn() throws {
        let folder = try DatasetFolder()
        try folder.createFolder("default/train")
        for number in [10, 2, 0] { try folder.write(row(number), to: "default/train/\(number).jsonl") }
        #expect(try prompts(folder.path("default/train")) == ["q0", "q2", "q10"])
    }

    @Test func aBadRowIsFoundInItsOwnFile() throws {
        let folder = try DatasetFolder()
        try folder.createFolder("set")
        try folder.write(row(0), to: "set/train-0-of-2.jsonl")
        try folder.write(row(1) + "{", to: "set/train-1-of-2.jsonl")
        let all = try records(at: folder.path("set"))
        #expect(all.last?.index == 2)
        #expect(all.last?.errorText?.hasPrefix("train-1-of-2.jsonl:2: invalid JSON") == true)
    }

    // MARK: Columns with types

    private static let fields = ["prompt", "chosen", "rejected"].map { ColumnarField($0, .string) }

    @Test func shardsOfParquetBecomeOneFile() throws {
        let folder = try DatasetFolder()
        try folder.createFolder("set")
        let schema = try ColumnarSchema(Self.fields)
        for shard in 0..<3 {
            try ColumnarDatasetTests.write(
                (0..<shard).map { ["q\(shard)", "a\($0)", "b"].map { .text($0) } }, schema,
                to: folder.path("set/train-0000\(shard)-of-00003.parquet"))
        }
        try ColumnarDatasetTests.annotate(folder.path("set"), in: folder)
        let table = try ColumnarDatasetTests.table(folder.path("out.parquet"))
        #expect(table.rows.map { $0[0] } == [.text("q1"), .text("q2"), .text("q2")])
        #expect(table.schema.fields == Self.fields + ColumnarDatasetTests.added)
    }

    @Test func shardsWithOtherColumnsAreRefusedBeforeARowIsRead() throws {
        let folder = try DatasetFolder()
        try folder.createFolder("set")
        let row = [["q", "a", "b"].map { ColumnarValue.text($0) }]
        let first = try ColumnarSchema(Self.fields)
        let second = try ColumnarSchema(Self.fields.dropLast() + [ColumnarField("rejected", .string(.large))])
        try ColumnarDatasetTests.write(row, first, to: folder.path("set/train-0-of-2.parquet"))
        try ColumnarDatasetTests.write(row, second, to: folder.path("set/train-1-of-2.parquet"))
        #expect(
            try problem(folder.path("set")).hasSuffix(
                "train-1-of-2.parquet: expected the columns of train-0-of-2.parquet, found rejected: large_string and not rejected: string"
            ))
    }

    // MARK: save_to_disk

    private func saved(_ state: String) throws -> (DatasetFolder, path: String) {
        let folder = try DatasetFolder()
        try folder.createFolder("saved")
        let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "ColumnarTests/Golden/preferences.arrow").path
        for number in 0..<2 {
            try FileManager.default.copyItem(
                atPath: golden, toPath: folder.path("saved/data-0000\(number)-of-00002.arrow"))
        }
        try folder.write(state, to: "saved/state.json")
        try folder.write("{}", to: "saved/dataset_info.json")
        return (folder, folder.path("saved"))
    }

    private static let state = #"""
        {"_data_files": [{"filename": "data-00001-of-00002.arrow"}, {"filename": "data-00000-of-00002.arrow"}],
        "_split": "train"}
        """#

    @Test func aSavedDatasetIsWhatItsStateLists() throws {
        let (folder, path) = try saved(Self.state)
        #expect(
            try DatasetFiles(path).paths
                == ["data-00001-of-00002.arrow", "data-00000-of-00002.arrow"].map { "\(path)/\($0)" })
        let options = DatasetOptions(
            purpose: .row, columns: DatasetColumns(prompt: "prompt", chosen: "chosen", rejected: "prompt"))
        #expect(try records(at: path, options).count == 10)
        // A dictionary of one dataset is that one, and of several one is to be named.
        try folder.write(#"{"splits": ["saved"]}"#, to: "dataset_dict.json")
        let dictionary = folder.path("").hasSuffix("/") ? String(folder.path("").dropLast()) : folder.path("")
        #expect(try DatasetFiles(dictionary).paths.count == 2)
        try folder.write(#"{"splits": ["train", "saved"]}"#, to: "dataset_dict.json")
        #expect(try problem(dictionary).contains("it holds the splits train, saved: name one of them"))
        #expect(try DatasetFiles(path).paths.count == 2)
    }

    @Test(
        arguments: [
            ("{", "invalid JSON"), ("{}", "expected a list \"_data_files\""),
            (#"{"_data_files": []}"#, "expected files, found none"),
            (#"{"_data_files": [{"filename": "../x.arrow"}]}"#, "expected a \"filename\" in the folder"),
            (
                #"{"_data_files": [{"filename": "x.arrow"}], "_indices_data_files": [{"filename": "i"}]}"#,
                "flatten_indices"
            ),
        ])
    func stateThatIsSomethingElseIsAnError(state: String, expected: String) throws {
        let (folder, path) = try saved(state)
        #expect(try problem(path).hasPrefix("\(folder.path("saved/state.json")): "))
        #expect(try problem(path).contains(expected))
    }
}
