import CZlib
internal import FileSystem

/// Compresses a stream into one gzip member (RFC 1952). Its header has neither a time nor a name, so the same input
/// gives the same bytes.
final class GzipCompressor: StreamCompressor, @unchecked Sendable {
    // Unchecked: the stream has exactly one owner, which may move to another thread. It is on the heap because zlib
    // remembers its address.
    private let stream: UnsafeMutablePointer<z_stream>
    private var chunk = [UInt8](repeating: 0, count: 1 << 16)

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let windowBitsForGzip: Int32 = 15 + 16
        let code = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, windowBitsForGzip, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib cannot start to compress: error \(code)")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func compress(
        _ input: [UInt8], isLast: Bool, output: (ArraySlice<UInt8>) throws(FileError) -> Void
    ) throws(FileError) {
        var offset = 0
        var isDone = false
        while !isDone {
            let (consumed, produced, code) = deflateOnce(input, from: offset, flush: isLast ? Z_FINISH : Z_NO_FLUSH)
            offset += consumed
            if produced > 0 { try output(chunk[..<produced]) }
            isDone = isLast ? code == Z_STREAM_END : offset == input.count && produced < chunk.count
        }
    }

    private func deflateOnce(
        _ input: [UInt8], from offset: Int, flush: Int32
    ) -> (consumed: Int, produced: Int, code: Int32) {
        input.withUnsafeBufferPointer { input in
            chunk.withUnsafeMutableBufferPointer { chunk in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { $0 + offset })
                stream.pointee.avail_in = UInt32(input.count - offset)
                stream.pointee.next_out = chunk.baseAddress
                stream.pointee.avail_out = UInt32(chunk.count)
                let code = deflate(stream, flush)
                precondition(code != Z_STREAM_ERROR, "zlib's stream was damaged")
                return (
                    input.count - offset - Int(stream.pointee.avail_in), chunk.count - Int(stream.pointee.avail_out),
                    code
                )
            }
        }
    }
}
