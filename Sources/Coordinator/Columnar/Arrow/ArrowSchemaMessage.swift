internal import Diagnostics
internal import Foundation

/// Arrow's schema in a Parquet file: a message as in a stream, in base64, under a key of its own. It says what
/// Parquet's schema does not, such as the layouts of lists and texts, time zones, durations and categories.
enum ArrowSchemaMessage {
    static let key = Array("ARROW:schema".utf8)

    /// - Returns: nil where the metadata have none.
    static func fields(
        in metadata: [ColumnarMetadata]
    ) throws(ColumnarProblem) -> [ColumnarField]? {
        guard let value = metadata.first(where: { $0.key == key })?.value else { return nil }
        do throws(ColumnarProblem) {
            guard let bytes = Data(base64Encoded: Data(value)).map(Array.init) else {
                throw ColumnarProblem("not base64")
            }
            var input = ByteReader(bytes)
            var byteCount = try input.uint32()
            if byteCount == UInt32.max { byteCount = try input.uint32() }
            let message = try FlatTable(root: Array(bytes[try input.take(Int(byteCount))]))
            guard try message.int8(1) == ArrowLayout.Message.schema, let schema = try message.table(2) else {
                throw ColumnarProblem("a message that is no schema")
            }
            var reader = ArrowFieldReader(ofMessage: bytes.count)
            return try reader.fields(schema).map(\.field)
        } catch {
            throw ColumnarProblem("the Arrow schema in the metadata: \(error)")
        }
    }

    /// What is written under the key.
    static func value(of schema: ColumnarSchema) -> [UInt8] {
        var dictionaryCount = 0
        let fields = schema.fields.map { $0.flatValue(&dictionaryCount) }
        let table = FlatValue.table([nil, .tables(fields), schema.metadata.flatValue])
        let message = FlatValue.table([
            .int16(Int16(ArrowLayout.version)), .int8(Int8(ArrowLayout.Message.schema)), table, .int64(0),
        ]).message()
        var bytes = ArrowLayout.continuation
        bytes.append(littleEndian: UInt32(message.count))
        return Array(Data(bytes + message).base64EncodedData())
    }
}

extension [ColumnarMetadata] {
    fileprivate var flatValue: FlatValue? {
        isEmpty ? nil : .tables(map { .table([.string($0.key), .string($0.value ?? [])]) })
    }
}

extension ColumnarField {
    /// - Parameter dictionaryCount: of the schema so far; each has its number.
    fileprivate func flatValue(_ dictionaryCount: inout Int) -> FlatValue {
        var encoding: FlatValue?
        if case .dictionary(_, let bits, let isSigned, let isOrdered) = type {
            encoding = .table([
                .int64(Int64(dictionaryCount)), .table([.int32(Int32(bits)), .bool(isSigned)]), .bool(isOrdered),
            ])
            dictionaryCount += 1
        }
        let children = type.plain.arrowChildren.map { $0.flatValue(&dictionaryCount) }
        let (code, table) = type.plain.arrowType
        return .table([
            .string(Array(name.utf8)), .bool(isNullable), .int8(Int8(code.rawValue)), .table(table), encoding,
            .tables(children), metadata.flatValue,
        ])
    }
}

extension ColumnarType {
    fileprivate var arrowChildren: [ColumnarField] {
        switch self {
        case .list(let element, _): [element]
        case .structure(let fields): fields
        case .map(let key, let value, _): [ColumnarField("entries", .structure([key, value]), isNullable: false)]
        default: []
        }
    }

    fileprivate var arrowType: (ArrowLayout.TypeCode, [FlatValue?]) {
        switch self {
        case .null: (.null, [])
        case .bool: (.bool, [])
        case .integer(let bits, let isSigned): (.int, [.int32(Int32(bits)), .bool(isSigned)])
        case .half: (.float, [.int16(0)])
        case .float: (.float, [.int16(1)])
        case .double: (.float, [.int16(2)])
        case .string(let layout): (layout.code(.utf8, .largeUTF8, .utf8View, .utf8View), [])
        case .binary(let layout): (layout.code(.binary, .largeBinary, .binaryView, .binaryView), [])
        case .fixedBinary(let count): (.fixedBinary, [.int32(Int32(count))])
        case .decimal(let precision, let scale, let bits):
            (.decimal, [.int32(Int32(precision)), .int32(Int32(scale)), .int32(Int32(bits))])
        case .date(let countsMilliseconds): (.date, [.int16(countsMilliseconds ? 1 : 0)])
        case .time(let unit): (.time, [.int16(Int16(unit.rawValue)), .int32(Int32(unit.timeBits))])
        case .timestamp(let unit, let zone):
            (.timestamp, [.int16(Int16(unit.rawValue)), zone.map { .string(Array($0.utf8)) }])
        case .duration(let unit): (.duration, [.int16(Int16(unit.rawValue))])
        case .list(_, .fixed(let count)): (.fixedList, [.int32(Int32(clamping: count))])
        case .list(_, let layout): (layout.code(.list, .largeList, .listView, .largeListView), [])
        case .structure: (.structure, [])
        case .map(_, _, let keysAreSorted): (.map, [.bool(keysAreSorted)])
        case .dictionary(let values, _, _, _): values.arrowType
        }
    }
}

extension ColumnarType.Layout {
    fileprivate func code(
        _ regular: ArrowLayout.TypeCode, _ large: ArrowLayout.TypeCode, _ view: ArrowLayout.TypeCode,
        _ largeView: ArrowLayout.TypeCode
    ) -> ArrowLayout.TypeCode {
        switch self {
        case .regular, .fixed: regular
        case .large: large
        case .view: view
        case .largeView: largeView
        }
    }
}
