import CZlib
internal import Diagnostics

/// Decompresses gzip members that follow one another (RFC 1952, section 2.2), a piece at a time.
///
/// Unlike zlib's own reader and `gunzip`, it does not pass over what is behind the last member.
final class GzipDecompressor: StreamDecompressor, @unchecked Sendable {
    private enum State {
        /// Inside a member. → behindMember
        case member
        /// A member has just ended, or its follower may begin. → member, padding
        case behindMember
        /// Zeros: nothing else may follow.
        case padding
    }

    // Unchecked: the stream has exactly one owner, which may move to another thread. It is on the heap because zlib
    // remembers its address.
    private let stream: UnsafeMutablePointer<z_stream>
    private var state = State.member

    static let magic: [UInt8] = [0x1F, 0x8B]

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let windowBitsForGzip: Int32 = 15 + 16
        let code = inflateInit2_(stream, windowBitsForGzip, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib cannot start to decompress: error \(code)")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    func decompress(
        _ input: [UInt8], from position: inout Int, isLast: Bool, into output: inout [UInt8]
    ) throws(StreamError) -> Int {
        while true {
            switch state {
            case .member:
                guard position < input.count || !isLast else { throw .damaged("unexpected end of file") }
                let produced = try inflateOnce(input, from: &position, into: &output)
                if produced > 0 || position == input.count { return produced }
            case .behindMember:
                guard position < input.count else { return 0 }
                if input[position] == 0 {
                    state = .padding
                } else if input[position] == Self.magic[0] {
                    // The second byte may be in the next input: zlib checks it.
                    inflateReset(stream)
                    state = .member
                } else {
                    throw .trailing(input[position...].excerptOfFile)
                }
            case .padding:
                while position < input.count, input[position] == 0 { position += 1 }
                guard position == input.count else { throw .trailing(input[position...].excerptOfFile) }
                return 0
            }
        }
    }

    private func inflateOnce(
        _ input: [UInt8], from position: inout Int, into output: inout [UInt8]
    ) throws(StreamError) -> Int {
        let (consumed, produced, code) = input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + position)
                stream.pointee.avail_in = UInt32(input.count - position)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(output.count)
                let code = inflate(stream, Z_NO_FLUSH)
                return (
                    input.count - position - Int(stream.pointee.avail_in),
                    output.count - Int(stream.pointee.avail_out), code
                )
            }
        }
        position += consumed
        switch code {
        // Z_BUF_ERROR: there was nothing to do it with, which more input mends.
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: state = .behindMember
        default: throw .damaged(stream.pointee.msg.map { String(cString: $0) } ?? "error \(code)")
        }
        return produced
    }
}

extension ArraySlice<UInt8> {
    /// What is found in a file where something else should be: a text's beginning, or a byte.
    var excerptOfFile: String {
        let beginning = Array(prefix(24))
        guard beginning.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }) else {
            let byte = String(beginning[0], radix: 16, uppercase: true)
            return "the byte 0x\(byte.count == 1 ? "0" : "")\(byte)"
        }
        return String(decoding: beginning, as: UTF8.self).quoted
    }
}
