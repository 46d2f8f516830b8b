internal import Diagnostics

/// A field of an Arrow schema with what record batches need beside its type.
struct ArrowField: Sendable {
    let field: ColumnarField

    /// Of the values: those of a list, a structure, or a map (one structure).
    let children: [ArrowField]

    /// Which dictionary its values are in.
    let dictionary: Int?
}

/// Reads the fields of an Arrow schema (Schema.fbs).
struct ArrowFieldReader {
    /// Parts of a message can be the same bytes: how many fields and bytes of text there may be, is counted.
    private var fieldsLeft: Int
    private var textBytesLeft: Int

    /// - Parameter byteCount: of the message.
    init(ofMessage byteCount: Int) {
        fieldsLeft = min(ColumnarLimits.fieldsMax, byteCount / 4)
        textBytesLeft = 1 << 20 + 64 * byteCount
    }

    /// - Parameter schema: the table `Schema`.
    mutating func fields(_ schema: FlatTable) throws(ColumnarProblem) -> [ArrowField] {
        guard try schema.int16(0) == 0 else {
            throw ColumnarProblem("expected little-endian data, found big-endian ones")
        }
        var fields: [ArrowField] = []
        for table in try schema.tables(1) { fields.append(try field(table, depth: 0)) }
        return fields
    }

    private mutating func count(_ byteCount: Int) throws(ColumnarProblem) {
        textBytesLeft -= byteCount
        guard textBytesLeft >= 0 else { throw ColumnarProblem("the schema has the same text too many times") }
    }

    private mutating func text(_ table: FlatTable, _ slot: Int) throws(ColumnarProblem) -> [UInt8] {
        try count(try table.vector(slot, byteCount: 1).count)
        return try table.string(slot) ?? []
    }

    /// - Parameter table: a table with a vector of `KeyValue` at that slot.
    mutating func metadata(_ table: FlatTable, _ slot: Int) throws(ColumnarProblem) -> [ColumnarMetadata] {
        var metadata: [ColumnarMetadata] = []
        try count(64 * (try table.vector(slot, byteCount: 4).count))
        for entry in try table.tables(slot) {
            metadata.append(ColumnarMetadata(key: try text(entry, 0), value: try text(entry, 1)))
        }
        return metadata
    }

    private mutating func field(_ table: FlatTable, depth: Int) throws(ColumnarProblem) -> ArrowField {
        fieldsLeft -= 1
        guard fieldsLeft >= 0, depth <= ColumnarLimits.depthMax else {
            throw ColumnarProblem(
                """
                the schema has more than \(ColumnarLimits.fieldsMax) fields, or they are nested more than \
                \(ColumnarLimits.depthMax) deep
                """)
        }
        guard let name = String(validating: try text(table, 0), as: UTF8.self) else {
            throw ColumnarProblem("the name of a field is not UTF-8")
        }
        do throws(ColumnarProblem) {
            return try field(table, name, depth)
        } catch {
            throw error.of(column: name)
        }
    }

    private mutating func field(
        _ table: FlatTable, _ name: String, _ depth: Int
    ) throws(ColumnarProblem) -> ArrowField {
        var children: [ArrowField] = []
        for child in try table.tables(5) { children.append(try field(child, depth: depth + 1)) }
        var type = try type(table, children)
        var id: Int?
        if let encoding = try table.table(4) {
            guard try encoding.int16(3) == 0 else { throw ColumnarProblem("a dictionary of an unknown kind") }
            let index = try encoding.table(1)
            let bits = try index?.int32(0) ?? 32
            guard [8, 16, 32, 64].contains(bits) else { throw ColumnarProblem("indices of \(bits) bits") }
            type = .dictionary(
                type, bits: bits, isSigned: try index?.bool(1) ?? true, isOrdered: try encoding.bool(2))
            id = try encoding.int64(0)
        }
        var field = ColumnarField(name, type, isNullable: try table.bool(1))
        field.metadata = try metadata(table, 6)
        return ArrowField(field: field, children: children, dictionary: id)
    }
}

// MARK: - Types

