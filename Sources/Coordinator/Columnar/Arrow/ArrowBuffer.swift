internal import FileSystem

/// Bytes of a record batch: in the file, of which a piece at a time is in memory, or in memory as a whole.
final class ArrowBuffer {
    private let source: ArrowSource

    /// Where it begins in the file; nothing of one that is in memory.
    private let start: Int
    let count: Int

    /// What is in memory, and where in the buffer that begins.
    private var piece: [UInt8]
    private var pieceStart = 0

    private static let pieceBytes = 1 << 18

    /// Read where values are taken from here and there.
    private static let smallPieceBytes = 1 << 10

    /// - Precondition: the range is inside the file.
    init(_ source: ArrowSource, _ range: Range<Int>) {
        self.source = source
        start = range.lowerBound
        count = range.count
        piece = []
    }

    init(_ source: ArrowSource, inMemory bytes: [UInt8]) {
        self.source = source
        start = 0
        count = bytes.count
        piece = bytes
    }

    /// The number of 1 to 8 bytes at that place, little-endian.
    @inline(__always)
    func number(at offset: Int, byteCount: Int) throws(ColumnarProblem) -> UInt64 {
        if offset < pieceStart || byteCount > piece.count - (offset - pieceStart) { try load(offset, byteCount) }
        return piece.littleEndian(at: offset - pieceStart, byteCount: byteCount)
    }

    @inline(__always)
    func bit(at index: Int) throws(ColumnarProblem) -> Bool {
        try number(at: index >> 3, byteCount: 1) >> UInt64(index & 7) & 1 == 1
    }

    func bytes(_ offset: Int, _ byteCount: Int) throws(ColumnarProblem) -> [UInt8] {
        guard byteCount > 0 else {
            guard byteCount == 0, offset >= 0, offset <= count else { throw .cutOff }
            return []
        }
        if offset < pieceStart || byteCount > piece.count - (offset - pieceStart) { try load(offset, byteCount) }
        return Array(piece[(offset - pieceStart)..<(offset - pieceStart + byteCount)])
    }

    private func load(_ offset: Int, _ byteCount: Int) throws(ColumnarProblem) {
        guard offset >= 0, byteCount >= 0, offset <= count, byteCount <= count - offset else { throw .cutOff }
        let isNext = offset >= pieceStart && offset <= pieceStart + piece.count + Self.smallPieceBytes
        let wanted = max(byteCount, isNext ? Self.pieceBytes : Self.smallPieceBytes)
        piece = []
        piece = try source.read(min(wanted, count - offset), at: start + offset)
        pieceStart = offset
    }
}

/// An Arrow file that is open.
final class ArrowSource {
    let file: OpenFile
    let fileSize: Int
    let limits: ColumnarLimits

    init(path: String, limits: ColumnarLimits) throws(FileError) {
        file = try OpenFile(path, .reading)
        let status = try file.status()
        guard status.kind == .file else {
            throw FileError(path: path, problem: "expected a regular file, found something else")
        }
        fileSize = Int(status.byteCount)
        self.limits = limits
    }

    /// - Throws: also where the file ends before.
    func read(_ count: Int, at offset: Int) throws(ColumnarProblem) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= fileSize, count <= fileSize - offset else { throw .cutOff }
        return try file.bytes(count, at: offset)
    }
}
