import CZstd
internal import Diagnostics

/// Decompresses zstd frames that follow one another (RFC 8878, section 3), a piece at a time. A frame whose window is
/// larger than 128 MiB is an error, as of `zstd -d`.
final class ZstdDecompressor: StreamDecompressor, @unchecked Sendable {
    private enum State {
        /// Inside a frame. → behindFrame
        case frame
        /// A frame has just ended, or its follower may begin. → frame
        case behindFrame
    }

    // Unchecked: the stream has exactly one owner, which may move to another thread.
    private let stream: OpaquePointer
    private var state = State.frame

    static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

    /// What a frame that is passed over begins with.
    private static let skippable: ClosedRange<UInt8> = 0x50...0x5F

    init() {
        guard let stream = ZSTD_createDStream() else { preconditionFailure("zstd cannot start to decompress") }
        self.stream = stream
    }

    deinit { ZSTD_freeDStream(stream) }

    func decompress(
        _ input: [UInt8], from position: inout Int, isLast: Bool, into output: inout [UInt8]
    ) throws(StreamError) -> Int {
        while true {
            switch state {
            case .frame:
                let produced = try decompressOnce(input, from: &position, into: &output)
                if produced > 0 { return produced }
                if state == .frame, position == input.count {
                    // What was held back is out: there is more of the frame, and nothing to take it from.
                    guard !isLast else { throw .damaged("unexpected end of file") }
                    return 0
                }
            case .behindFrame:
                guard position < input.count else { return 0 }
                guard input[position] == Self.magic[0] || Self.skippable.contains(input[position]) else {
                    throw .trailing(input[position...].excerptOfFile)
                }
                state = .frame
            }
        }
    }

    private func decompressOnce(
        _ input: [UInt8], from position: inout Int, into output: inout [UInt8]
    ) throws(StreamError) -> Int {
        let (consumed, produced, code) = input.withUnsafeBytes { input in
            output.withUnsafeMutableBytes { output in
                var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: position)
                var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
                let code = ZSTD_decompressStream(stream, &target, &source)
                return (source.pos, target.pos, code)
            }
        }
        guard ZSTD_isError(code) == 0 else { throw .damaged(String(cString: ZSTD_getErrorName(code))) }
        position = consumed
        if code == 0 { state = .behindFrame }
        return produced
    }
}
