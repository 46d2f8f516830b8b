import Foundation

/// Cuts a file into lines: LF or CRLF, the last one with or without its end, a UTF-8 byte order mark dropped.
///
/// Memory is one chunk and one line, whatever the file's size: of a line longer than `byteLimit` only the beginning
/// is kept, and the reader goes on behind it.
struct LineReader: ~Copyable {
    struct Line {
        /// 1-based; blank lines count.
        var number: Int
        /// Without the terminator; cut to ``LineReader/excerptBytes`` if `isOverLong`.
        var bytes: [UInt8]
        /// What ended the line: LF, CRLF, or nothing at the end of the file.
        var terminator: [UInt8]
        var isOverLong: Bool
    }

    /// How much of an over-long line is kept, so that a person can recognise it.
    static let excerptBytes = 4096

    private static let chunkBytes = 1 << 18
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private var source: ByteSource
    private var chunk = [UInt8](repeating: 0, count: chunkBytes)
    private var unread = 0..<0
    private var lastNumber = 0
    /// Longest line that is kept whole, in bytes, without its terminator.
    let byteLimit: Int

    private static let byteLimits = 1...(1 << 30)

    init(path: String, byteLimit: Int) throws(DatasetError) {
        guard Self.byteLimits.contains(byteLimit) else {
            throw DatasetError(
                path: path,
                problem: "expected a row limit of 1 to \(Self.byteLimits.upperBound) bytes, found \(byteLimit)")
        }
        source = try ByteSource(path: path)
        self.byteLimit = byteLimit
    }

    var fileOffset: Int { source.fileOffset }
    var fileSize: Int { source.fileSize }

    /// The next line, or nil at the end of the file.
    mutating func next() throws(DatasetError) -> Line? {
        var bytes: [UInt8] = []
        var length = 0
        // Room for a byte order mark and for the CR of a CRLF, neither of which counts against the limit.
        let room = byteLimit + Self.byteOrderMark.count + 1
        while true {
            if unread.isEmpty {
                unread = 0..<(try source.read(into: &chunk))
                if unread.isEmpty {
                    return length == 0 ? nil : finishedLine(bytes, length: length, endsWithLineFeed: false)
                }
            }
            let lineFeed = firstLineFeed()
            let end = lineFeed ?? unread.upperBound
            length += end - unread.lowerBound
            bytes.append(contentsOf: chunk[unread.lowerBound..<min(end, unread.lowerBound + room - bytes.count)])
            unread = (lineFeed.map { $0 + 1 } ?? end)..<unread.upperBound
            if lineFeed != nil { return finishedLine(bytes, length: length, endsWithLineFeed: true) }
        }
    }

    private func firstLineFeed() -> Int? {
        chunk.withUnsafeBytes { chunk in
            let start = chunk.baseAddress! + unread.lowerBound
            return memchr(start, 0x0A, unread.count).map { UnsafeRawPointer($0) - chunk.baseAddress! }
        }
    }

    /// - Parameter length: bytes of the line in the file, more than `bytes` holds if it was cut.
    private mutating func finishedLine(_ kept: [UInt8], length: Int, endsWithLineFeed: Bool) -> Line {
        var bytes = kept
        var cut = length - kept.count
        var terminator: [UInt8] = endsWithLineFeed ? [0x0A] : []
        lastNumber += 1
        if lastNumber == 1, bytes.starts(with: Self.byteOrderMark) {
            bytes.removeFirst(Self.byteOrderMark.count)
        }
        if endsWithLineFeed, cut == 0, bytes.last == 0x0D {
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
