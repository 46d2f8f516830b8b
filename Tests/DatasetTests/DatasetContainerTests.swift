import DatasetFixtures
internal import FileSystem
import Foundation
import JSON
import SeededRandom
import Testing

@testable import Dataset

/// Arrays, compressed files, and files that are something else than their name says.
@Suite struct DatasetContainerTests {
    private static let rows = [
        #"{"prompt":"q]","chosen":"a, \"[","rejected":"b\\"}"#, #"{"prompt":"é","chosen":"a","rejected":"}"}"#,
    ]

    // MARK: Arrays

    @Test(arguments: ["rows.json", "rows.jsonl"])
    func anArrayIsReadElementByElement(name: String) throws {
        let arrays = [
            "[" + Self.rows.joined(separator: ",") + "]", "\n [\n" + Self.rows.joined(separator: " ,\r\n") + "\n]\n\n",
            "\u{FEFF}[\t" + Self.rows.joined(separator: ",").replacingOccurrences(of: ",\"", with: ",\n    \"") + "]",
        ]
        for array in arrays {
            let all = try records(array, name: name)
            #expect(all.map { $0.pair?.prompt.messages[0].content } == ["q]", "é"])
            #expect(all.map { $0.pair?.preferred } == ["a, \"[", "a"])
            #expect(all.map(\.index) == [0, 1])
        }
        #expect(try records("[ ]", name: name).isEmpty)
    }

    @Test func anElementIsOneLineOfTheOutputAndKnowsItsOwn() throws {
        let all = try records(
            "[\n  {\n    \"prompt\": \"q\",\n    \"chosen\": \"a\",\n    \"rejected\": \"b  c\"\n  }\n]",
            name: "rows.json")
        guard case .object(let object) = all[0].original else {
            Issue.record("expected an object")
            return
        }
        #expect(
            String(decoding: object.bytes, as: UTF8.self) == #"{ "prompt": "q", "chosen": "a", "rejected": "b  c" }"#)
        #expect(all[0].line == 2)
    }

