internal import CSnappy
internal import CZlib
internal import CZstd

/// How bytes are made fewer.
package enum Compression: String, CaseIterable, Hashable, Sendable {
    case none
    case snappy
    case gzip
    case zstd
}

// MARK: - Decompressing

extension Compression {
    /// - Parameter byteCount: of what comes out; an error where it is another number.
    func decompress(_ input: ArraySlice<UInt8>, byteCount: Int) throws(ColumnarProblem) -> [UInt8] {
        if byteCount == 0, input.isEmpty { return [] }
        switch self {
        case .none:
            guard input.count == byteCount else {
                throw ColumnarProblem("expected \(byteCount) bytes of data, found \(input.count)")
            }
            return Array(input)
        case .snappy: return try Self.unsnappy(input, byteCount: byteCount)
        case .gzip: return try Self.gunzip(input, byteCount: byteCount)
        case .zstd: return try Self.unzstd(input, byteCount: byteCount)
        }
    }

    private static func unsnappy(_ input: ArraySlice<UInt8>, byteCount: Int) throws(ColumnarProblem) -> [UInt8] {
        // Two bytes copy 64 at most: what claims more is no snappy, and reserves no memory.
        guard byteCount <= 32 * input.count else { throw damaged("snappy") }
        var status = SNAPPY_INVALID_INPUT
        let output = input.withUnsafeBytes { source -> [UInt8] in
            let start = source.baseAddress?.assumingMemoryBound(to: CChar.self)
            var announced = 0
            guard snappy_uncompressed_length(start, source.count, &announced) == SNAPPY_OK, announced == byteCount
            else { return [] }
            return [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
                var produced = byteCount
                let target = UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
                status = snappy_uncompress(start, source.count, target, &produced)
                count = status == SNAPPY_OK ? produced : 0
            }
        }
        guard status == SNAPPY_OK else { throw damaged("snappy") }
        return output
    }

    private static func gunzip(_ input: ArraySlice<UInt8>, byteCount: Int) throws(ColumnarProblem) -> [UInt8] {
        // zlib remembers the stream's address.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        let windowBitsForGzipAndZlib: Int32 = 15 + 32
        guard
            inflateInit2_(stream, windowBitsForGzipAndZlib, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw ColumnarProblem("zlib cannot start to decompress") }
        defer { inflateEnd(stream) }
        return try growing(to: byteCount, input, "gzip") { source, target in
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = UInt32(clamping: source.count)
            stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(clamping: target.count)
            let given = (stream.pointee.avail_in, stream.pointee.avail_out)
            let code = inflate(stream, Z_NO_FLUSH)
            guard code == Z_OK || code == Z_STREAM_END else { return nil }
            let consumed = Int(given.0 - stream.pointee.avail_in)
            // Members may follow one another.
            let isDone = code == Z_STREAM_END && consumed == source.count
            if code == Z_STREAM_END, !isDone { inflateReset(stream) }
            return (consumed, Int(given.1 - stream.pointee.avail_out), isDone)
        }
    }

    private static func unzstd(_ input: ArraySlice<UInt8>, byteCount: Int) throws(ColumnarProblem) -> [UInt8] {
        guard let context = ZSTD_createDCtx() else { throw ColumnarProblem("zstd cannot start to decompress") }
        defer { ZSTD_freeDCtx(context) }
        // How far a frame may look back, in powers of two: memory that it asks for.
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, 27)
        return try growing(to: byteCount, input, "zstd") { source, target in
            var piece = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
            var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
            let code = ZSTD_decompressStream(context, &output, &piece)
            guard ZSTD_isError(code) == 0 else { return nil }
            return (piece.pos, output.pos, code == 0 && piece.pos == source.count)
        }
    }

    /// Decompresses into memory that grows with what comes, so that a header alone reserves little.
    ///
    /// - Parameter step: what it consumed of the input and wrote to the output, and whether that was all; nil where the
    ///   input is damaged.
    private static func growing(
        to byteCount: Int, _ input: ArraySlice<UInt8>, _ name: String,
        _ step: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> (consumed: Int, written: Int, isDone: Bool)?
    ) throws(ColumnarProblem) -> [UInt8] {
        // One byte more than announced shows that there is more.
        let most = byteCount + 1
        var output = [UInt8](repeating: 0, count: min(most, 1 << 20 + 8 * input.count))
        var (consumed, written) = (0, 0)
        while true {
            let outcome = input.withUnsafeBytes { source in
                output.withUnsafeMutableBytes { target in
                    step(.init(rebasing: source[consumed...]), .init(rebasing: target[written...]))
                }
            }
            guard let outcome else { throw damaged(name) }
            consumed += outcome.consumed
            written += outcome.written
            if outcome.isDone { break }
            guard outcome.consumed + outcome.written > 0, written < most else { throw damaged(name) }
            if written == output.count {
                output.append(contentsOf: repeatElement(0, count: min(most - written, 3 * written)))
            }
        }
        guard written == byteCount else { throw damaged(name) }
        output.removeSubrange(written...)
        return output
    }

    private static func damaged(_ name: String) -> ColumnarProblem {
        ColumnarProblem("the \(name) data are damaged, or of another length than announced")
    }
}

// MARK: - Compressing

extension Compression {
    func compress(_ input: [UInt8]) throws(ColumnarProblem) -> [UInt8] {
        switch self {
        case .none: return input
        case .snappy:
            return try Self.filling(snappy_max_compressed_length(input.count), input) { source, target in
                var count = target.count
                let status = snappy_compress(
                    source.baseAddress?.assumingMemoryBound(to: CChar.self), source.count,
                    target.baseAddress?.assumingMemoryBound(to: CChar.self), &count)
                return status == SNAPPY_OK ? count : nil
            }
        case .gzip: return try Self.gzipped(input)
        case .zstd:
            return try Self.filling(ZSTD_compressBound(input.count), input) { source, target in
                let code = ZSTD_compress(
                    target.baseAddress, target.count, source.baseAddress, source.count, ZSTD_CLEVEL_DEFAULT)
                return ZSTD_isError(code) == 0 ? code : nil
            }
        }
    }

    private static func gzipped(_ input: [UInt8]) throws(ColumnarProblem) -> [UInt8] {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        let windowBitsForGzip: Int32 = 15 + 16
        let code = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, windowBitsForGzip, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { throw ColumnarProblem("zlib cannot start to compress") }
        defer { deflateEnd(stream) }
        return try filling(Int(deflateBound(stream, UInt(input.count))), input) { source, target in
            stream.pointee.next_in = UnsafeMutablePointer(
                mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.pointee.avail_in = UInt32(clamping: source.count)
            stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(clamping: target.count)
            guard deflate(stream, Z_FINISH) == Z_STREAM_END else { return nil }
            return target.count - Int(stream.pointee.avail_out)
        }
    }

    /// - Parameter body: writes to the second buffer; how many bytes, or nil where it failed.
    private static func filling(
        _ capacity: Int, _ input: [UInt8], _ body: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Int?
    ) throws(ColumnarProblem) -> [UInt8] {
        var failed = false
        let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            let target = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: capacity)
            let written = input.withUnsafeBytes { body($0, target) }
            failed = written == nil
            count = written ?? 0
        }
        if failed { throw ColumnarProblem("\(input.count) bytes could not be compressed") }
        return output
    }
}
