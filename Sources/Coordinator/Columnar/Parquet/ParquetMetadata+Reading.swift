internal import Diagnostics

extension ParquetMetadata {
    /// - Throws: where it is damaged, or lacks what must be there.
    init(_ input: ByteReader) throws(ColumnarProblem) {
        var reader = ThriftReader(input)
        var scope = try reader.enter()
        var (hasSchema, hasRowCount, hasGroups) = (false, false, false)
        while let field = try reader.next(&scope) {
            switch field.id {
            case 2:
                hasSchema = true
                for _ in 0..<(try reader.list(field, of: .structure)) {
                    guard schema.count <= ColumnarLimits.fieldsMax else {
                        throw ColumnarProblem("the schema has more than \(ColumnarLimits.fieldsMax) parts")
                    }
                    schema.append(try reader.element())
                }
            case 3:
                hasRowCount = true
                rowCount = try reader.size(field)
            case 4:
                hasGroups = true
                for _ in 0..<(try reader.list(field, of: .structure)) { rowGroups.append(try reader.rowGroup()) }
            case 5:
                for _ in 0..<(try reader.list(field, of: .structure)) { keyValues.append(try reader.keyValue()) }
            case 8: throw ColumnarProblem("expected a file that is not encrypted, found one that is")
            default: try reader.skip(field)
            }
        }
        guard hasSchema, hasRowCount, hasGroups else {
            throw ColumnarProblem("the footer lacks the schema, the number of rows or the row groups")
        }
    }
}

extension ThriftReader {
    fileprivate mutating func keyValue() throws(ColumnarProblem) -> ColumnarMetadata {
        var (key, value): ([UInt8]?, [UInt8]?) = (nil, nil)
        var scope = try enter()
        while let field = try next(&scope) {
            switch field.id {
            case 1: key = try binary(field)
            case 2: value = try binary(field)
            default: try skip(field)
            }
        }
        guard let key else { throw ColumnarProblem("the footer has metadata without a key") }
        return ColumnarMetadata(key: key, value: value)
    }

    fileprivate mutating func rowGroup() throws(ColumnarProblem) -> ParquetRowGroup {
        var group = ParquetRowGroup()
        var hasRowCount = false
        var scope = try enter()
        while let field = try next(&scope) {
            switch field.id {
            case 1:
                for _ in 0..<(try list(field, of: .structure)) { group.columns.append(try chunk()) }
            case 3:
                hasRowCount = true
                group.rowCount = try size(field)
            default: try skip(field)
            }
        }
        guard hasRowCount else { throw ColumnarProblem("a row group lacks its number of rows") }
        return group
    }

    private mutating func chunk() throws(ColumnarProblem) -> ParquetChunk {
        var chunk: ParquetChunk?
        var (isElsewhere, isEncrypted) = (false, false)
        var scope = try enter()
        while let field = try next(&scope) {
            switch field.id {
            case 1: isElsewhere = try !binary(field).isEmpty
            case 3: chunk = try chunkMetadata(field)
            case 8, 9:
                isEncrypted = true
                try skip(field)
            default: try skip(field)
            }
        }
        if isEncrypted { throw ColumnarProblem("expected columns that are not encrypted, found one that is") }
        guard var chunk else { throw ColumnarProblem("a row group has a column without metadata") }
        chunk.isElsewhere = isElsewhere
        return chunk
    }

    private mutating func chunkMetadata(_ outer: Field) throws(ColumnarProblem) -> ParquetChunk {
        guard outer.kind == .structure else { throw ColumnarProblem("a column's metadata are no structure") }
        var chunk = ParquetChunk()
        var found = 0
        var scope = try enter()
        while let field = try next(&scope) {
            if field.id < 16 { found |= 1 << field.id }
            switch field.id {
            case 1: chunk.physical = try physical(field)
            case 4: chunk.codec = try int32(field)
            case 5: chunk.valueCount = try size(field)
            case 6: chunk.uncompressedBytes = try size(field)
            case 7: chunk.compressedBytes = try size(field)
            case 9: chunk.dataOffset = try size(field)
            case 11: chunk.dictionaryOffset = try size(field)
            default: try skip(field)
            }
        }
        let required = [1, 4, 5, 7, 9].reduce(0) { $0 | 1 << $1 }
        guard found & required == required else {
            throw ColumnarProblem("a column's metadata lack the type, the codec, the number of values, size or place")
        }
        return chunk
    }

    private mutating func physical(_ field: Field) throws(ColumnarProblem) -> ParquetPhysical {
        let code = try int32(field)
        guard let physical = ParquetPhysical(rawValue: code) else {
            throw ColumnarProblem("expected a physical type of 0 to 7, found \(code)")
        }
        return physical
    }
}

// MARK: - Schema

