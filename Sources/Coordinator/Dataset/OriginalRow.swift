package import JSON

/// A row as the file has it, kept so that the output can repeat it.
package enum OriginalRow: Hashable, Sendable {
    case object(JSONObject)
    /// Of a Parquet or Arrow file.
    case columns(ColumnarRow)
    /// Of a CSV file: the names from its header, and as many values.
    case fields(columns: [String], values: [String])
    /// Bytes that are no row of this kind of file, or the beginning of an over-long one.
    case unreadable([UInt8])

    /// In the order of the file.
    package var columnNames: [String] {
        switch self {
        case .object(let object): object.members.map(\.key)
        case .columns(let row): row.object.members.map(\.key)
        case .fields(let columns, _): columns
        case .unreadable: []
        }
    }

    /// The row as JSON; nil of CSV, and of what cannot be read.
    package var object: JSONObject? {
        switch self {
        case .object(let object): object
        case .columns(let row): row.object
        case .fields, .unreadable: nil
        }
    }
}

/// What is in one column of a row.
package enum ColumnValue: Sendable {
    case text(String)
    case json(JSONValue)

    var string: String? {
        switch self {
        case .text(let text): text
        case .json(let value): value.string
        }
    }

    /// What a group of rows with this value is called: a text, true or false as they are, a whole number without a point or an
    /// exponent, which some programs write and others do not; nil of other kinds.
    package var name: String? {
        switch self {
        case .text(let text): text
        case .json(let value):
            switch value.kind {
            case .string: value.string
            case .number:
                // Of digits alone there may be more than a `Double` has.
                value.source.contains { ".eE".contains($0) }
                    ? value.number.flatMap { Int(exactly: $0) }.map { "\($0)" } ?? value.source : value.source
            case .boolean: value.source
            case .object, .array, .null: nil
            }
        }
    }

    /// As JSON has it; of CSV all is text.
    var kind: JSONValue.Kind {
        switch self {
        case .text: .string
        case .json(let value): value.kind
        }
    }

    /// What a message calls it.
    package var kindWords: String { kind.words }
}

extension OriginalRow {
    package func value(of column: String) -> ColumnValue? {
        switch self {
        case .object(let object): return object.value(of: column).map(ColumnValue.json)
        case .columns(let row): return row.object.value(of: column).map(ColumnValue.json)
        case .fields(let columns, let values):
            return columns.firstIndex { $0.utf8.elementsEqual(column.utf8) }.map { .text(values[$0]) }
        case .unreadable:
            return nil
        }
    }
}

extension JSONValue {
    /// As the file has it.
    fileprivate var source: String { String(decoding: bytes[range], as: UTF8.self) }
}

extension OriginalRow {
    /// The row's columns as members of a JSON object, every byte of a JSON row as it is but for line breaks, which become
    /// spaces; of a row that cannot be read, none.
    ///
    /// - Parameter isIncluded: of a column's name.
    package func members(_ isIncluded: (String) -> Bool) -> [[UInt8]] {
        switch self {
        case .columns(let row): OriginalRow.object(row.object).members(isIncluded)
        case .object(let object):
            object.members.filter { isIncluded($0.key) }.map { member in
                var bytes = Array(object.bytes[member.keyRange.lowerBound..<member.valueRange.upperBound])
                bytes.breakNoLine()
                return bytes
            }
        case .fields(let columns, let values):
            zip(columns, values).filter { isIncluded($0.0) }.map { JSONText.member($0, text: $1) }
        case .unreadable: []
        }
    }
}
