import SeededRandom
import Testing

@testable import Columnar

/// Files that are damaged, use what is not supported, or claim what is not so: an error that says what.
struct HostileFileTests {
    private func problem(_ bytes: [UInt8], limits: ColumnarLimits = .init()) throws -> String {
        let file = try ScratchFile(bytes)
        let error = #expect(throws: (any Error).self) {
            let reader = try ColumnarFile.open(file.path, limits: limits)
            while try reader.next() != nil {}
        }
        return error.map { "\($0)".replacing(file.path, with: "FILE") } ?? ""
    }

    @Test func whatIsNotSupportedIsNamed() throws {
        #expect(
            try problem(Golden.bytes("lz4.parquet")) == """
                FILE: column "prompt": expected data that are uncompressed or compressed with snappy, gzip or zstd, \
                found LZ4_RAW: write the file with compression='snappy'
                """)
        #expect(
            try problem(Golden.bytes("lz4.arrow")) == """
                FILE: row 1: expected data that are uncompressed or compressed with zstd, found LZ4: write the file \
                with compression='zstd' or none
                """)
        #expect(
            try problem(Array("PARE12345678PARE".utf8))
                == "FILE: expected a file that is not encrypted, found one that is")
        #expect(
            try problem(Array("{\"a\": 1}".utf8))
                == "FILE: expected a Parquet file or an Arrow file or stream, found neither")
    }

    @Test func aPageWithAnotherChecksumIsDamaged() throws {
        let schema = try ColumnarSchema([ColumnarField("a", .int64)])
        var bytes = try parquetFile(schema, (0..<100).map { [.integer($0 * 7)] })
        bytes[60] ^= 1
        #expect(try problem(bytes).contains(#"row 1: column "a": a page is damaged: expected the checksum"#))
    }

    @Test(arguments: Golden.parquetFiles + Golden.arrowFiles) func aFileCutOffAnywhereIsAnError(_ name: String) throws {
        let bytes = try Golden.bytes(name)
        let file = try ScratchFile()
        // An Arrow stream may end behind any message.
        let isStream = bytes.starts(with: ArrowLayout.continuation)
        for count in stride(from: 0, to: bytes.count, by: 7) {
            try file.write(Array(bytes[..<count]))
            do {
                let found = try rows(of: ColumnarFile.open(file.path))
                #expect(isStream, "\(count) bytes of \(name) gave \(found.count) rows")
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
    }

    @Test func anErrorComesAgainUntilReadingStartsElsewhere() throws {
        var bytes = try Golden.bytes("preferences.parquet")
        bytes[40] ^= 0xFF
        let file = try ScratchFile(bytes)
        let reader = try ColumnarFile.open(file.path)
        let first = #expect(throws: (any Error).self) { try reader.next() }
        let second = #expect(throws: (any Error).self) { try reader.next() }
        #expect(first.map { "\($0)" } == second.map { "\($0)" })
        try reader.start(atGroup: 1)
        #expect(try rows(of: reader).count == 3)
    }

    @Test func aRowThatTakesTooMuchMemoryIsAnError() throws {
        let list = ColumnarType.list(ColumnarField("item", .bool), .regular)
        let schema = try ColumnarSchema([ColumnarField("a", list)])
        // A few bytes in the file, thanks to runs.
        let bytes = try parquetFile(schema, [[.list(Array(repeating: nil, count: 100_000))]])
        #expect(bytes.count < 2000)
        var limits = ColumnarLimits()
        limits.rowBytesMax = 1 << 20
        #expect(try problem(bytes, limits: limits).contains("the row takes more than 1048576 bytes of memory"))
        limits.rowBytesMax = 1 << 24
        let file = try ScratchFile(bytes)
        #expect(try rows(of: ColumnarFile.open(file.path, limits: limits)).count == 1)
    }

    @Test func aPageThatClaimsTooMuchIsRefusedBeforeMemoryIsTaken() throws {
        let data = [UInt8](repeating: 7, count: 100)
        for compression in Compression.allCases {
            let compressed = try compression.compress(data)
            for count in [0, 1, 99, 101, 1 << 28] {
                #expect(throws: ColumnarProblem.self, "\(compression) \(count)") {
                    try compression.decompress(compressed[...], byteCount: count)
                }
            }
            #expect(try compression.decompress(compressed[...], byteCount: 100) == data)
        }
    }

    @Test(arguments: Compression.allCases) func whatIsCompressedComesBack(_ compression: Compression) throws {
        var random = SeededGenerator(seed: 3)
        for count in [0, 1, 1000, 70_000, 3 << 20] {
            let zeros = [UInt8](repeating: 0, count: count)
            for data in count > 1 << 20 ? [zeros] : [random.bytes(count), zeros] {
                let compressed = try compression.compress(data)
                #expect(try compression.decompress(compressed[...], byteCount: count) == data)
                // Behind other bytes, and with something behind it.
                let embedded = [1, 2, 3] + compressed
                #expect(try compression.decompress(embedded[3...], byteCount: count) == data)
                guard compression != .none, count > 0 else { continue }
                #expect(throws: ColumnarProblem.self) {
                    try compression.decompress(compressed.dropLast(), byteCount: count)
                }
            }
        }
    }
}
