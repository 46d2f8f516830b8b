import Dataset
import DatasetFixtures
internal import FileSystem
import Foundation
import JSON
import Testing

/// When the output and the errors file are there, and under which names.
@Suite struct AnnotatedWriterTests {
    private static let annotation = try! Annotation(margin: 0.1, scoreChosen: -1.5, scoreRejected: 1e-7)

    private func record() throws -> DatasetRecord {
        try records(#"{"prompt":"q","chosen":"a","rejected":"b"}"#)[0]
    }

    private func lines(_ name: String, in folder: DatasetFolder) throws -> Int {
        try folder.bytes(of: name).count { $0 == 0x0A }
    }

    @Test func theFilesHaveTheirNamesOnlyWhenTheyAreFinished() throws {
        let folder = try DatasetFolder()
        try folder.write("old", to: "out.jsonl")
        try folder.write("old", to: "out.errors.jsonl")
        var writer = try folder.writer()
        try writer.write(try record(), .annotated(Self.annotation))
        try writer.write(try record(), .failed(reason: "e"))
        try writer.write(try record(), .annotated(Self.annotation))
        let partial = ["out.errors.jsonl", "out.errors.jsonl.partial", "out.jsonl", "out.jsonl.partial"]
        #expect(try folder.names == partial)
        #expect(try folder.text(of: "out.jsonl") == "old" && folder.text(of: "out.errors.jsonl") == "old")
        try writer.finish(rows: 3)
        #expect(try folder.names == ["out.errors.jsonl", "out.jsonl"])
        #expect(try lines("out.jsonl", in: folder) == 2 && lines("out.errors.jsonl", in: folder) == 1)
    }

    @Test func withoutBadRowsThereIsNoErrorsFileNotEvenAnOlderOne() throws {
        let folder = try DatasetFolder()
        try folder.write("old", to: "out.errors.jsonl")
        try folder.write("left by a killed process", to: "out.errors.jsonl.partial")
        var writer = try folder.writer()
        try writer.write(try record(), .annotated(Self.annotation))
        try writer.finish(rows: 1)
        #expect(try folder.names == ["out.jsonl"])
    }

    @Test func anOutputIsNeverThereWithoutItsErrors() throws {
        let folder = try DatasetFolder()
        var writer = try folder.writer()
        try writer.write(try record(), .failed(reason: "e"))
        // Nothing can take the name of a folder: the process ends between the two.
        try folder.createFolder("out.jsonl/inner")
        var thrown: FileError?
        do throws(FileError) { try writer.finish(rows: 1) } catch { thrown = error }
        #expect(thrown?.problem.hasPrefix("cannot rename") == true)
        #expect(try lines("out.errors.jsonl", in: folder) == 1)
    }

    @Test(arguments: [1, 3]) func aRowTooFewOrTooManyLeavesTheOldFiles(rows: Int) throws {
        let folder = try DatasetFolder()
        try folder.write("old", to: "out.jsonl")
        do {
            var writer = try folder.writer()
            try writer.write(try record(), .annotated(Self.annotation))
            try writer.write(try record(), .failed(reason: "e"))
            var thrown: FileError?
            do throws(FileError) { try writer.finish(rows: rows) } catch { thrown = error }
            let found = "expected \(rows) rows in it and in \(folder.path("out.errors.jsonl")), found 1 and 1"
            #expect(thrown == FileError(path: folder.path("out.jsonl"), problem: found))
        }
        #expect(try folder.names == ["out.jsonl"])
        #expect(try folder.text(of: "out.jsonl") == "old")
    }

    @Test(arguments: [false, true])
    func anUnfinishedFileStaysOnlyIfAskedFor(keepPartial: Bool) throws {
        let folder = try DatasetFolder()
        do {
            var writer = try folder.writer(keepPartial: keepPartial)
            try writer.write(try record(), .annotated(Self.annotation))
        }
        #expect(try folder.names == (keepPartial ? ["out.errors.jsonl.partial", "out.jsonl.partial"] : []))
    }

    @Test func compressedOutputIsTheSameEveryTimeAndReadsBack() throws {
        let folder = try DatasetFolder()
        for name in ["a.jsonl.gz", "b.jsonl.gz"] {
            var writer = try folder.writer(output: name)
            for index in 0..<30_000 {
                let margin = Annotation.unchecked(margin: Double(index))
                try writer.write(try record(index), .annotated(margin))
            }
            try writer.finish(rows: 30_000)
        }
        let bytes = try folder.bytes(of: "a.jsonl.gz")
        #expect(bytes == (try folder.bytes(of: "b.jsonl.gz")))
        // RFC 1952: magic, deflate, no flags (so no name), no time.
        #expect(Array(bytes.prefix(8)) == [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0])
        var seen = 0
        for record in try records(at: folder.path("a.jsonl.gz")) {
            guard case .object(let object) = record.original else { continue }
            #expect(object.value(of: "margin")?.number == Double(seen))
            seen += 1
        }
        #expect(seen == 30_000)
    }

    private func record(_ index: Int) throws -> DatasetRecord {
        let object = try JSONObject(line: Array("{\"prompt\":\"q\(index)\",\"chosen\":\"a\",\"rejected\":\"b\"}".utf8))
        return DatasetRecord(
            index: index, line: index + 1, original: .object(object),
            content: .success(ResponsePair(prompt: Conversation(user: "q"), preferred: "a", other: "b")))
    }

    @Test func anEmptyCompressedFileIsStillAGzipFile() throws {
        let folder = try DatasetFolder()
        var writer = try folder.writer(output: "out.jsonl.gz")
        try writer.finish(rows: 0)
        #expect(try folder.bytes(of: "out.jsonl.gz").starts(with: [0x1F, 0x8B]))
        #expect(try records(at: folder.path("out.jsonl.gz")).isEmpty)
    }

    @Test func placesThatCannotBeWrittenAreErrors() throws {
        let folder = try DatasetFolder()
        let inner = folder.path("none/out.jsonl")
        #expect(
            throws: FileError(path: inner + ".partial", cannot: "open", code: ENOENT)
        ) { _ = try folder.writer(output: "none/out.jsonl") }
        #expect(
            throws: FileError(path: folder.url.path, problem: "expected a file or nothing, found a folder")
        ) {
            _ = try AnnotatedWriter(
                path: folder.url.path, errorsPath: folder.path("out.errors.jsonl"), existing: ExistingColumns(.refused))
        }
    }

    @Test(
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")),
        arguments: ["out.jsonl", "out.jsonl.gz", "out.errors.jsonl"])
    func aFullDiskIsAnErrorAndLeavesTheOldFiles(name: String) throws {
        let folder = try DatasetFolder()
        try folder.write("old", to: name)
        // /dev/full refuses every write as a full disk does.
        try FileManager.default.createSymbolicLink(
            atPath: folder.path(name + ".partial"), withDestinationPath: "/dev/full")
        let expected = FileError(path: folder.path(name + ".partial"), cannot: "write", code: ENOSPC)
        do {
            var writer = try folder.writer(output: name == "out.errors.jsonl" ? "out.jsonl" : name)
            try writer.write(try record(), .annotated(Self.annotation))
            try writer.write(try record(), .failed(reason: "e"))
            var thrown: FileError?
            do throws(FileError) { try writer.finish(rows: 2) } catch { thrown = error }
            #expect(thrown == expected)
        }
        #expect(try folder.names == [name])
        #expect(try folder.text(of: name) == "old")
    }
}

extension Annotation {
    fileprivate static func unchecked(margin: Double) -> Annotation {
        try! Annotation(margin: margin, scoreChosen: margin, scoreRejected: 0)
    }
}
