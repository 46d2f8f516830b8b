internal import Foundation
internal import JSON

/// The JSON of one row that cannot be annotated: where it is, why, and what the file says there. Its columns are the
/// same whatever the row is, so that a table can be read of them.
///
/// `raw` is a text from which the row can be repaired: the JSON object on one line, a CSV row as a JSON object of
/// strings, a row of Parquet as JSON (with those columns that can be read), and anything else as it is in the file; in base64 if it is no UTF-8, as `raw_encoding` says.
package struct ErrorRow {
    /// What the errors file calls its columns.
    package enum Column: String {
        case row, line, error, raw
        case rawEncoding = "raw_encoding"
    }

    package let bytes: [UInt8]

    package init(_ record: DatasetRecord, reason: String) {
        let (raw, encoding) = Self.raw(record.original)
        let reason = record.origin.map { "\($0.name): \(reason)" } ?? reason
        bytes = JSONText.object([
            Self.member(.row, record.index), Self.member(.line, record.line),
            JSONText.member(Column.error.rawValue, text: reason), JSONText.member(Column.raw.rawValue, text: raw),
            JSONText.member(Column.rawEncoding.rawValue, text: encoding),
        ])
    }

    private static func member(_ column: Column, _ number: Int) -> [UInt8] {
        Array("\"\(column.rawValue)\": \(number)".utf8)
    }

    private static func raw(_ original: OriginalRow) -> (text: String, encoding: String) {
        switch original {
        case .columns(let row): return Self.raw(.object(row.object))
        case .object(let object):
            var bytes = object.bytes
            bytes.breakNoLine()
            return (String(decoding: bytes, as: UTF8.self), "utf-8")
        case .fields(let columns, let values):
            let members = zip(columns, values).map { JSONText.member($0, text: $1) }
            return (String(decoding: JSONText.object(members), as: UTF8.self), "utf-8")
        case .unreadable(let raw):
            guard raw.firstInvalidUTF8Offset == nil else { return (Data(raw).base64EncodedString(), "base64") }
            return (String(decoding: raw, as: UTF8.self), "utf-8")
        }
    }
}
