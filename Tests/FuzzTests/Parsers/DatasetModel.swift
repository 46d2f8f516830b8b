@testable import Dataset

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

    /// Whether the file is more than this model knows: an array, another delimiter, line ends or encoding.
    var isBeyond: Bool {
        let all = lines.flatMap { $0.bytes + $0.end }
        let first = all.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        let header = lines.first { !$0.bytes.isEmpty }?.bytes ?? []
        return first == UInt8(ascii: "[") || (all.contains(Self.carriageReturn) && !all.contains(Self.lineFeed))
            || header.contains(UInt8(ascii: ";")) || header.contains(0x09) || header.starts(with: Array("sep=".utf8))
            || all.prefix(2).contains(0)
    }

    /// The header is the first one. A row goes on with the next line while a quote is open, and the limit is not passed.
    /// A row whose quotes are not sound gives lines back, from the first one on that begins three rows.
    var csv: [Row] {
        var rows: [Row] = []
        var rest = lines[...]
        var columns: Int?
        while !rest.isEmpty {
            if rest.first?.bytes.isEmpty == true {
                rest = rest.dropFirst()
                continue
            }
            var (row, count, isSound) = longestRow(rest)
            if columns == nil { columns = row.fields?.count }
            if !isSound, let columns, !rows.isEmpty {
                let taken = Array(rest.prefix(count))
                let own =
                    (1..<count).first { areRows(taken[$0...], columns, endsFile: count == rest.count) } ?? count
                if own < count {
                    row.isOverLong = false
                    row.bytes = taken[..<own].dropLast().flatMap { $0.bytes + $0.end } + taken[own - 1].bytes
                    row.fields = nil
                }
                count = own
            }
            rest = rest.dropFirst(count)
            rows.append(row)
        }
        return rows
    }

    private func longestRow(_ rest: ArraySlice<Line>) -> (row: Row, lines: Int, isSound: Bool) {
        let first = rest[rest.startIndex]
        var row = Row(line: first.number, bytes: first.bytes, isOverLong: first.bytes.count > limit)
        var count = 1
        // Of a line over the limit only the beginning is known, so that nothing can be said of its quotes.
        var isCut = row.isOverLong
        var (fields, isOpen) = Self.fields(of: isCut ? Self.excerpt(row.bytes) : row.bytes)
        while isOpen, !isCut, row.bytes.count <= 2 * limit, count < rest.count {
            let next = rest[rest.startIndex + count]
            isCut = next.bytes.count > limit
            let shown = isCut ? Self.excerpt(next.bytes) : next.bytes
            (fields, isOpen) = Self.fields(of: row.bytes + rest[rest.startIndex + count - 1].end + shown)
            row.bytes += rest[rest.startIndex + count - 1].end + next.bytes
            row.isOverLong = row.isOverLong || isCut || row.bytes.count > limit
            count += 1
        }
        let isSound = fields != nil && !isOpen
        row.fields = isSound && !row.isOverLong ? fields : nil
        return (row, count, isSound)
    }

    private static func excerpt(_ bytes: [UInt8]) -> [UInt8] {
        var excerpt = bytes
        excerpt.keepExcerpt(of: LineReader.excerptBytes)
        return excerpt
    }

    /// Whether the lines begin with three rows of so many fields, or are no more than rows; the last may be open, unless
    /// the file ends there. The first is not blank.
    private func areRows(_ lines: ArraySlice<Line>, _ columns: Int, endsFile: Bool) -> Bool {
        guard lines.first?.bytes.isEmpty == false else { return false }
        var text: [UInt8]?
        var whole = 0
        for line in lines where whole < 3 {
            if text == nil, line.bytes.isEmpty { continue }
            text = (text.map { $0 + [Self.lineFeed] } ?? []) + line.bytes
            if line.bytes.count > limit { return false }
            let (fields, isOpen) = Self.fields(of: text ?? [])
            if isOpen { continue }
            if fields?.count != columns { return false }
            whole += 1
            text = nil
        }
        return whole == 3 || text == nil || !endsFile
    }

    /// RFC 4180, section 2. No fields where a quote is out of place.
    private static func fields(of row: [UInt8]) -> (fields: [[UInt8]]?, isOpen: Bool) {
        var fields: [[UInt8]] = []
        var rest = row[...]
        while true {
            guard rest.first == quote else {
                let field = rest.prefix { $0 != comma }
                if field.contains(quote) || field.contains(carriageReturn) { return (nil, false) }
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
