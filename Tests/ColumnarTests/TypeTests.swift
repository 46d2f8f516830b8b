import Columnar
import Testing

/// Every plain type, at its bounds, in both formats.
struct TypeTests {
    private static let fields: [(name: String, type: String)] = [
        ("null", "null"), ("bool", "bool"), ("int8", "int8"), ("int16", "int16"), ("int32", "int32"),
        ("int64", "int64"), ("uint8", "uint8"), ("uint16", "uint16"), ("uint32", "uint32"), ("uint64", "uint64"),
        ("half", "halffloat"), ("float", "float"), ("double", "double"), ("string", "string"),
        ("large_string", "large_string"), ("string_view", "string_view"), ("binary", "binary"),
        ("large_binary", "large_binary"), ("fixed", "fixed_size_binary[3]"), ("decimal", "decimal128(9, 2)"),
        ("decimal256", "decimal256(60, 5)"), ("date", "date32[day]"), ("time_ms", "time32[ms]"),
        ("time_us", "time64[us]"), ("timestamp_ms", "timestamp[ms]"), ("timestamp_utc", "timestamp[us, tz=UTC]"),
        ("timestamp_berlin", "timestamp[ns, tz=Europe/Berlin]"), ("duration", "duration[us]"),
        ("category", "dictionary<values=string, indices=int32, ordered=0>"),
    ]

    /// 10^55, as 32 bytes.
    private static let large: [UInt8] =
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0x68, 0x67, 0xA5, 0xA8, 0x67, 0xF1, 0x03] + [
            0xB2, 0xFF, 0xFA, 0x5A, 0x71, 0xFB, 0xA0, 0xE7, 0xB6, 0x80, 0, 0, 0, 0, 0, 0,
        ]

    private static let first: [ColumnarValue] = [
        nil, true, -128, -32_768, -2_147_483_648, .integer(.min), .unsigned(0), .unsigned(0), .unsigned(0),
        .unsigned(0), .half(0xBE00), .float(0.1), 0.1, "a", "b", "short", .binary([0, 0xFF]), .binary([1]),
        .binary(Array("abc".utf8)), .decimal(Array(repeating: 0xFF, count: 15) + [0x85]),
        .decimal(Array(repeating: 0xFF, count: 32)), -1, 0, 1, -1, -1, -1, -1_500_000, "x",
    ]

    private static let last: [ColumnarValue] = [
        nil, false, 127, 32_767, 2_147_483_647, .integer(.max), .unsigned(255), .unsigned(65_535),
        .unsigned(4_294_967_295), .unsigned(.max), .half(0x7C00), .float(-0.0), .double(-.infinity),
        .text(String(repeating: "ä", count: 20)), "", "longer than twelve bytes", .binary([]), .binary([]),
        .binary([0, 0, 0]), .decimal(Array(repeating: 0, count: 12) + [0x3B, 0x9A, 0xC9, 0xFF]), .decimal(large),
        19_782, 86_399_999, 86_399_999_999, 1_709_210_096_789, 1_709_210_096_789_012, 1_709_210_096_789_012_345, 2,
        "y",
    ]

    private static let nulls = [ColumnarValue](repeating: nil, count: first.count)

    @Test(arguments: ["types.parquet", "types.arrow"]) func valuesAreExact(_ name: String) throws {
        let reader = try ColumnarFile.open(Golden.path(name))
        #expect(reader.schema.fields.map(\.name) == Self.fields.map(\.name))
        #expect(reader.schema.fields.map(\.type.description) == Self.fields.map(\.type))
        #expect(try rows(of: reader) == [Self.first, Self.nulls, Self.last])
    }

    @Test(arguments: ["types.parquet", "types.arrow"]) func valuesAndTypesComeBackFromOurOwnFile(_ name: String) throws
    {
        let reader = try ColumnarFile.open(Golden.path(name))
        let (schema, found) = try content(of: parquetFile(reader.schema, try rows(of: reader)))
        #expect(schema.fields == reader.schema.fields)
        #expect(found == [Self.first, Self.nulls, Self.last])
    }

    @Test func rowsAreJSON() throws {
        let reader = try ColumnarFile.open(Golden.path("types.parquet"))
        let texts = try rows(of: reader).map { String(decoding: try reader.schema.json($0), as: UTF8.self) }
        #expect(
            texts[0] == """
                {"null":null,"bool":true,"int8":-128,"int16":-32768,"int32":-2147483648,"int64":-9223372036854775808,\
                "uint8":0,"uint16":0,"uint32":0,"uint64":0,"half":-1.5,"float":0.1,"double":0.1,"string":"a",\
                "large_string":"b","string_view":"short","binary":"AP8=","large_binary":"AQ==","fixed":"YWJj",\
                "decimal":-1.23,"decimal256":-0.00001,"date":"1969-12-31","time_ms":"00:00:00.000",\
                "time_us":"00:00:00.000001","timestamp_ms":"1969-12-31T23:59:59.999",\
                "timestamp_utc":"1969-12-31T23:59:59.999999Z","timestamp_berlin":"1969-12-31T23:59:59.999999999Z",\
                "duration":"-PT1.5S","category":"x"}
                """)
        #expect(
            texts[2] == """
                {"null":null,"bool":false,"int8":127,"int16":32767,"int32":2147483647,"int64":9223372036854775807,\
                "uint8":255,"uint16":65535,"uint32":4294967295,"uint64":18446744073709551615,"half":null,\
                "float":-0.0,"double":null,"string":"ääääääääääääääääääää","large_string":"",\
                "string_view":"longer than twelve bytes","binary":"","large_binary":"","fixed":"AAAA",\
                "decimal":9999999.99,"decimal256":100000000000000000000000000000000000000000000000000.00000,\
                "date":"2024-02-29","time_ms":"23:59:59.999","time_us":"23:59:59.999999",\
                "timestamp_ms":"2024-02-29T12:34:56.789","timestamp_utc":"2024-02-29T12:34:56.789012Z",\
                "timestamp_berlin":"2024-02-29T12:34:56.789012345Z","duration":"PT0.000002S","category":"y"}
                """)
    }
}
