internal import FileSystem

/// Cuts a file into lines: LF or CRLF (or CR alone, where the file has no other), the last one with or without its end.
///
/// Memory is one chunk and one line, whatever the file's size: of a line longer than `byteLimit` only the beginning
/// is kept, and the reader goes on behind it.
struct LineReader: ~Copyable {
    struct Line {
        /// 1-based; blank lines count.
        var number: Int
        /// Without the terminator; cut to ``LineReader/excerptBytes`` if `isOverLong`.
        var bytes: [UInt8]
        /// What ended the line: LF, CRLF, CR, or nothing at the end of the file.
        var terminator: [UInt8]
        var isOverLong: Bool
    }

    /// How much of an over-long line is kept, so that a person can recognise it.
    static let excerptBytes = 4096

    private var source: TextSource
    private var lastNumber = 0
    /// Longest line that is kept whole, in bytes, without its terminator.
    let byteLimit: Int

    init(_ source: consuming TextSource, byteLimit: Int) {
        self.source = source
        self.byteLimit = byteLimit
    }

    var fileOffset: Int { source.fileOffset }
    var fileSize: Int { source.fileSize }

    /// The next line, or nil at the end of the file.
    mutating func next() throws(FileError) -> Line? {
        var bytes: [UInt8] = []
        var length = 0
        // Room for the CR of a CRLF, which does not count against the limit.
        let room = byteLimit + 1
        while try source.fill() {
            let lineEnd = source.firstIndex(of: source.lineEnd)
            let unread = source.unread
            let end = lineEnd ?? unread.upperBound
            length += end - unread.lowerBound
            bytes.append(contentsOf: source.chunk[unread.lowerBound..<min(end, unread.lowerBound + room - bytes.count)])
            source.consume(upTo: lineEnd.map { $0 + 1 } ?? end)
            if lineEnd != nil { return finishedLine(bytes, length: length, terminator: [source.lineEnd]) }
        }
        return length == 0 ? nil : finishedLine(bytes, length: length, terminator: [])
    }

    /// - Parameter length: bytes of the line in the file, more than `bytes` holds if it was cut.
    private mutating func finishedLine(_ kept: [UInt8], length: Int, terminator: [UInt8]) -> Line {
        var bytes = kept
        var cut = length - kept.count
        var terminator = terminator
        lastNumber += 1
        if terminator == [0x0A], cut == 0, bytes.last == 0x0D {
            bytes.removeLast()
            terminator = [0x0D, 0x0A]
        }
        cut += max(0, bytes.count - byteLimit)
        if cut > 0 { bytes.keepExcerpt(of: Self.excerptBytes) }
        return Line(number: lastNumber, bytes: bytes, terminator: terminator, isOverLong: cut > 0)
    }
}

extension [UInt8] {
    /// Drops all but the first `limit` bytes, and a UTF-8 character that the cut would split.
    mutating func keepExcerpt(of limit: Int) {
        guard count > limit else { return }
        var end = limit
        while end > 0, limit - end < 3, self[end] & 0xC0 == 0x80 { end -= 1 }
        removeSubrange(end...)
    }
}
