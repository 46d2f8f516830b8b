/// A row as the file has it, kept so that the output can repeat it.
package enum OriginalRow: Hashable, Sendable {
    case object(JSONObject)
    /// Of a CSV file: the names from its header, and as many values.
    case fields(columns: [String], values: [String])
    /// Bytes that are no row of this kind of file, or the beginning of an over-long one.
    case unreadable([UInt8])

    /// In the order of the file.
    package var columnNames: [String] {
        switch self {
        case .object(let object): object.members.map(\.key)
        case .fields(let columns, _): columns
        case .unreadable: []
        }
    }
}

/// What is in one column of a row.
enum ColumnValue {
    case text(String)
    case json(JSONValue)

    var string: String? {
        switch self {
        case .text(let text): text
        case .json(let value): value.string
        }
    }

    /// What a message calls it.
    var kindWords: String {
        switch self {
        case .text: JSONValue.Kind.string.words
        case .json(let value): value.kind.words
        }
    }

    var elements: [JSONValue]? {
        if case .json(let value) = self { value.elements } else { nil }
    }

    var isArray: Bool {
        if case .json(let value) = self { value.kind == .array } else { false }
    }

    var isNull: Bool {
        if case .json(let value) = self { value.kind == .null } else { false }
    }
}

extension OriginalRow {
    func value(of column: String) -> ColumnValue? {
        switch self {
        case .object(let object):
            return object.value(of: column).map(ColumnValue.json)
        case .fields(let columns, let values):
            return columns.firstIndex { $0.utf8.elementsEqual(column.utf8) }.map { .text(values[$0]) }
        case .unreadable:
            return nil
        }
    }
}
