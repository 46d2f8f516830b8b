internal import FileSystem

/// Cuts a file that is one JSON array into its elements, without holding the whole: a line of any number of them, or one
/// element over any number of lines.
final class JSONArrayReader: ContainerReader {
    private struct Element {
        /// 1-based line on which the element begins.
        var line: Int
        /// 1-based place in the array.
        var number: Int
        /// One line: whitespace between the element's tokens is one blank. Cut to ``LineReader/excerptBytes`` if
        /// `isOverLong`.
        var bytes: [UInt8]
        var isOverLong: Bool
    }

    private enum State {
        /// Before the array. → first
        case opening
        /// Behind the opening bracket: an element, or the end. → element, closed
        case first
        /// Behind a comma. → element
        case next
        /// Inside an element. → next, closed
        case element
        /// Behind the array: nothing may follow.
        case closed
    }

    /// Where in an element the reader is.
    private struct Nesting {
        var depth = 0
        var isInString = false
        var isEscaped = false
        /// Whitespace between tokens was seen and is not written yet.
        var hasBlank = false
    }

    private let path: String
    private var source: TextSource
    private var state = State.opening
    private var line = 1
    private var count = 0
    private var nesting = Nesting()
    /// Longest element that is kept whole, in bytes as they are kept.
    private let byteLimit: Int

    init(_ source: consuming TextSource, path: String, byteLimit: Int) {
        self.source = source
        self.path = path
        self.byteLimit = byteLimit
    }

    var fileOffset: Int { source.fileOffset }
    var fileSize: Int { source.fileSize }

    /// - Throws: ``FileError`` where the file cannot be read, the array is cut off, or the file goes on behind it.
    func next() throws(FileError) -> RowSource.Row? {
        try nextElement().map {
            RowSource.Row(
                line: $0.line, element: $0.number, json: $0.bytes, overLongLimit: $0.isOverLong ? byteLimit : nil)
        }
    }

    /// Whether it is valid JSON is not looked at.
    private func nextElement() throws(FileError) -> Element? {
        var element = Element(line: line, number: count + 1, bytes: [], isOverLong: false)
        while try source.fill() {
            var position = source.unread.lowerBound
            let end = source.unread.upperBound
            while position < end {
                let byte = source.chunk[position]
                position += 1
                let isDone = try take(byte, into: &element)
                if byte == source.lineEnd { line += 1 }
                if isDone {
                    source.consume(upTo: position)
                    if element.isOverLong { element.bytes.keepExcerpt(of: LineReader.excerptBytes) }
                    return element
                }
            }
            source.consume(upTo: end)
        }
        guard state != .closed else { return nil }
        throw problem(
            """
            the file ends inside its JSON array, in or behind element \(count): was it cut off, or is a quote or a \
            bracket of that element, which begins on line \(element.line), not closed?
            """)
    }

    /// - Returns: whether `element` is complete.
    private func take(_ byte: UInt8, into element: inout Element) throws(FileError) -> Bool {
        let isBlank = byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
        switch state {
        case .opening:
            // The source was seen to begin with a bracket.
            if !isBlank { state = .first }
        case .first where byte == UInt8(ascii: "]"):
            state = .closed
        case .first, .next:
            guard !isBlank else { return false }
            guard byte != UInt8(ascii: ","), byte != UInt8(ascii: "]") else {
                throw problem(
                    "line \(line): expected element \(count + 1) of the JSON array, found \"\(Unicode.Scalar(byte))\"")
            }
            state = .element
            count += 1
            nesting = Nesting()
            element.line = line
            return takeInside(byte, isBlank: false, into: &element)
        case .element:
            return takeInside(byte, isBlank: isBlank, into: &element)
        case .closed:
            guard isBlank else { throw problem("line \(line): expected nothing behind the JSON array's end") }
        }
        return false
    }

    private func takeInside(_ byte: UInt8, isBlank: Bool, into element: inout Element) -> Bool {
        if nesting.isInString {
            if nesting.isEscaped {
                nesting.isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                nesting.isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                nesting.isInString = false
            }
        } else {
            if isBlank {
                nesting.hasBlank = true
                return false
            }
            if nesting.depth == 0, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") {
                state = byte == UInt8(ascii: ",") ? .next : .closed
                return true
            }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["): nesting.depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): nesting.depth = max(0, nesting.depth - 1)
            case UInt8(ascii: "\""): nesting.isInString = true
            default: break
            }
            if nesting.hasBlank { append(0x20, to: &element) }
            nesting.hasBlank = false
        }
        append(byte, to: &element)
        return false
    }

    private func append(_ byte: UInt8, to element: inout Element) {
        if element.bytes.count < byteLimit {
            element.bytes.append(byte)
        } else {
            element.isOverLong = true
        }
    }

    private func problem(_ words: String) -> FileError { FileError(path: path, problem: words) }
}
