internal import FileSystem
import Foundation

/// The text of a file in chunks: decompressed, without a UTF-8 byte order mark, and known to be no other kind of file.
struct TextSource: ~Copyable {
    private static let chunkBytes = 1 << 18
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private var source: ByteSource
    private(set) var chunk: [UInt8]
    /// What of `chunk` is not consumed yet.
    private(set) var unread: Range<Int>
    /// What ends a line: LF, or CR where the file's beginning has that alone, as classic Mac OS wrote it.
    let lineEnd: UInt8

    /// - Throws: ``FileError`` if the file cannot be read, or is another kind of file.
    init(path: String) throws(FileError) {
        var source = try ByteSource(path: path)
        var first: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
        // Decompressed bytes come as they please: the beginning is looked at whole.
        while first.count < Self.chunkBytes {
            let count = try source.read(into: &chunk)
            if count == 0 { break }
            first += chunk[..<count]
        }
        if let signature = FileSignature(of: first) { throw FileError(path: path, problem: signature.problem) }
        lineEnd = first.contains(0x0D) && !first.contains(0x0A) ? 0x0D : 0x0A
        let start = first.starts(with: Self.byteOrderMark) ? Self.byteOrderMark.count : 0
        unread = start..<first.count
        self.chunk = first
        self.source = source
    }

    var fileOffset: Int { source.fileOffset }
    var fileSize: Int { source.fileSize }

    /// Makes sure that something is unread; false at the end of the file.
    mutating func fill() throws(FileError) -> Bool {
        guard unread.isEmpty else { return true }
        if chunk.count != Self.chunkBytes { chunk = [UInt8](repeating: 0, count: Self.chunkBytes) }
        unread = 0..<(try source.read(into: &chunk))
        return !unread.isEmpty
    }

    /// Consumes what is before `index`, which lies in `unread` or at its end.
    mutating func consume(upTo index: Int) { unread = index..<unread.upperBound }

    /// Where the next such byte is in what is unread of the chunk.
    func firstIndex(of byte: UInt8) -> Int? {
        chunk.withUnsafeBytes { chunk in
            let start = chunk.baseAddress! + unread.lowerBound
            return memchr(start, Int32(byte), unread.count).map { UnsafeRawPointer($0) - chunk.baseAddress! }
        }
    }

    /// The first byte that is no whitespace, without consuming it; nil where the beginning has none.
    var firstVisibleByte: UInt8? {
        chunk[unread].first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
    }
}
