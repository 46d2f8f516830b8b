import DatasetFixtures
internal import FileSystem
import SeededRandom
import Testing

@testable import Dataset

/// Texts that are compressed with zstd, read and written.
@Suite struct ZstdTests {
    private static let row = #"{"prompt":"q","chosen":"a","rejected":"b"}"# + "\n"

    private func zstd(_ text: String) throws -> [UInt8] {
        let compressor = ZstdCompressor()
        var bytes: [UInt8] = []
        try compressor.compress(Array(text.utf8), isLast: true) { bytes += $0 }
        return bytes
    }

    @Test(arguments: ["rows.jsonl.zst", "rows.json.zst", "rows.jsonl"]) func framesAreReadOneAfterAnother(name: String)
        throws
    {
        var random = SeededGenerator(seed: 3)
        var file: [UInt8] = []
        var count = 0
        // Larger than a chunk, so that frames end at all places of it.
        while file.count < 600_000 {
            let noise = (0..<Int.random(in: 10...9000, using: &random)).map { _ in
                String(UnicodeScalar(UInt8.random(in: 0x61...0x7A, using: &random)))
            }.joined()
            file += try zstd(#"{"prompt":"q","chosen":"\#(noise)","rejected":"b"}"# + "\n")
            // One that is to be passed over.
            if count.isMultiple(of: 7) { file += [0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 0x41, 0x42] }
            count += 1
        }
        #expect(try records(file, name: name).compactMap(\.pair).count == count)
    }

    @Test func muchThatIsWrittenSmallIsReadWhole() throws {
        let rows = String(repeating: Self.row, count: 100_000)
        let bytes = try zstd(rows)
        #expect(bytes.count < 2000)
        #expect(
            try records(bytes, name: "rows.csv.zst", DatasetOptions(purpose: .row, container: .json)).count == 100_000)
    }

    @Test func damagedFilesAreErrors() throws {
        let whole = try zstd(String(repeating: Self.row, count: 5))
        func problem(_ bytes: [UInt8]) throws -> String {
            try #require(throws: FileError.self) { try records(bytes, name: "rows.jsonl.zst") }.problem
        }
        for length in 4..<whole.count {
            #expect(
                try problem(Array(whole[..<length])).hasPrefix(
                    "unexpected end of file (zstd; at byte \(length) of \(length)"))
        }
        var damaged = whole
        damaged[whole.count - 1] ^= 0xFF
        #expect(try problem(damaged).hasPrefix("Restored data doesn't match checksum (zstd; at byte "))
        #expect(
            try problem(whole + Array("{}".utf8)).hasPrefix(
                "expected the end of the file or another zstd frame, found \"{}\""))
        #expect(try problem(whole + [0x28, 0, 0, 0, 0, 0]).contains("(zstd; at byte "))
    }

    @Test(arguments: ["out.jsonl.zst", "out.jsonl.gz"]) func rowsAreWrittenAsTheNameSays(name: String) throws {
        let folder = try DatasetFolder()
        let record = try #require(try records(Self.row).first)
        var writer = try folder.writer(output: name)
        let annotation = try Annotation(margin: 2, scoreChosen: 1, scoreRejected: -1)
        for _ in 0..<20_000 { try writer.write(record, .annotated(annotation)) }
        try writer.finish(rows: 20_000)
        #expect(StreamCompression(of: try folder.bytes(of: name)) == StreamCompression(ofFile: name))
        #expect(try records(at: folder.path(name)).compactMap(\.pair).count == 20_000)
    }
}
