import Columnar
import DatasetFixtures
internal import FileSystem
import Foundation
import JSON
import Testing

@testable import Dataset

/// Parquet and Arrow files as datasets, and what comes out of them.
@Suite struct ColumnarDatasetTests {
    private static let message = ColumnarField(
        "element", .structure([ColumnarField("role", .string), ColumnarField("content", .string)]))

    /// Columns whose values JSON has no exact form for, and those that are read.
    static func schema(_ metadata: [ColumnarMetadata] = []) throws -> ColumnarSchema {
        try ColumnarSchema(
            [
                ColumnarField("id", .int64, isNullable: false), ColumnarField("prompt", .string(.large)),
                ColumnarField("chosen", .list(message, .regular)), ColumnarField("rejected", .list(message, .regular)),
                ColumnarField("price", .decimal(precision: 38, scale: 9, bits: 128)),
                ColumnarField("at", .timestamp(.nanosecond, zone: "Europe/Berlin")),
                ColumnarField("raw", .binary(.regular)), ColumnarField("half", .half),
                ColumnarField("not", .double),
                ColumnarField("kind", .dictionary(.string, bits: 8, isSigned: true, isOrdered: false)),
                ColumnarField("nothing", .null),
            ], metadata: metadata)
    }

    private static func messages(_ answer: String) -> ColumnarValue {
        .list([
            .structure([.text("user"), .text("q")]), .structure([.text("assistant"), .text(answer)]),
        ])
    }

    static func row(_ id: Int64, chosen: ColumnarValue? = nil, prompt: ColumnarValue = .null) -> [ColumnarValue] {
        [
            .integer(Int64.max - id), prompt, chosen ?? messages("a \(id)"), messages("b"),
            .decimal([UInt8](repeating: 0x12, count: 16)), .integer(1_714_521_600_123_456_789 + id),
            .binary([0xFF, 0, UInt8(truncatingIfNeeded: id)]), .half(0x7E01), .double(.nan), .text("x\(id % 2)"), .null,
        ]
    }

    static func write(
        _ rows: [[ColumnarValue]], _ schema: ColumnarSchema, rowGroup: Int = 1 << 20, to path: String
    ) throws {
        var options = ParquetWriter.Options()
        options.rowGroupRows = rowGroup
        let writer = try ParquetWriter(path: path, schema: schema, options: options)
        var file = try AtomicFile(path: path)
        for row in rows { try writer.append(row) { bytes throws(FileError) in try file.write(bytes) } }
        try writer.finish { bytes throws(FileError) in try file.write(bytes) }
        try file.seal()
        try file.publish()
    }

    /// Annotates all rows that can be read, as a job does.
    static func annotate(
        _ path: String, in folder: DatasetFolder, output: String = "out.parquet",
        existing: ExistingColumns = ExistingColumns(.refused), isFlipped: Bool = false,
        options: DatasetOptions = DatasetOptions(purpose: .row)
    ) throws {
        var reader = try DatasetReader(path: path, options: options)
        var writer = try AnnotatedWriter(
            path: folder.path(output), errorsPath: folder.path("out.errors.jsonl"), schema: reader.schema,
            existing: existing, exchange: reader.exchange)
        var count = 0
        while let record = try reader.next() {
            var annotation = try Annotation(margin: Double(count) / 3, scoreChosen: 1, scoreRejected: -1)
            annotation.bin = count
            annotation.mark = isFlipped ? .flipped(true) : .negative(false)
            try writer.write(record, record.errorText.map { .failed(reason: $0) } ?? .annotated(annotation))
            count += 1
        }
        try writer.finish(rows: count)
    }

    /// All rows of a Parquet file, and its columns.
    static func table(_ path: String) throws -> (schema: ColumnarSchema, rows: [[ColumnarValue]]) {
        let file = try ColumnarFile.open(path)
        var rows: [[ColumnarValue]] = []
        while let row = try file.next() { rows.append(row) }
        return (file.schema, rows)
    }

    static let added = [
        ColumnarField("margin", .double), ColumnarField("margin_bin", .int64),
        ColumnarField("margin_negative", .bool), ColumnarField("score_chosen", .double),
        ColumnarField("score_rejected", .double),
    ]

