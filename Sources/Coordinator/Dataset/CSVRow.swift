internal import Diagnostics
internal import JSON

/// Where and how a row departs from RFC 4180.
package struct CSVSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
    package let problem: String

    package var description: String { problem }
}

/// Cuts the lines of one CSV row into fields (RFC 4180): commas (or another delimiter), quotes, doubled quotes, line breaks
/// inside quotes.
struct CSVRow {
    /// Separates the fields: one byte, neither a quote nor a line break.
    let delimiter: UInt8

    private enum State {
        /// At the beginning of a field. → unquoted, quoted
        case fieldStart
        /// Inside a field without quotes. → fieldStart, malformed
        case unquoted
        /// Inside quotes. → quoteInQuoted
        case quoted
        /// Behind a quote inside quotes: the first of a doubled one, or the closing one. → quoted, fieldStart, malformed
        case quoteInQuoted
        /// The row is lost; it ends with the line, so that one stray quote does not swallow the rows behind it.
        case malformed
    }

    private var state = State.fieldStart
    /// Set exactly if the state is `malformed`.
    private var problem = ""
    private var field: [UInt8] = []
    private var fields: [[UInt8]] = []
    /// Every byte of the row as it is in the file, without the terminator of its last line.
    private(set) var bytes: [UInt8] = []

    init(delimiter: UInt8) { self.delimiter = delimiter }

    /// How many fields the row has; nil where a quote is out of place or not closed.
    var fieldCount: Int? {
        switch state {
        case .quoted, .malformed: nil
        case .fieldStart, .unquoted, .quoteInQuoted: fields.count + 1
        }
    }

    /// Whether the row goes on with the next line.
    var continuesOnNextLine: Bool { state == .quoted }

    /// Takes the row's first line, or the next one of a row that continues.
    mutating func append(_ line: [UInt8]) {
        bytes.append(contentsOf: line)
        for byte in line { take(byte) }
    }

    /// The fields, checked and decoded.
    ///
    /// - Parameter columns: names of the columns; a row has exactly as many fields.
    /// - Throws: ``RowProblem`` for invalid UTF-8, misplaced or missing quotes, and a wrong number of fields.
    consuming func values(columns: Int?) throws(RowProblem) -> [String] {
        switch state {
        case .quoted: throw .invalidCSV(openQuoteError)
        case .malformed:
            throw .invalidCSV(CSVSyntaxError(problem: problem))
        case .fieldStart, .unquoted, .quoteInQuoted:
            endField()
        }
        if let columns, fields.count != columns {
            throw .invalidCSV(CSVSyntaxError(problem: "expected \(columns) fields, found \(fields.count)"))
        }
        if let offset = bytes.firstInvalidUTF8Offset { throw .invalidUTF8(offset: offset) }
        return fields.map { String(decoding: $0, as: UTF8.self) }
    }

    /// What is wrong while ``continuesOnNextLine`` and there is none.
    var openQuoteError: CSVSyntaxError {
        CSVSyntaxError(problem: "field \(fields.count + 1) begins with a quote that is not closed")
    }

    private mutating func take(_ byte: UInt8) {
        switch (state, byte) {
        case (.malformed, _): break
        case (.fieldStart, UInt8(ascii: "\"")): state = .quoted
        case (.fieldStart, delimiter), (.unquoted, delimiter), (.quoteInQuoted, delimiter): endField()
        case (.fieldStart, 0x0D), (.unquoted, 0x0D), (.quoteInQuoted, 0x0D):
            malform("has a carriage return outside of quotes: do some lines end with CR alone, or with CR CR LF")
        case (.fieldStart, _):
            field.append(byte)
            state = .unquoted
        case (.unquoted, UInt8(ascii: "\"")):
            malform("has a quote inside, but does not begin with one")
        case (.unquoted, _): field.append(byte)
        case (.quoted, UInt8(ascii: "\"")): state = .quoteInQuoted
        case (.quoted, _): field.append(byte)
        case (.quoteInQuoted, UInt8(ascii: "\"")):
            field.append(byte)
            state = .quoted
        case (.quoteInQuoted, _):
            malform("goes on behind its closing quote")
        }
    }

    private mutating func malform(_ problem: String) {
        self.problem = "field \(fields.count + 1) \(problem)"
        state = .malformed
    }

    private mutating func endField() {
        fields.append(field)
        field.removeAll(keepingCapacity: true)
        state = .fieldStart
    }
}
