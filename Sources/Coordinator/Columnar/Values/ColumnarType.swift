/// What the values of a column are, in the terms of Arrow's columnar format:
/// https://arrow.apache.org/docs/format/Columnar.html#data-types.
package indirect enum ColumnarType: Equatable, Sendable {
    /// How texts, bytes and lists are laid out in Arrow: the same values, another type.
    package enum Layout: Hashable, Sendable {
        /// 32-bit offsets.
        case regular
        /// 64-bit offsets.
        case large
        /// Any order: views of texts, offsets and sizes of lists.
        case view
        /// 64-bit offsets and sizes; lists only.
        case largeView
        /// Lists only: all have this length.
        case fixed(Int)
    }

    package enum TimeUnit: Int, Hashable, Sendable {
        case second, millisecond, microsecond, nanosecond
    }

    /// Nothing but nulls.
    case null
    case bool
    /// 8, 16, 32 or 64 bits.
    case integer(bits: Int, isSigned: Bool)
    case half
    case float
    case double
    case string(Layout)
    case binary(Layout)
    case fixedBinary(Int)
    /// An unscaled integer of 32, 64, 128 or 256 bits, times ten to the power of `-scale`.
    case decimal(precision: Int, scale: Int, bits: Int)
    /// Days since 1970-01-01; where it counts milliseconds, milliseconds since then (Arrow's `date64`).
    case date(countsMilliseconds: Bool)
    /// Since midnight.
    case time(TimeUnit)
    /// Since 1970-01-01T00:00:00: in UTC where there is a zone, whichever it is; else on a clock that nobody knows.
    case timestamp(TimeUnit, zone: String?)
    case duration(TimeUnit)
    case list(ColumnarField, Layout)
    case structure([ColumnarField])
    /// A list of structures of key and value.
    case map(key: ColumnarField, value: ColumnarField, keysAreSorted: Bool)
    /// Values of another type, each stored once (pandas' categories). `bits` and `isSigned` are of the indices.
    case dictionary(ColumnarType, bits: Int, isSigned: Bool, isOrdered: Bool)

    package static let int64 = ColumnarType.integer(bits: 64, isSigned: true)
    package static let string = ColumnarType.string(.regular)

    /// The type that the values have: a dictionary's own values' type.
    package var plain: ColumnarType {
        if case .dictionary(let values, _, _, _) = self { values.plain } else { self }
    }
}

/// A column, or a part of a nested one.
package struct ColumnarField: Equatable, Sendable {
    /// What Parquet says of bytes beyond what an Arrow type says; written as it was read.
    package enum Annotation: Hashable, Sendable {
        case json, bson, uuid, enumeration
    }

    package let name: String
    package let type: ColumnarType
    package let isNullable: Bool

    /// Keys and values, in the file's order: extension types are here.
    package var metadata: [ColumnarMetadata] = []
    package var annotation: Annotation?

    /// Parquet's number of the column, which table formats set.
    package var number: Int32?

    package init(_ name: String, _ type: ColumnarType, isNullable: Bool = true) {
        self.name = name
        self.type = type
        self.isNullable = isNullable
    }

    func named(_ name: String) -> ColumnarField {
        var field = ColumnarField(name, type, isNullable: isNullable)
        (field.metadata, field.annotation, field.number) = (metadata, annotation, number)
        return field
    }

    package static func == (one: ColumnarField, other: ColumnarField) -> Bool {
        one.name.utf8.elementsEqual(other.name.utf8) && one.type == other.type && one.isNullable == other.isNullable
            && one.metadata == other.metadata && one.annotation == other.annotation && one.number == other.number
    }
}

/// A key and a value that a file or a field carries along. Bytes: nobody says that they are text.
package struct ColumnarMetadata: Hashable, Sendable {
    package let key: [UInt8]

    /// nil where Parquet has none.
    package let value: [UInt8]?

    package init(key: [UInt8], value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}
