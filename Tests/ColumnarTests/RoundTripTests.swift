import Columnar
import SeededRandom
import Testing

/// Rows that our writer writes and our reader reads, of any columns.
struct RoundTripTests {
    @Test(arguments: 0..<40) func valuesAndTypesComeBack(_ seed: UInt64) throws {
        var random = RandomColumns(seed: seed)
        let schema = try random.schema()
        let count = [0, 1, 7, 100, 900].randomElement(using: &random.generator) ?? 0
        let table = (0..<count).map { _ in schema.fields.map { random.value($0) } }
        var options = ParquetWriter.Options()
        options.compression = Compression.allCases[Int(seed % 4)]
        if seed % 3 == 0 { options.rowGroupRows = 64 }
        if seed % 5 == 0 { options.rowGroupBytes = 1000 }
        let (found, rows) = try content(of: parquetFile(schema, table, options))
        #expect(found == schema)
        #expect(rows == table)
    }

    @Test func rowGroupsEndWhereTheyAreTold() throws {
        let schema = try ColumnarSchema([ColumnarField("a", .string)])
        var options = ParquetWriter.Options()
        options.rowGroupRows = 30
        let table: [[ColumnarValue]] = (0..<100).map { [.text("\($0)")] }
        let file = try ScratchFile(try parquetFile(schema, table, options))
        #expect(try ParquetReader(path: file.path).groupRowCounts == [30, 30, 30, 10])

        options = ParquetWriter.Options()
        options.rowGroupBytes = 10_000
        let long: [[ColumnarValue]] = (0..<40).map { [.text(String(repeating: "\($0 % 7)", count: 1500) + "\($0)")] }
        try file.write(try parquetFile(schema, long, options))
        let reader = try ParquetReader(path: file.path)
        #expect(reader.groupRowCounts.count > 2)
        #expect(reader.groupRowCounts.allSatisfy { $0 < 40 })
        #expect(try rows(of: reader) == long)
    }

    @Test func fewValuesBecomeADictionaryAndManyDoNot() throws {
        let schema = try ColumnarSchema([ColumnarField("a", .string)])
        var options = ParquetWriter.Options()
        options.compression = .none
        let text = String(repeating: "x", count: 100)
        let few = try parquetFile(schema, (0..<5000).map { [.text("\(text)\($0 % 5)")] }, options)
        #expect(few.count < 5000)
        let many = try parquetFile(schema, (0..<5000).map { [.text("\(text)\($0)")] }, options)
        #expect(many.count > 500_000 && many.count < 550_000)
    }

    /// More than a dictionary may have, with repetitions that let it pay at first.
    @Test func aDictionaryThatGrowsTooLargeIsLeft() throws {
        let schema = try ColumnarSchema([ColumnarField("a", .list(ColumnarField("item", .string), .regular))])
        let text = String(repeating: "x", count: 200)
        let table: [[ColumnarValue]] = (0..<16_000).map { [[.text("\(text)\($0 / 8)"), nil, .text("\(text)\($0)")]] }
        let bytes = try parquetFile(schema, Array(table.prefix(8000)) + table)
        let (_, rows) = try content(of: bytes)
        #expect(rows == table.prefix(8000) + table)
    }

    @Test(
        arguments: [
            ([nil], #"column "a": expected a value in a column that may not have nulls, found none"#),
            (["x"], #"column "a": expected a value of type int8, found a string"#),
            ([128], #"column "a": expected a value of type int8, found 128"#),
            ([1, 2], "expected a value for each of 1 columns, found 2"),
        ] as [([ColumnarValue], String)]) func aRowThatDoesNotFitIsAnError(_ row: [ColumnarValue], _ words: String)
        throws
    {
        let schema = try ColumnarSchema([ColumnarField("a", .integer(bits: 8, isSigned: true), isNullable: false)])
        let error = #expect(throws: (any Error).self) { try parquetFile(schema, [[1], row]) }
        #expect(error.map { "\($0)" } == "written.parquet: row 2: \(words)")
    }

    @Test(arguments: [
        (ColumnarType.structure([]), "Parquet has no structures without fields"),
        (.fixedBinary(0), "Parquet has no values of 0 bytes"),
        (.decimal(precision: 3, scale: -1, bits: 128), "Parquet has no decimals of 3 digits with -1 behind the point"),
    ]) func aColumnThatParquetLacksIsAnError(_ type: ColumnarType, _ words: String) throws {
        let schema = try ColumnarSchema([ColumnarField("a", type)])
        let error = #expect(throws: (any Error).self) { try parquetFile(schema, []) }
        #expect(error.map { "\($0)" } == #"written.parquet: column "a": \#(words)"#)
    }

    /// Parquet has no seconds, and no days in milliseconds.
    @Test func unitsThatParquetLacksBecomeFiner() throws {
        let schema = try ColumnarSchema([
            ColumnarField("a", .timestamp(.second, zone: "Asia/Tokyo")), ColumnarField("b", .time(.second)),
            ColumnarField("c", .date(countsMilliseconds: true)),
        ])
        let (found, rows) = try content(of: parquetFile(schema, [[1, 2, 86_400_000], [nil, nil, -86_400_000]]))
        #expect(
            found.fields.map(\.type) == [
                .timestamp(.millisecond, zone: "Asia/Tokyo"), .time(.millisecond), .date(countsMilliseconds: false),
            ])
        #expect(rows == [[1000, 2000, 1], [nil, nil, -1]])
        #expect(throws: (any Error).self) { try parquetFile(schema, [[1, 2, 3]]) }
        #expect(throws: (any Error).self) { try parquetFile(schema, [[.integer(.max), 2, 0]]) }
    }
}