    @Test func aBadElementIsAnErrorAndTheOthersAreRead() throws {
        let good = Self.rows[1]
        for (bad, problem) in [
            ("17", "expected a JSON object, found a number"),
            ("{\"a\":}", "invalid JSON: expected a value, found \"}\" at column 6"),
            ("{}}", "invalid JSON: expected the end of the line, found \"}\" at column 3"),
            ("null", "expected a JSON object, found null"),
        ] {
            let all = try records("[\(good),\n\(bad),\n\(good)]", name: "rows.json")
            #expect(all.map(\.errorText) == [nil, "rows.json:2: element 2: \(problem)", nil])
        }
        let long = String(repeating: "x", count: 5000)
        let options = DatasetOptions(purpose: .row, maxRowBytes: 1000)
        let all = try records("[\(good),{\"prompt\":\"\(long)\"},\(good)]", name: "rows.json", options)
        #expect(
            all.map(\.errorText)
                == [
                    nil,
                    "rows.json:1: element 2: the row is longer than 1000 bytes (dataset.max_row_mib); only its beginning is kept",
                    nil,
                ])
    }

    @Test(arguments: [
        ("[{\"a\":1}", "the file ends inside its JSON array, in or behind element 1"),
        ("[{\"a\":\"x},{}]", "the file ends inside its JSON array, in or behind element 1"),
        ("[{}],", "line 1: expected nothing behind the JSON array's end"),
        ("[{}]\n\n{}", "line 3: expected nothing behind the JSON array's end"),
        ("[{},]", "line 1: expected element 2 of the JSON array, found \"]\""),
        ("[,{}]", "line 1: expected element 1 of the JSON array, found \",\""),
    ])
    func aDamagedArrayIsAnErrorOfTheFile(text: String, problem: String) throws {
        let error = try #require(throws: FileError.self) { try records(text, name: "rows.json") }
        #expect(error.problem.hasPrefix(problem))
    }

    @Test func arraysCutAtRandomLoseNoRowInSilence() throws {
        var random = SeededGenerator(seed: 5)
        let row = #"{"prompt":"q","chosen":"a","rejected":"b"}"#
        let whole = "[" + [String](repeating: row, count: 20).joined(separator: ",\n") + "]"
        for _ in 0..<300 {
            let cut = Int.random(in: 1..<whole.utf8.count, using: &random)
            #expect(throws: FileError.self) { try records(Array(whole.utf8.prefix(cut)), name: "rows.json") }
        }
    }

    @Test func aDocumentOfOneObjectSaysWhereItsRowsAre() throws {
        func problem(_ text: String) throws -> String {
            try #require(throws: FileError.self) { try records(text, name: "rows.json") }.problem
        }
        let list = "[" + Self.rows.joined(separator: ",") + "]"
        #expect(
            try problem(#"{"version":1,"data":\#(list)}"#).hasSuffix(#"`jq -c '.["data"][]'` makes JSON Lines of them"#)
        )
        #expect(try problem(#"{"question":{"0":"q"},"answer":{"0":"a"}}"#).hasSuffix(#"lines=True) writes rows"#))
    }

    // MARK: Compression

    private func gzip(_ text: String) throws -> [UInt8] {
        let compressor = GzipCompressor()
        var bytes: [UInt8] = []
        try compressor.compress(Array(text.utf8), isLast: true) { bytes += $0 }
        return bytes
    }

    private static let row = Self.rows[0] + "\n"

    @Test(arguments: [0, 1, 512, 200_000])
    func zerosMayFollowTheLastMember(count: Int) throws {
        let bytes = try gzip(Self.row) + gzip(Self.row) + [UInt8](repeating: 0, count: count)
        #expect(try records(bytes, name: "rows.jsonl.gz").count == 2)
    }

    @Test func whatIsBehindAMemberNeverVanishes() throws {
        let member = try gzip(Self.row)
        let tails: [([UInt8], Int)] = [
            ([0x0A], 0), (Array(Self.row.utf8), 0), ([0x0A] + member, 0), ([0, 0] + member, 2), ([0x1F], 0),
            ([0, 0x0A], 1), ([0x1F, 0x00], 0),
        ]
        for (tail, offset) in tails {
            let error = try #require(throws: FileError.self) { try records(member + tail, name: "rows.jsonl.gz") }
            // Where a member seems to begin, zlib says what is wrong with it.
            if tail[0] != 0x1F {
                #expect(error.problem.hasPrefix("expected the end of the file or another gzip member, found "))
                #expect(
                    error.problem.contains(
                        "at byte \(member.count + offset) of \(member.count + tail.count) in the file"))
            }
        }
    }

    @Test func membersAreJoinedWhereverChunksEnd() throws {
        // More than one chunk of incompressible text, so that members end at all places of it.
        var random = SeededGenerator(seed: 8)
        var file: [UInt8] = []
        var count = 0
        while file.count < 600_000 {
            let noise = (0..<Int.random(in: 10...9000, using: &random)).map { _ in
                String(UnicodeScalar(UInt8.random(in: 0x61...0x7A, using: &random)))
            }.joined()
            file += try gzip("{\"prompt\":\"q\",\"chosen\":\"\(noise)\",\"rejected\":\"b\"}\n")
            count += 1
        }
        #expect(try records(file, name: "rows.jsonl.gz").compactMap(\.pair).count == count)
    }

    @Test(
        arguments: [
            (Array("BZh91AY&SY".utf8), "bzip2 data"),
            ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "xz data"), (Array("PK\u{3}\u{4}".utf8), "a zip archive"),
            (Array("PAR1".utf8), "a Parquet file"), ([0xFF, 0xFE, 0x7B, 0x00], "UTF-16"),
            ([0x7B, 0x00, 0x22, 0x00], "UTF-16"),
            ([0x00, 0x70, 0x00, 0x72], "UTF-16"), ([0xFE, 0xFF, 0x00, 0x7B], "UTF-16"),
        ] as [([UInt8], String)])
    func anotherKindOfFileIsNamed(bytes: [UInt8], found: String) throws {
        for name in ["rows.jsonl", "rows.csv", "rows.json.gz"] {
            let error = try #require(throws: FileError.self) { try records(bytes, name: name) }
            #expect(
                error.problem.hasPrefix(
                    "expected JSON or CSV in UTF-8, plain or compressed with gzip or zstd, found \(found)"))
        }
    }

    @Test func anotherEncodingInsideACompressedFileIsNamedToo() throws {
        let compressor = GzipCompressor()
        var bytes: [UInt8] = []
        let text: [UInt8] = [0xFF, 0xFE] + Self.row.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        try compressor.compress(text, isLast: true) { bytes += $0 }
        let error = try #require(throws: FileError.self) { try records(bytes, name: "rows.jsonl.gz") }
        #expect(error.problem.contains("found UTF-16"))
    }

    @Test func archivesInsideOfCompressedFilesAreNamed() throws {
        let compressor = GzipCompressor()
        var bytes: [UInt8] = []
        let tar = Array("rows.jsonl".utf8) + [UInt8](repeating: 0, count: 247) + Array("ustar".utf8) + [0x30]
        try compressor.compress(tar, isLast: true) { bytes += $0 }
        let archive = try #require(throws: FileError.self) { try records(bytes, name: "rows.jsonl.gz") }
        #expect(archive.problem.contains("found a tar archive"))
        let second = GzipCompressor()
        var twice: [UInt8] = []
        try second.compress(try gzip(Self.row), isLast: true) { twice += $0 }
        let double = try #require(throws: FileError.self) { try records(twice, name: "rows.jsonl.gz") }
        #expect(double.problem.contains("found gzip data inside of compressed data"))
    }
}
