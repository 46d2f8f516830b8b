import Columnar
import Testing

/// Files that pyarrow wrote, and what was put into them.
struct GoldenFileTests {
    private static let preferences: [[ColumnarValue]] = [
        ["How?", "So.", [.record("user", "How?"), .record("assistant", "So.")], true, 0, 0.5],
        [nil, "Yes 🙂", [], false, 3, -0.0],
        ["Grüße, 日本", nil, nil, nil, nil, nil],
        ["How?", "So.", [nil, .record(nil, "x")], true, -1, .double(.nan)],
        ["", "line\nbreak", [.record("user", "")], true, .integer(1 << 62), .double(.leastNonzeroMagnitude)],
    ]

    @Test(arguments: [
        "preferences.parquet", "preferences-gzip-v2.parquet", "preferences-zstd.parquet", "preferences-plain.parquet",
        "preferences.arrow", "preferences-zstd.arrow",
    ]) func rowsOfPreferencesAreAsTheyWerePutIn(_ name: String) throws {
        let reader = try ColumnarFile.open(Golden.path(name))
        #expect(reader.rowCount == 5)
        #expect(
            reader.schema.fields.map(\.description).map { $0.replacing("item: ", with: "element: ") } == [
                "prompt: string", "chosen: string", "messages: list<element: struct<role: string, content: string>>",
                "safe: bool", "severity: int64", "score: double",
            ])
        #expect(reader.schema.metadata.map(\.key) == [Array("huggingface".utf8)])
        #expect(try rows(of: reader) == Self.preferences)
        #expect(try reader.next() == nil)
        #expect(reader.fileOffset == reader.fileSize)
    }

    @Test func aFileWithoutRowsHasItsColumns() throws {
        let reader = try ColumnarFile.open(Golden.path("empty.parquet"))
        #expect(reader.schema.fields.count == 6)
        #expect(try reader.next() == nil)
    }

    @Test(arguments: ["preferences.parquet", "preferences.arrow"]) func readingStartsAtAnyGroup(_ name: String) throws {
        let reader = try ColumnarFile.open(Golden.path(name))
        #expect(reader.groupRowCounts == [2, 2, 1])
        for group in [2, 0, 1, 3] {
            try reader.start(atGroup: group)
            #expect(try rows(of: reader) == Array(Self.preferences.dropFirst(2 * group)))
        }
    }

    @Test func aDictionaryIsThatOfTheBatchWhereReadingStarts() throws {
        let replaced = try ColumnarFile.open(Golden.path("replaced.arrow"))
        #expect(try rows(of: replaced) == [["b"], [nil], ["a"], ["y"], [nil], ["z"]])
        try replaced.start(atGroup: 1)
        #expect(try rows(of: replaced) == [["y"], [nil], ["z"]])
        try replaced.start(atGroup: 0)
        #expect(try rows(of: replaced).first == ["b"])

        let deltas = try ColumnarFile.open(Golden.path("deltas.arrow"))
        #expect(try rows(of: deltas) == [["b"], [nil], ["a"], ["c"], [nil], ["a"]])
        try deltas.start(atGroup: 1)
        #expect(try rows(of: deltas) == [["c"], [nil], ["a"]])
    }

    @Test(arguments: ["nested.parquet", "nested.arrow"]) func nestedColumnsHaveNullsAtEveryLevel(_ name: String) throws
    {
        let reader = try ColumnarFile.open(Golden.path(name))
        #expect(
            try rows(of: reader) == [
                [
                    [[1, 2], [], nil, [nil]], [.record("k", [.float(1.5), nil]), .record("l", nil)],
                    .record(.record(1, ["x", nil]), 1), [1, 2], ["x"],
                ],
                [[], [], .record(nil, 2), nil, []],
                [nil, nil, nil, [3, nil], nil],
                [[[3]], [.record("", [])], .record(.record(nil, nil), 3), [5, 6], [nil, "y"]],
            ])
        #expect(
            reader.schema.fields.map(\.type.description).map { $0.replacing("item: ", with: "element: ") } == [
                "list<element: list<element: int32>>", "map<string, list<element: float>>",
                "struct<a: struct<b: int64, c: list<element: string>>, d: int16 not null>",
                "fixed_size_list<element: int8>[2]", "large_list<element: string>",
            ])
    }

    @Test func everyEncodingIsRead() throws {
        let found = try rows(of: ColumnarFile.open(Golden.path("encodings.parquet")))
        #expect(found.count == 300)
        for (index, row) in found.enumerated() {
            let power = (0..<(index % 39)).reduce(Int64(index % 2 == 0 ? 1 : -1)) { value, _ in value * 3 }
            #expect(
                row == [
                    .integer(Int64(index * index % 1000 - 500)), .integer(power),
                    .text(String(repeating: "x", count: index % 7) + "\(index)"),
                    .text("common prefix \(index / 3)"), .float(Float(index) / 8), .double(Double(index) / 3),
                    .bool(index % 100 < 60), .binary([UInt8(index % 256), UInt8(index / 256), 7]),
                ])
        }
    }

    @Test func timestampsOf96BitsAreNanoseconds() throws {
        let reader = try ColumnarFile.open(Golden.path("int96.parquet"))
        #expect(reader.schema.fields.map(\.type) == [.timestamp(.nanosecond, zone: nil)])
        #expect(try rows(of: reader) == [[0], [-1], [1_709_210_096_789_012_345], [nil]])
    }

    @Test func filesAreKnownByWhatTheyBeginWith() throws {
        for name in Golden.parquetFiles {
            #expect(ColumnarFile.format(ofFileThatBeginsWith: try Golden.bytes(name)) == .parquet)
        }
        for name in Golden.arrowFiles {
            #expect(ColumnarFile.format(ofFileThatBeginsWith: try Golden.bytes(name)) == .arrow)
        }
        #expect(ColumnarFile.format(ofFileThatBeginsWith: Array("{\"a\": 1}".utf8)) == nil)
        #expect(ColumnarFile.format(ofFileThatBeginsWith: []) == nil)
    }
}
