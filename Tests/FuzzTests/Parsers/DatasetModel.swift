/// What the definitions of the formats say about a file: which rows it has. Written apart from the readers, and for whole
/// files in memory, so that the two can be compared.
struct DatasetModel {
    struct Row {
        /// 1-based.
        var line: Int
        var bytes: [UInt8]
        var isOverLong: Bool
        /// Of a row of CSV that is well-formed.
        var fields: [[UInt8]]?
    }

    private struct Line {
        var number: Int
        var bytes: [UInt8]
        /// LF or CRLF; nothing at the end of the file.
        var end: [UInt8]
    }

    private static let (lineFeed, carriageReturn, quote, comma) = (UInt8(0x0A), UInt8(0x0D), UInt8(0x22), UInt8(0x2C))

    private let lines: [Line]
    private let limit: Int

    init(_ file: [UInt8], limit: Int) {
        self.limit = limit
        let text = file.starts(with: [0xEF, 0xBB, 0xBF]) ? file[3...] : file[...]
        var pieces = text.split(separator: Self.lineFeed, omittingEmptySubsequences: false).map(Array.init)
        let last = pieces.removeLast()
        lines =
            pieces.enumerated().map { index, piece in
                piece.last == Self.carriageReturn
                    ? Line(number: index + 1, bytes: piece.dropLast(), end: [Self.carriageReturn, Self.lineFeed])
                    : Line(number: index + 1, bytes: piece, end: [Self.lineFeed])
            } + (last.isEmpty ? [] : [Line(number: pieces.count + 1, bytes: last, end: [])])
    }

    /// One for each line that is not blank.
    var jsonLines: [Row] {
        lines.compactMap { line in
            let isOverLong = line.bytes.count > limit
            let isBlank = line.bytes.allSatisfy { [0x20, 0x09, Self.carriageReturn].contains($0) }
            return isBlank && !isOverLong ? nil : Row(line: line.number, bytes: line.bytes, isOverLong: isOverLong)
        }
    }

    /// The header is the first one. A row goes on with the next line while a quote is open, and the limit is not passed.
    var csv: [Row] {
        var rows: [Row] = []
        var rest = lines[...]
        while let first = rest.popFirst() {
            if first.bytes.isEmpty { continue }
            var row = Row(line: first.number, bytes: first.bytes, isOverLong: first.bytes.count > limit)
            var end = first.end
            var (fields, isOpen) = Self.fields(of: row.bytes)
            while isOpen, !row.isOverLong, let next = rest.popFirst() {
                row.isOverLong = next.bytes.count > limit
                row.bytes += end + next.bytes
                row.isOverLong = row.isOverLong || row.bytes.count > limit
                end = next.end
                (fields, isOpen) = Self.fields(of: row.bytes)
            }
            row.fields = isOpen || row.isOverLong ? nil : fields
            rows.append(row)
        }
        return rows
    }

    /// RFC 4180, section 2. No fields where a quote is out of place.
    private static func fields(of row: [UInt8]) -> (fields: [[UInt8]]?, isOpen: Bool) {
        var fields: [[UInt8]] = []
        var rest = row[...]
        while true {
            guard rest.first == quote else {
                let field = rest.prefix { $0 != comma }
                if field.contains(quote) { return (nil, false) }
                fields.append(Array(field))
                rest = rest[field.endIndex...]
                if rest.popFirst() == nil { return (fields, false) }
                continue
            }
            var field: [UInt8] = []
            rest = rest.dropFirst()
            while true {
                guard let closing = rest.firstIndex(of: quote) else { return (nil, true) }
                field += rest[..<closing]
                rest = rest[(closing + 1)...]
                guard rest.first == quote else { break }
                field.append(quote)
                rest = rest.dropFirst()
            }
            fields.append(field)
            guard let separator = rest.popFirst() else { return (fields, false) }
            if separator != comma { return (nil, false) }
        }
    }
}
