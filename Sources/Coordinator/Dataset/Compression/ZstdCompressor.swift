import CZstd
internal import FileSystem

/// Compresses a stream into one zstd frame (RFC 8878), with a checksum.
final class ZstdCompressor: StreamCompressor, @unchecked Sendable {
    // Unchecked: the context has exactly one owner, which may move to another thread.
    private let context: OpaquePointer
    private var chunk = [UInt8](repeating: 0, count: 1 << 17)

    init() {
        guard let context = ZSTD_createCCtx() else { preconditionFailure("zstd cannot start to compress") }
        self.context = context
        let code = ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        precondition(ZSTD_isError(code) == 0, "zstd has no checksums")
    }

    deinit { ZSTD_freeCCtx(context) }

    func compress(
        _ input: [UInt8], isLast: Bool, output: (ArraySlice<UInt8>) throws(FileError) -> Void
    ) throws(FileError) {
        var offset = 0
        var isDone = false
        while !isDone {
            let (consumed, produced, left) = compressOnce(input, from: offset, isLast ? ZSTD_e_end : ZSTD_e_continue)
            offset = consumed
            if produced > 0 { try output(chunk[..<produced]) }
            isDone = isLast ? left == 0 : offset == input.count
        }
    }

    private func compressOnce(
        _ input: [UInt8], from offset: Int, _ end: ZSTD_EndDirective
    ) -> (consumed: Int, produced: Int, left: Int) {
        input.withUnsafeBytes { input in
            chunk.withUnsafeMutableBytes { chunk in
                var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: offset)
                var target = ZSTD_outBuffer(dst: chunk.baseAddress, size: chunk.count, pos: 0)
                let code = ZSTD_compressStream2(context, &target, &source, end)
                precondition(ZSTD_isError(code) == 0, "zstd's stream was damaged")
                return (source.pos, target.pos, code)
            }
        }
    }
}
