package import Columnar
internal import Diagnostics
internal import JSON

extension ResponseExchange {
    /// Why responses cannot change places in columns of these types; nil where they can.
    package func problem(in schema: ColumnarSchema) -> String? {
        func type(_ column: String) -> ColumnarType? {
            schema.fields.first { $0.name.utf8.elementsEqual(column.utf8) }?.type.plain
        }
        switch self {
        case .columns(let first, let second):
            guard let one = type(first), let other = type(second), !one.hasValues(of: other) else { return nil }
            return """
                the columns \(first.quoted) and \(second.quoted) have different types, \(one) and \(other): their values \
                cannot change places
                """
        case .label(let column):
            guard let type = type(column) else { return nil }
            switch type {
            case .integer, .half, .float, .double, .string: return nil
            default: return "the column \(column.quoted) has the type \(type), which has no other label than 0 or 1"
            }
        case .pair: return nil
        }
    }
}

extension ColumnarType {
    /// Whether values of the other type are such of this one: texts and bytes may be laid out otherwise.
    fileprivate func hasValues(of other: ColumnarType) -> Bool {
        switch (self, other) {
        case (.string, .string), (.binary, .binary): true
        default: self == other
        }
    }
}

extension ColumnarRow {
    /// The row with its responses exchanged.
    ///
    /// - Parameter object: its JSON, exchanged.
    func exchanged(by exchange: ResponseExchange, _ object: JSONObject) -> ColumnarRow {
        func place(_ column: String) -> Int? {
            schema.fields.firstIndex { $0.name.utf8.elementsEqual(column.utf8) }
        }
        var values = values
        switch exchange {
        case .columns(let first, let second):
            if let first = place(first), let second = place(second) { values.swapAt(first, second) }
        case .label(let column):
            if let place = place(column) { values[place] = values[place].otherLabel }
        case .pair: break
        }
        return ColumnarRow(values, schema, object)
    }
}

extension ColumnarValue {
    /// 1 for 0 and 0 for 1.
    fileprivate var otherLabel: ColumnarValue {
        switch self {
        case .integer(let label): .integer(label == 0 ? 1 : 0)
        case .unsigned(let label): .unsigned(label == 0 ? 1 : 0)
        case .half(let bits): .half((Float16(bitPattern: bits) == 0 ? 1 : 0 as Float16).bitPattern)
        case .float(let label): .float(label == 0 ? 1 : 0)
        case .double(let label): .double(label == 0 ? 1 : 0)
        case .string(let bytes): .string(ResponseExchange.otherLabel(bytes))
        case .null, .bool, .binary, .decimal, .list, .structure: self
        }
    }
}
