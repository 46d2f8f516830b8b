// How columns are written: as pyarrow writes them,
// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md.

extension ParquetElement {
    /// The schema of a file of these columns.
    ///
    /// - Throws: where Parquet has no such column.
    static func elements(of schema: ColumnarSchema) throws(ColumnarProblem) -> [ParquetElement] {
        var root = ParquetElement(name: "schema")
        root.childCount = schema.fields.count
        var elements = [root]
        for field in schema.fields {
            do throws(ColumnarProblem) {
                try append(field, named: field.name, depth: 0, to: &elements)
            } catch {
                throw error.of(column: field.name)
            }
        }
        return elements
    }

    private static func append(
        _ field: ColumnarField, named name: String, depth: Int, to elements: inout [ParquetElement]
    ) throws(ColumnarProblem) {
        guard depth < ColumnarLimits.depthMax / 2, elements.count < ColumnarLimits.fieldsMax else {
            throw ColumnarProblem("the schema has too many fields, or they are nested too deeply")
        }
        var element = ParquetElement(name: name)
        element.repetition = field.isNullable ? .optional : .required
        element.number = field.number
        switch field.type.plain {
        case .list(let item, _):
            elements += group(element, .list, around: ("list", 1))
            try append(item, named: "element", depth: depth + 1, to: &elements)
        case .map(let key, let value, _):
            elements += group(element, .map, around: ("key_value", 2))
            try append(key, named: "key", depth: depth + 1, to: &elements)
            try append(value, named: "value", depth: depth + 1, to: &elements)
        case .structure(let fields):
            guard !fields.isEmpty else { throw ColumnarProblem("Parquet has no structures without fields") }
            element.childCount = fields.count
            elements.append(element)
            for part in fields { try append(part, named: part.name, depth: depth + 1, to: &elements) }
        case let type:
            guard type != .null || field.isNullable else {
                throw ColumnarProblem("a column of nothing but nulls may not have nulls")
            }
            try element.store(type, field.storedAnnotation)
            elements.append(element)
        }
    }

    private static func group(
        _ outer: ParquetElement, _ logical: ParquetLogical, around inner: (name: String, childCount: Int)
    ) -> [ParquetElement] {
        var (outer, repeated) = (outer, ParquetElement(name: inner.name, repetition: .repeated))
        outer.logical = logical
        outer.childCount = 1
        repeated.childCount = inner.childCount
        return [outer, repeated]
    }

    private mutating func store(
        _ type: ColumnarType, _ annotation: ColumnarField.Annotation?
    ) throws(ColumnarProblem) {
        switch type {
        case .null: (physical, logical) = (.int32, .unknown)
        case .bool: physical = .boolean
        case .integer(let bits, let isSigned):
            physical = bits == 64 ? .int64 : .int32
            if !isSigned || bits < 32 { logical = .integer(bits: bits, isSigned: isSigned) }
        case .half: (physical, logical, byteCount) = (.fixedByteArray, .half, 2)
        case .float: physical = .float
        case .double: physical = .double
        case .string:
            physical = .byteArray
            logical = annotation == .json ? .json : annotation == .enumeration ? .enumeration : .string
        case .binary:
            physical = .byteArray
            if annotation == .bson { logical = .bson }
        case .fixedBinary(let count):
            guard count > 0 else { throw ColumnarProblem("Parquet has no values of 0 bytes") }
            (physical, byteCount) = (.fixedByteArray, count)
            if annotation == .uuid, count == 16 { logical = .uuid }
        case .decimal(let precision, let scale, _):
            guard (0...precision).contains(scale) else {
                throw ColumnarProblem("Parquet has no decimals of \(precision) digits with \(scale) behind the point")
            }
            (physical, logical) = (.fixedByteArray, .decimal(precision: precision, scale: scale))
            byteCount = Self.decimalBytes(precision)
        case .date: (physical, logical) = (.int32, .date)
        case .time(let unit):
            physical = unit.timeBits == 32 ? .int32 : .int64
            logical = .time(unit.stored, isUTC: false)
        case .timestamp(let unit, let zone): (physical, logical) = (.int64, .timestamp(unit.stored, isUTC: zone != nil))
        case .duration: physical = .int64
        case .list, .map, .structure, .dictionary:
            throw ColumnarProblem("a nested column where a plain one is expected")
        }
    }

    /// As few as hold all decimals of so many digits, with a sign.
    static func decimalBytes(_ precision: Int) -> Int {
        // Bits of 10^precision - 1, and one for the sign; 3.321928… bits a digit.
        (precision * 3_321_928_095 / 1_000_000_000 + 2 + 7) / 8
    }
}

extension ColumnarType.TimeUnit {
    /// Parquet has no seconds.
    var stored: ColumnarType.TimeUnit { self == .second ? .millisecond : self }
}

extension ColumnarField {
    /// Arrow's own extension types say it too.
    fileprivate var storedAnnotation: Annotation? {
        if let annotation { return annotation }
        let name = metadata.first { $0.key == Array("ARROW:extension:name".utf8) }?.value
        if name == Array("arrow.uuid".utf8) { return .uuid }
        return name == Array("arrow.json".utf8) ? .json : nil
    }
}