extension ArrowFieldReader {
    private func type(_ field: FlatTable, _ children: [ArrowField]) throws(ColumnarProblem) -> ColumnarType {
        let number = try field.int8(2)
        guard let code = ArrowLayout.TypeCode(rawValue: number), let table = try field.table(3) else {
            throw ColumnarProblem("expected a type of 1 to 26, found \(number)")
        }
        let isNested = [.list, .structure, .fixedList, .map, .largeList, .listView, .largeListView].contains(code)
        guard isNested || children.isEmpty || code == .union || code == .runEndEncoded else {
            throw ColumnarProblem("a field of type \(code) has fields in it")
        }
        switch code {
        case .null: return .null
        case .int:
            let bits = try table.int32(0)
            guard [8, 16, 32, 64].contains(bits) else { throw ColumnarProblem("integers of \(bits) bits") }
            return .integer(bits: bits, isSigned: try table.bool(1))
        case .float:
            let precision = try table.int16(0)
            guard (0...2).contains(precision) else {
                throw ColumnarProblem("floating-point numbers of precision \(precision)")
            }
            return [.half, .float, .double][precision]
        case .binary: return .binary(.regular)
        case .largeBinary: return .binary(.large)
        case .binaryView: return .binary(.view)
        case .utf8: return .string(.regular)
        case .largeUTF8: return .string(.large)
        case .utf8View: return .string(.view)
        case .bool: return .bool
        case .fixedBinary:
            let count = try table.int32(0)
            guard (0...ColumnarType.fixedBytesMax).contains(count) else {
                throw ColumnarProblem("values of \(count) bytes")
            }
            return .fixedBinary(count)
        case .decimal: return try decimal(table)
        case .date, .time, .timestamp, .duration: return try time(code, table)
        case .list, .structure, .fixedList, .map, .largeList, .listView, .largeListView:
            return try nested(code, table, children)
        case .interval, .union, .runEndEncoded:
            throw ColumnarProblem(
                "the Arrow type \(code) is not supported: cast the column to numbers, texts, lists or structures")
        }
    }

    private func decimal(_ table: FlatTable) throws(ColumnarProblem) -> ColumnarType {
        let (precision, scale, bits) = (try table.int32(0), try table.int32(1), try table.int32(2, default: 128))
        let digits = [32: 9, 64: 18, 128: 38, 256: 76]
        guard let most = digits[bits], (1...most).contains(precision), (-most...most).contains(scale) else {
            throw ColumnarProblem("a decimal of \(bits) bits with \(precision) digits, \(scale) behind the point")
        }
        return .decimal(precision: precision, scale: scale, bits: bits)
    }

    private func time(
        _ code: ArrowLayout.TypeCode, _ table: FlatTable
    ) throws(ColumnarProblem) -> ColumnarType {
        let number = try table.int16(0, default: code == .timestamp ? 0 : 1)
        guard let unit = ColumnarType.TimeUnit(rawValue: number), code != .date || number < 2 else {
            throw ColumnarProblem("a \(code) in unit \(number)")
        }
        switch code {
        case .date: return .date(countsMilliseconds: number == 1)
        case .duration: return .duration(unit)
        case .time:
            guard try table.int32(1, default: 32) == unit.timeBits else {
                throw ColumnarProblem("a time in \(unit) of another size than \(unit.timeBits) bits")
            }
            return .time(unit)
        default:
            let zone = try table.string(1)
            guard let zone, !zone.isEmpty else { return .timestamp(unit, zone: nil) }
            guard let name = String(validating: zone, as: UTF8.self) else {
                throw ColumnarProblem("the name of a time zone is not UTF-8")
            }
            return .timestamp(unit, zone: name)
        }
    }

    private func nested(
        _ code: ArrowLayout.TypeCode, _ table: FlatTable, _ children: [ArrowField]
    ) throws(ColumnarProblem) -> ColumnarType {
        if code == .structure { return .structure(children.map(\.field)) }
        guard children.count == 1, let child = children.first else {
            throw ColumnarProblem("expected one field in a \(code), found \(children.count)")
        }
        switch code {
        case .map:
            guard case .structure(let parts) = child.field.type, parts.count == 2 else {
                throw ColumnarProblem("expected a structure of key and value in a map, found \(child.field.type)")
            }
            return .map(key: parts[0], value: parts[1], keysAreSorted: try table.bool(0))
        case .fixedList:
            let count = try table.int32(0)
            guard count >= 0 else { throw ColumnarProblem("lists of \(count) elements") }
            return .list(child.field, .fixed(count))
        case .largeList: return .list(child.field, .large)
        case .listView: return .list(child.field, .view)
        case .largeListView: return .list(child.field, .largeView)
        default: return .list(child.field, .regular)
        }
    }
}
