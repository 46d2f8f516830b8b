extension ColumnarType: CustomStringConvertible {
    /// As pyarrow names it.
    package var description: String {
        switch self {
        case .null: "null"
        case .bool: "bool"
        case .integer(let bits, let isSigned): (isSigned ? "int" : "uint") + "\(bits)"
        case .half: "halffloat"
        case .float: "float"
        case .double: "double"
        case .string(let layout): layout.prefix + "string" + layout.suffix
        case .binary(let layout): layout.prefix + "binary" + layout.suffix
        case .fixedBinary(let count): "fixed_size_binary[\(count)]"
        case .decimal(let precision, let scale, let bits): "decimal\(bits)(\(precision), \(scale))"
        case .date(let countsMilliseconds): countsMilliseconds ? "date64[ms]" : "date32[day]"
        case .time(let unit): "time\(unit.timeBits)[\(unit)]"
        case .timestamp(let unit, let zone): "timestamp[\(unit)\(zone.map { ", tz=\($0)" } ?? "")]"
        case .duration(let unit): "duration[\(unit)]"
        case .list(let element, .fixed(let count)): "fixed_size_list<\(element)>[\(count)]"
        case .list(let element, let layout): "\(layout.prefix)list\(layout.suffix)<\(element)>"
        case .structure(let fields): "struct<\(fields.map(\.description).joined(separator: ", "))>"
        case .map(let key, let value, let keysAreSorted):
            "map<\(key.type), \(value.type)\(keysAreSorted ? ", keys_sorted" : "")>"
        case .dictionary(let values, let bits, let isSigned, let isOrdered):
            """
            dictionary<values=\(values), indices=\(ColumnarType.integer(bits: bits, isSigned: isSigned)), \
            ordered=\(isOrdered ? 1 : 0)>
            """
        }
    }
}

extension ColumnarField: CustomStringConvertible {
    package var description: String { "\(name): \(type)\(isNullable ? "" : " not null")" }
}

extension ColumnarType.Layout {
    fileprivate var prefix: String {
        switch self {
        case .large, .largeView: "large_"
        case .regular, .view, .fixed: ""
        }
    }

    fileprivate var suffix: String {
        switch self {
        case .view, .largeView: "_view"
        case .regular, .large, .fixed: ""
        }
    }
}

extension ColumnarType.TimeUnit: CustomStringConvertible {
    package var description: String { ["s", "ms", "us", "ns"][rawValue] }

    /// How many there are in a second.
    var perSecond: Int64 { [1, 1000, 1_000_000, 1_000_000_000][rawValue] }

    /// Bits of a time of day.
    var timeBits: Int { rawValue < 2 ? 32 : 64 }
}
