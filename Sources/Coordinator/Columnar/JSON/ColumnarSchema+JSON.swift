internal import Foundation
internal import JSON

extension ColumnarSchema {
    /// A row as a JSON object, with a member for each column in their order.
    ///
    /// Texts are as they are; whole numbers and decimals have all their digits; floating-point numbers have as many as
    /// tell them from their neighbours, and are null where JSON has none (NaN and infinities: what pandas does). Dates
    /// and times are ISO 8601, as `2024-05-01`, `13:00:00.250`, `2024-05-01T13:00:00.250` or, of columns with a time
    /// zone, the same in UTC with a `Z`; durations are seconds, as `PT1.5S`. Bytes are base64. Maps are arrays of
    /// objects with `key` and `value`.
    ///
    /// - Throws: where a text is not UTF-8, or a value is not of its column's type.
    package func json(_ row: [ColumnarValue]) throws(ColumnarProblem) -> [UInt8] {
        var text: [UInt8] = []
        try text.appendJSON(row, fields)
        return text
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ text: String) { append(contentsOf: text.utf8) }

    fileprivate mutating func appendJSON(
        _ values: [ColumnarValue], _ fields: [ColumnarField]
    ) throws(ColumnarProblem) {
        guard values.count == fields.count else {
            throw ColumnarProblem("expected \(fields.count) values, found \(values.count)")
        }
        append(UInt8(ascii: "{"))
        for (index, field) in fields.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            JSONText.append(field.name, to: &self)
            append(UInt8(ascii: ":"))
            do throws(ColumnarProblem) {
                try appendJSON(values[index], field.type)
            } catch {
                throw error.of(column: field.name)
            }
        }
        append(UInt8(ascii: "}"))
    }

    private mutating func appendJSON(
        _ value: ColumnarValue, _ type: ColumnarType
    ) throws(ColumnarProblem) {
        switch (type, value) {
        case (.dictionary(let values, _, _, _), _): try appendJSON(value, values)
        case (_, .null): append("null")
        case (.bool, .bool(let value)): append(value ? "true" : "false")
        case (.integer, .integer(let value)): append("\(value)")
        case (.integer, .unsigned(let value)): append("\(value)")
        case (.half, .half(let bits)): append(number: Float(Float16(bitPattern: bits)))
        case (.float, .float(let value)): append(number: value)
        case (.double, .double(let value)): append(number: value)
        case (.string, .string(let bytes)):
            if let offset = bytes.firstInvalidUTF8Offset {
                throw ColumnarProblem("expected a text in UTF-8, found another byte at offset \(offset)")
            }
            JSONText.append(String(decoding: bytes, as: UTF8.self), to: &self)
        case (.binary, .binary(let bytes)), (.fixedBinary, .binary(let bytes)):
            JSONText.append(Data(bytes).base64EncodedString(), to: &self)
        case (.decimal(_, let scale, _), .decimal(let bytes)): append(DecimalText.text(bytes, scale: scale))
        case (.list(let element, _), .list(let values)): try appendJSON(values, each: element.type)
        case (.map(let key, let value, _), .list(let entries)):
            let parts = [ColumnarField("key", key.type), ColumnarField("value", value.type)]
            try appendJSON(entries, each: .structure(parts))
        case (.structure(let fields), .structure(let values)): try appendJSON(values, fields)
        case (_, .integer(let value)):
            guard let text = CalendarText.text(value, type) else {
                throw ColumnarProblem("expected a value of type \(type), found \(value)")
            }
            JSONText.append(text, to: &self)
        default: throw ColumnarProblem("expected a value of type \(type), found \(value.kind)")
        }
    }

    private mutating func append<Number: BinaryFloatingPoint & CustomStringConvertible>(number: Number) {
        append(number.isFinite ? number.description : "null")
    }

    private mutating func appendJSON(
        _ values: [ColumnarValue], each type: ColumnarType
    ) throws(ColumnarProblem) {
        append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { append(UInt8(ascii: ",")) }
            try appendJSON(value, type)
        }
        append(UInt8(ascii: "]"))
    }
}
