import DatasetFixtures
internal import FileSystem
import Foundation
import JSON
import SeededRandom
import Testing

@testable import Dataset

@Suite struct DatasetFileTests {
    private let row = #"{"prompt":"q","chosen":"a","rejected":"b"}"#

    private func gzip(_ bytes: [UInt8], in folder: DatasetFolder, name: String) throws -> String {
        // The output's own compression, so that no test needs a program.
        var file = try OutputFile(path: folder.path(name), keepPartial: false)
        try file.write(bytes)
        try file.finish()
        return folder.path(name)
    }

    @Test func lineEndsOfEveryKindAreRead() throws {
        let text = "\u{FEFF}" + row + "\r\n\n  \t\r\n" + row + "\n" + row
        let all = try records(text)
        #expect(all.map(\.line) == [1, 4, 5])
        #expect(all.map(\.index) == [0, 1, 2])
        #expect(all.compactMap(\.pair).count == 3)
        for record in all {
            guard case .object(let object) = record.original else { continue }
            #expect(object.bytes == Array(row.utf8))
        }
    }

    @Test func aByteOrderMarkIsOnlySkippedAtTheStart() throws {
        let all = try records(row + "\n\u{FEFF}" + row)
        #expect(
            all[1].errorText == "rows.jsonl:2: invalid JSON: expected a value, found the byte 0xEF at column 1")
    }

    @Test func anEmptyFileHasNoRowsAndNoFormat() throws {
        let folder = try DatasetFolder()
        for (name, text) in [("a.jsonl", ""), ("b.jsonl", "\n\n"), ("c.csv", ""), ("d.csv", "a,b\n")] {
            var reader = try DatasetReader(
                path: try folder.write(text, to: name), options: DatasetOptions(purpose: .row))
            #expect(reader.detectedFormat == nil)
            #expect(try reader.next() == nil as DatasetRecord?)
        }
    }

    @Test func anOverLongLineIsARowErrorAndTheNextOneIsRead() throws {
        let long = #"{"prompt":"q","chosen":"\#(String(repeating: "é", count: 400_000))","rejected":"b"}"#
        let all = try records(
            row + "\n" + long + "\r\n" + row, DatasetOptions(purpose: .row, maxRowBytes: 500_000))
        #expect(
            all.map(\.errorText)
                == [
                    nil,
                    "rows.jsonl:2: the row is longer than 500000 bytes (dataset.max_row_mib); only its beginning is kept",
                    nil,
                ])
        guard case .unreadable(let kept) = all[1].original else {
            Issue.record("expected an unreadable row")
            return
        }
        #expect((4000...4096).contains(kept.count))
        #expect(String(validating: kept, as: UTF8.self) != nil)
        #expect(Array(long.utf8).starts(with: kept))
    }

    @Test func aLineOfExactlyTheLimitIsRead() throws {
        for end in ["", "\n", "\r\n"] {
            for mark in ["", "\u{FEFF}"] {
                let text = mark + row + end
                let exact = DatasetOptions(purpose: .row, format: .preference, maxRowBytes: row.utf8.count)
                #expect(try records(text, exact).map(\.errorText) == [nil])
                let short = DatasetOptions(purpose: .row, maxRowBytes: row.utf8.count - 1)
                #expect(throws: FileError.self) { try records(text, short) }
            }
        }
    }

    @Test func linesThatCrossChunksAreReadWhole() throws {
        let folder = try DatasetFolder()
        var text = ""
        var expected: [Int] = []
        var random = SeededGenerator(seed: 3)
        while text.utf8.count < 3_000_000 {
            let length = Int.random(in: 1...20_000, using: &random)
            expected.append(length)
            text += "{\"prompt\":\"q\",\"chosen\":\"\(String(repeating: "a", count: length))\",\"rejected\":\"b\"}"
            text += Bool.random(using: &random) ? "\n" : "\r\n"
        }
        let path = try folder.write(text, to: "rows.jsonl")
        #expect(try records(at: path).map { $0.pair?.preferred.utf8.count } == expected)
    }

    @Test func aFileThatIsNotThereOrNoFileIsAnError() throws {
        let folder = try DatasetFolder()
        let missing = folder.path("none.jsonl")
        #expect(throws: FileError(path: missing, cannot: "open", code: ENOENT)) {
            try records(at: missing)
        }
        let inner = folder.path("folder.jsonl")
        try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
        let none = try #require(throws: FileError.self) { try records(at: inner) }
        #expect(none.description.hasPrefix("\(inner): expected files of a dataset in this folder"))
        let other = try folder.write("rows", to: "rows.txt")
        #expect(
            throws: FileError(
                path: other,
                problem: """
                    expected a name that ends in .jsonl, .ndjson, .json, .csv or .tsv, each also with .gz or .zst, or in \
                    .parquet or .arrow
                    """)
        ) { try records(at: other) }
    }

    @Test func aRowLimitThatMakesNoSenseIsRefused() throws {
        let folder = try DatasetFolder()
        let path = try folder.write(row, to: "rows.jsonl")
        for limit in [Int.min, 0, Int.max] {
            #expect(
                throws: FileError(
                    path: path, problem: "expected a row limit of 1 to 1073741824 bytes, found \(limit)")
            ) { try records(at: path, DatasetOptions(purpose: .row, maxRowBytes: limit)) }
        }
    }

    @Test func theConfiguredContainerOverridesTheName() throws {
        let all = try records(row, name: "rows.txt", DatasetOptions(purpose: .row, container: .json))
        #expect(all.map(\.errorText) == [nil])
    }

    @Test func aFileWithoutOneReadableRowIsRefusedWithItsFirstError() throws {
        let folder = try DatasetFolder()
        let path = try folder.write("\n{\n\"prompt\":\n", to: "rows.json")
        #expect(
            throws: FileError(
                path: path,
                problem: "no row can be read; the first, on line 2: "
                    + "invalid JSON: expected a key in quotes, found the end of the line at column 2. "
                    + "Expected one JSON object on each line, or one array of objects; "
                    + "`jq -c .` writes a value on each line")
        ) { try records(at: path) }
    }

    @Test func compressedFilesAreReadAndDamagedOnesAreErrors() throws {
        let folder = try DatasetFolder()
        let rows = (0..<20_000).map { "{\"prompt\":\"q\($0)\",\"chosen\":\"a\",\"rejected\":\"b\"}\n" }.joined()
        let path = try gzip(Array(rows.utf8), in: folder, name: "rows.jsonl.gz")
        #expect(try records(at: path).compactMap(\.pair).count == 20_000)

        let whole = try folder.bytes(of: "rows.jsonl.gz")
        let members = try folder.write(whole + whole, to: "members.jsonl.gz")
        #expect(try records(at: members).count == 40_000)

        let truncated = try folder.write(Array(whole.dropLast(whole.count / 3)), to: "truncated.jsonl.gz")
        let truncation = try #require(throws: FileError.self) { try records(at: truncated) }
        #expect(truncation.description.hasPrefix("\(truncated): unexpected end of file (zlib; at byte "))

        var damaged = whole
        damaged[whole.count - 6] ^= 0xFF
        let corrupt = try folder.write(damaged, to: "corrupt.jsonl.gz")
        let corruption = try #require(throws: FileError.self) { try records(at: corrupt) }
        #expect(corruption.description.hasPrefix("\(corrupt): incorrect data check (zlib; at byte "))
    }

    @Test func compressedFilesUnderAPlainNameAreReadToo() throws {
        let folder = try DatasetFolder()
        let path = try gzip(Array(row.utf8), in: folder, name: "rows.jsonl.gz")
        try FileManager.default.moveItem(atPath: path, toPath: folder.path("rows.jsonl"))
        #expect(try records(at: folder.path("rows.jsonl")).compactMap(\.pair).count == 1)
    }

    @Test func theProgressOfReadingEndsAtTheFilesSize() throws {
        let folder = try DatasetFolder()
        let rows = String(repeating: row + "\n", count: 20_000)
        let plain = try folder.write(rows, to: "rows.jsonl")
        for path in [plain, try gzip(Array(rows.utf8), in: folder, name: "rows.jsonl.gz")] {
            var reader = try DatasetReader(path: path, options: DatasetOptions(purpose: .row))
            #expect(reader.fileSize == (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int))
            var last = 0
            while try reader.next() != nil {
                #expect(reader.bytesRead >= last)
                last = reader.bytesRead
            }
            #expect(reader.bytesRead == reader.fileSize)
        }
    }

    @Test func memoryDoesNotGrowWithTheFile() async {
        // In a process of its own: in this one other tests run at the same time.
        await #expect(processExitsWith: .success) {
            let folder = try DatasetFolder()
            let long = #"{"prompt":"q","chosen":"\#(String(repeating: "a", count: 2000))","rejected":"b"}"# + "\n"
            let path = try folder.write(String(repeating: long, count: 60_000), to: "rows.jsonl")
            var reader = try DatasetReader(path: path, options: DatasetOptions(purpose: .row))
            _ = try reader.next()
            let before = Self.residentBytes()
            var rows = 1
            while try reader.next() != nil { rows += 1 }
            let growth = Self.residentBytes() - before
            print("reading \(reader.fileSize >> 20) MiB in \(rows) rows grew the process by \(growth >> 20) MiB")
            // The whole file would be 122 MB.
            #expect(rows == 60_000 && growth < 30 << 20)
        }
    }

    /// Resident memory of this process.
    private static func residentBytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        let pages = status.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
