/// Reads little-endian values one after another; nothing is read, or believed, that the file does not hold.
struct ByteCursor {
    let bytes: UnsafeRawBufferPointer
    /// The path for errors.
    let file: String
    /// Bytes from the start of the file.
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    var remaining: Int { bytes.count - offset }

    /// The next integer. `what` names it in the error for a file that ends before it does.
    mutating func read<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ what: String) throws -> T {
        let range = try skip(MemoryLayout<T>.size, what)
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self))
    }

    /// A count of things that take at least `elementBytes` each, refused if the rest of the file can't hold them.
    mutating func readCount(elementBytes: Int, _ what: String) throws -> Int {
        let start = offset
        let count = try read(UInt64.self, what)
        let most = remaining / elementBytes
        guard count <= UInt64(most) else {
            throw ModelFileError(
                file: file, place: .byte(start), what: what,
                expected: "at most \(most) (\(remaining) bytes are left, at least \(elementBytes) each)",
                found: "\(count)")
        }
        return Int(count)
    }

    /// The byte range of a string: a 64-bit length, then as many bytes.
    mutating func readString(_ what: String) throws -> Range<Int> {
        let count = try readCount(elementBytes: 1, "length of \(what)")
        return try skip(count, what)
    }

    /// The range of the next `count` bytes.
    @discardableResult
    mutating func skip(_ count: Int, _ what: String) throws -> Range<Int> {
        guard count <= remaining else {
            throw ModelFileError(
                file: file, place: .byte(offset), what: what, expected: "\(count) bytes",
                found: "\(remaining) bytes before the end of the file")
        }
        defer { offset += count }
        return offset..<(offset + count)
    }
}
