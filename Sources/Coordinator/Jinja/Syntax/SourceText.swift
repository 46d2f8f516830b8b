internal import Diagnostics

/// A template's source with a place in it: line ends are one line feed each, and one at the very end is gone, as
/// Jinja2 has it without `keep_trailing_newline`.
struct SourceText {
    let bytes: [UInt8]
    private(set) var offset = 0
    private var line = 1
    private var column = 1

    init(_ source: String) throws(JinjaError) {
        guard source.utf8.count <= SourceLimits.bytes else {
            throw .limit("expected a template of at most \(SourceLimits.bytes) bytes, found \(source.utf8.count)")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.utf8.count)
        var isBehindReturn = false
        for byte in source.utf8 {
            if byte == UInt8(ascii: "\r") {
                bytes.append(UInt8(ascii: "\n"))
            } else if byte != UInt8(ascii: "\n") || !isBehindReturn {
                bytes.append(byte)
            }
            isBehindReturn = byte == UInt8(ascii: "\r")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }

    var position: JinjaPosition { JinjaPosition(line: line, column: column) }

    /// Whether a line begins here.
    var isBehindLineEnd: Bool { offset == 0 || bytes[offset - 1] == UInt8(ascii: "\n") }

    var byte: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    func byte(ahead distance: Int) -> UInt8? { offset + distance < bytes.count ? bytes[offset + distance] : nil }

    func starts(with text: StaticString, ahead distance: Int = 0) -> Bool {
        let text = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        return offset + distance <= bytes.count && bytes[(offset + distance)...].starts(with: text)
    }

    /// Where the whitespace ends that begins that far ahead, as a distance.
    func skippingSpace(ahead distance: Int) -> Int {
        var distance = distance
        while offset + distance < bytes.count {
            let (scalar, length) = bytes.scalar(at: offset + distance)
            guard scalar.isPythonSpace else { break }
            distance += length
        }
        return distance
    }

    mutating func advance(_ distance: Int) {
        for byte in bytes[offset..<offset + distance] {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        offset += distance
    }

    func error(_ message: String) -> JinjaError { JinjaError(.syntax, message, at: position) }
}