    // MARK: Parquet in, Parquet out

    @Test func allColumnsAndValuesComeOutAsTheyCameIn() throws {
        let folder = try DatasetFolder()
        let schema = try Self.schema([ColumnarMetadata(key: Array("k".utf8), value: [0xFF])])
        let rows = (0..<7).map { Self.row($0) }
        try Self.write(rows, schema, rowGroup: 3, to: folder.path("rows.parquet"))
        let all = try records(at: folder.path("rows.parquet"))
        #expect(all.map(\.errorText) == [String?](repeating: nil, count: 7))
        #expect(all.map(\.line) == [1, 2, 3, 4, 5, 6, 7])
        #expect(all.map { $0.pair?.preferred } == (0..<7).map { "a \($0)" })

        try Self.annotate(folder.path("rows.parquet"), in: folder)
        let table = try Self.table(folder.path("out.parquet"))
        #expect(table.schema.fields == schema.fields + Self.added)
        #expect(table.schema.metadata == schema.metadata)
        #expect(
            table.rows
                == rows.enumerated().map { index, row in
                    row + [
                        .double(Double(index) / 3), .integer(Int64(index)), .bool(false), .double(1), .double(-1),
                    ]
                })
        #expect(try folder.names == ["out.parquet", "rows.parquet"])
    }

    @Test func rowsWithErrorsAreInTheErrorsFile() throws {
        let folder = try DatasetFolder()
        let rows = [
            Self.row(0), Self.row(1, chosen: .null), Self.row(2, prompt: .string([0x61, 0xFF])),
            Self.row(3, chosen: Self.messages(String(repeating: "x", count: 3000))), Self.row(4),
        ]
        try Self.write(rows, try Self.schema(), to: folder.path("rows.parquet"))
        try Self.annotate(
            folder.path("rows.parquet"), in: folder, options: DatasetOptions(purpose: .row, maxRowBytes: 2000))
        #expect(try Self.table(folder.path("out.parquet")).rows.map { $0[0] } == [rows[0][0], rows[4][0]])
        let errors = try folder.text(of: "out.errors.jsonl").split(separator: "\n").map {
            try JSONObject(text: Array($0.utf8))
        }
        #expect(errors.map { $0.value(of: "row")?.number } == [1, 2, 3])
        #expect(errors.map { $0.value(of: "line")?.number } == [2, 3, 4])
        #expect(
            errors.map { $0.value(of: "error")?.string } == [
                #"rows.parquet:2: "chosen": expected a list of messages, found null"#,
                #"rows.parquet:3: column "prompt": expected a text in UTF-8, found another byte at offset 1"#,
                "rows.parquet:4: the row is longer than 2000 bytes (dataset.max_row_mib); only its beginning is kept",
            ])
        // What can be read of a row is shown, and what cannot is left out.
        let raw = try JSONObject(text: Array(try #require(errors[1].value(of: "raw")?.string).utf8))
        #expect(raw.value(of: "id")?.text == "9223372036854775805")
        #expect(raw.value(of: "prompt") == nil)
        #expect(raw.value(of: "raw")?.string == "/wAC")
    }

    @Test(arguments: [true, false]) func columnsThatAreInTheWayAreRenamedOrReplaced(renames: Bool) throws {
        let folder = try DatasetFolder()
        let features =
            #"{"info": {"features": {"prompt": 1, "margin": {"dtype": "string"}, "chosen": 2, "rejected": 3}}}"#
        let schema = try ColumnarSchema(
            ["prompt", "margin", "chosen", "rejected"].map { ColumnarField($0, .string) },
            metadata: [ColumnarMetadata(key: Array("huggingface".utf8), value: Array(features.utf8))])
        let path = folder.path("rows.parquet")
        try Self.write([["q", "0.5", "a", "b"].map { .text($0) }], schema, to: path)
        let existing =
            try renames
            ? ExistingColumns(renamedAsFreeIn: path, options: DatasetOptions(purpose: .row))
            : ExistingColumns(.replaced)
        try Self.annotate(path, in: folder, existing: existing)
        let table = try Self.table(folder.path("out.parquet"))
        let own = ["prompt"] + (renames ? ["original_margin"] : []) + ["chosen", "rejected"]
        #expect(table.schema.fields.map(\.name) == own + Self.added.map(\.name))
        #expect(
            table.rows.map { Array($0[..<own.count]) }
                == [["q"] + (renames ? ["0.5"] : []) + ["a", "b"]].map { $0.map { .text($0) } })
        let written = try JSONObject(text: try #require(table.schema.metadata.first?.value))
        let described = try #require(try written.value(of: "info")?.object()?.value(of: "features")?.object())
        #expect(described.members.map(\.key) == own + Self.added.map(\.name))
        #expect(described.value(of: "original_margin")?.text == (renames ? #"{"dtype": "string"}"# : nil))
        #expect(described.value(of: "margin_bin")?.text == #"{"dtype": "int64", "_type": "Value"}"#)
    }

    @Test func responsesChangePlacesInTheirColumns() throws {
        let folder = try DatasetFolder()
        try Self.write([Self.row(0)], try Self.schema(), to: folder.path("rows.parquet"))
        try Self.annotate(folder.path("rows.parquet"), in: folder, isFlipped: true)
        let row = try #require(try Self.table(folder.path("out.parquet")).rows.first)
        let original = Self.row(0)
        #expect(Array(row[..<4]) == [original[0], original[1], original[3], original[2]])
        #expect(Array(row[4..<11]) == Array(original[4...]))
    }

    @Test(
        arguments: [
            (.integer(bits: 8, isSigned: false), .unsigned(1), .unsigned(0)), (.double, .double(0), .double(1)),
            (.half, .half(Float16(1).bitPattern), .half(0)), (.string, .text("1"), .text("0")),
        ] as [(ColumnarType, ColumnarValue, ColumnarValue)])
    func labelsBecomeTheOtherOne(type: ColumnarType, label: ColumnarValue, other: ColumnarValue) throws {
        let folder = try DatasetFolder()
        let fields = ["prompt", "response_0", "response_1"].map { ColumnarField($0, .string) }
        let schema = try ColumnarSchema(
            fields + [ColumnarField("better_response_id", type), ColumnarField("safer_response_id", type)])
        try Self.write([["q", "a", "b"].map { .text($0) } + [label, label]], schema, to: folder.path("rows.parquet"))
        try Self.annotate(folder.path("rows.parquet"), in: folder, isFlipped: true)
        let row = try #require(try Self.table(folder.path("out.parquet")).rows.first)
        #expect(Array(row[3..<5]).contains(other))
    }

    @Test func columnsOfDifferentTypesCannotChangePlaces() throws {
        let schema = try ColumnarSchema([
            ColumnarField("a", .string), ColumnarField("b", .string(.large)), ColumnarField("c", .double),
            ColumnarField("d", .bool),
        ])
        #expect(ResponseExchange.columns("a", "b").problem(in: schema) == nil)
        #expect(
            ResponseExchange.columns("a", "c").problem(in: schema)
                == "the columns \"a\" and \"c\" have different types, string and double: their values cannot change places"
        )
        #expect(ResponseExchange.label("c").problem(in: schema) == nil)
        #expect(
            ResponseExchange.label("d").problem(in: schema)?.hasPrefix("the column \"d\" has the type bool") == true)
    }

    @Test func aFileWithoutRowsHasAnOutputWithItsColumns() throws {
        let folder = try DatasetFolder()
        try Self.write([], try Self.schema(), to: folder.path("rows.parquet"))
        try Self.annotate(folder.path("rows.parquet"), in: folder)
        let table = try Self.table(folder.path("out.parquet"))
        #expect(table.rows.isEmpty)
        #expect(
            table.schema.fields.map(\.name)
                == (try Self.schema().fields.map(\.name)) + ["margin", "score_chosen", "score_rejected"])
        #expect(try folder.names == ["out.parquet", "rows.parquet"])
    }

    // MARK: Other formats out and in

    @Test func rowsComeOutAsJSONLinesToo() throws {
        let folder = try DatasetFolder()
        try Self.write([Self.row(1)], try Self.schema(), to: folder.path("rows.parquet"))
        try Self.annotate(folder.path("rows.parquet"), in: folder, output: "out.jsonl")
        let row = try JSONObject(text: Array(try folder.text(of: "out.jsonl").utf8))
        #expect(row.value(of: "id")?.text == "9223372036854775806")
        #expect(row.value(of: "at")?.string == "2024-05-01T00:00:00.123456790Z")
        #expect(row.value(of: "not")?.text == "null")
        #expect(row.value(of: "margin_bin")?.text == "0")
    }

    @Test func rowsWithoutTypesDoNotBecomeParquet() throws {
        let folder = try DatasetFolder()
        let path = try folder.write(#"{"prompt":"q","chosen":"a","rejected":"b"}"#, to: "rows.jsonl")
        let error = try #require(throws: FileError.self) { try Self.annotate(path, in: folder) }
        #expect(error.description.hasPrefix("\(folder.path("out.parquet")): expected a name that ends with .jsonl"))
        #expect(throws: FileError.self) { try RowFileFormat.check("out.arrow", columns: true) }
        #expect(throws: FileError.self) { try RowFileFormat.check("out.parquet.gz", columns: true) }
        #expect(throws: FileError.self) { try RowFileFormat.check(errorsPath: "errors.parquet") }
        #expect(try folder.names == ["rows.jsonl"])
    }

    @Test(arguments: ["preferences.arrow", "preferences-zstd.arrow"])
    func arrowFilesAreReadAndComeOutAsParquet(name: String) throws {
        let folder = try DatasetFolder()
        let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "ColumnarTests/Golden/\(name)").path
        let options = DatasetOptions(
            purpose: .row, columns: DatasetColumns(prompt: "prompt", chosen: "chosen", rejected: "prompt"))
        try Self.annotate(golden, in: folder, options: options)
        let input = try Self.table(golden)
        let output = try Self.table(folder.path("out.parquet"))
        // In Parquet the values of a list have another name than in Arrow.
        #expect(
            output.schema.fields.prefix(input.schema.fields.count).map(\.description)
                == input.schema.fields.map { $0.description.replacingOccurrences(of: "<item:", with: "<element:") })
        // Of five rows two have no text on one side, and one has an empty prompt.
        #expect(output.rows.map { Array($0.prefix(input.schema.fields.count)) } == [input.rows[0], input.rows[3]])
    }

    // MARK: Files that are not what they should be

    @Test func filesOfAnotherKindAreNamed() throws {
        let folder = try DatasetFolder()
        func problem(_ bytes: [UInt8], _ name: String) throws -> String {
            let path = try folder.write(bytes, to: name)
            return try #require(throws: FileError.self) { try records(at: path) }.problem
        }
        try Self.write([Self.row(0)], try Self.schema(), to: folder.path("rows.parquet"))
        let parquet = try folder.bytes(of: "rows.parquet")
        #expect(
            try problem(parquet, "rows.arrow")
                == "expected an Arrow file, found a Parquet file: give it a name that ends with .parquet")
        #expect(
            try problem(parquet, "rows.jsonl").hasSuffix(
                "found a Parquet file; give it, decompressed, a name that ends with .parquet"))
        #expect(try problem(Array("{}".utf8), "rows.parquet").hasPrefix("expected a Parquet file, by its name"))
        #expect(
            try problem([0x1F, 0x8B, 8, 0], "rows.parquet").hasPrefix(
                "expected a Parquet file, by its name, found gzip data"))
        #expect(try problem(Array(parquet.dropLast(20)), "cut.parquet").hasSuffix("was it cut off?"))
        #expect(try problem([], "none.parquet").hasPrefix("expected a Parquet file"))
        #expect(try problem(parquet, "rows.parquet.gz").hasPrefix("expected a name that ends in .jsonl"))
    }
}

extension JSONValue {
    fileprivate var text: String { String(decoding: bytes[range], as: UTF8.self) }
}