extension ThriftReader {
    fileprivate mutating func element() throws(ColumnarProblem) -> ParquetElement {
        var element = ParquetElement(name: "")
        var name: [UInt8]?
        var converted: Int32?
        var (precision, scale): (Int32, Int32) = (0, 0)
        var scope = try enter()
        while let field = try next(&scope) {
            switch field.id {
            case 1: element.physical = try physical(field)
            case 2: element.byteCount = try size(field)
            case 3:
                let code = try int32(field)
                guard let repetition = ParquetElement.Repetition(rawValue: code) else {
                    throw ColumnarProblem("expected a repetition of 0 to 2, found \(code)")
                }
                element.repetition = repetition
            case 4: name = try binary(field)
            case 5: element.childCount = try size(field)
            case 6: converted = try int32(field)
            case 7: scale = try int32(field)
            case 8: precision = try int32(field)
            case 9: element.number = try int32(field)
            case 10: element.logical = try logical(field)
            default: try skip(field)
            }
        }
        guard let name, let text = String(validating: name, as: UTF8.self) else {
            throw ColumnarProblem("a column has no name, or one that is not UTF-8")
        }
        element.name = text
        if element.logical == nil, let converted {
            element.logical = ParquetLogical(converted: converted, precision: Int(precision), scale: Int(scale))
        }
        return element
    }

    private mutating func logical(_ outer: Field) throws(ColumnarProblem) -> ParquetLogical? {
        guard outer.kind == .structure else { throw ColumnarProblem("a logical type is no structure") }
        var logical: ParquetLogical?
        var scope = try enter()
        while let field = try next(&scope) {
            switch field.id {
            case 5: logical = try decimal(field)
            case 7, 8: logical = try time(field, isOfDay: field.id == 7)
            case 10: logical = try integer(field)
            default:
                try skip(field)
                logical = ParquetLogical(union: field.id)
            }
        }
        return logical
    }

    private mutating func decimal(_ outer: Field) throws(ColumnarProblem) -> ParquetLogical {
        guard outer.kind == .structure else { throw ColumnarProblem("a decimal type is no structure") }
        var (precision, scale): (Int32, Int32) = (0, 0)
        var scope = try enter()
        while let field = try next(&scope) {
            switch field.id {
            case 1: scale = try int32(field)
            case 2: precision = try int32(field)
            default: try skip(field)
            }
        }
        return .decimal(precision: Int(precision), scale: Int(scale))
    }

    private mutating func time(_ outer: Field, isOfDay: Bool) throws(ColumnarProblem) -> ParquetLogical {
        guard outer.kind == .structure else { throw ColumnarProblem("a type of time is no structure") }
        var isUTC = false
        var unit: ColumnarType.TimeUnit?
        var scope = try enter()
        while let field = try next(&scope) {
            switch field.id {
            case 1: isUTC = try bool(field)
            case 2:
                guard field.kind == .structure else { throw ColumnarProblem("a unit of time is no structure") }
                var inner = try enter()
                while let choice = try next(&inner) {
                    unit = ColumnarType.TimeUnit(rawValue: choice.id)
                    try skip(choice)
                }
            default: try skip(field)
            }
        }
        guard let unit, unit != .second else { throw ColumnarProblem("a type of time has no known unit") }
        return isOfDay ? .time(unit, isUTC: isUTC) : .timestamp(unit, isUTC: isUTC)
    }

    private mutating func integer(_ outer: Field) throws(ColumnarProblem) -> ParquetLogical {
        guard outer.kind == .structure else { throw ColumnarProblem("an integer type is no structure") }
        var (bits, isSigned): (Int8, Bool) = (0, true)
        var scope = try enter()
        while let field = try next(&scope) {
            switch field.id {
            case 1: bits = try int8(field)
            case 2: isSigned = try bool(field)
            default: try skip(field)
            }
        }
        return .integer(bits: Int(bits), isSigned: isSigned)
    }
}

extension ParquetLogical {
    /// - Parameter union: the field's number in `LogicalType`, of one without parameters.
    fileprivate init?(union id: Int) {
        switch id {
        case 1: self = .string
        case 2: self = .map
        case 3: self = .list
        case 4: self = .enumeration
        case 6: self = .date
        case 11: self = .unknown
        case 12: self = .json
        case 13: self = .bson
        case 14: self = .uuid
        case 15: self = .half
        default: self = .other([16: "VARIANT", 17: "GEOMETRY", 18: "GEOGRAPHY"][id] ?? "number \(id)")
        }
    }

    /// - Parameter converted: the number in `ConvertedType`.
    fileprivate init(converted: Int32, precision: Int, scale: Int) {
        switch converted {
        case 0: self = .string
        case 1, 2: self = .map
        case 3: self = .list
        case 4: self = .enumeration
        case 5: self = .decimal(precision: precision, scale: scale)
        case 6: self = .date
        case 7, 8: self = .time(converted == 7 ? .millisecond : .microsecond, isUTC: true)
        case 9, 10: self = .timestamp(converted == 9 ? .millisecond : .microsecond, isUTC: true)
        case 11...14: self = .integer(bits: 8 << Int(converted - 11), isSigned: false)
        case 15...18: self = .integer(bits: 8 << Int(converted - 15), isSigned: true)
        case 19: self = .json
        case 20: self = .bson
        case 21: self = .interval
        default: self = .other("converted type \(converted)")
        }
    }
}
