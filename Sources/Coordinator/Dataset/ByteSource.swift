internal import FileSystem

/// The decompressed bytes of one regular file, in order, read once. Plain files and those that are
/// compressed with gzip or zstd are told apart by their first bytes, not by their name.
struct ByteSource: ~Copyable, Sendable {
    private let file: OpenFile
    /// Nil for a plain file.
    private let compression: StreamCompression?
    private let decompressor: (any StreamDecompressor)?
    /// Bytes of the file that are read and not handed on: compressed ones, or the first ones of a plain file.
    private var pending: [UInt8]
    private var pendingStart = 0
    private var bytesRead = 0
    /// Decompressed bytes handed out so far.
    private var delivered = 0
    /// Size of the file on disk, in bytes.
    let fileSize: Int

    private static let chunkBytes = 1 << 17

    /// - Throws: ``FileError`` if the file is missing, may not be read, or is no regular file.
    init(path: String) throws(FileError) {
        let file = try OpenFile(path, .reading)
        let status = try file.status()
        switch status.kind {
        case .file: break
        case .folder: throw FileError(path: path, problem: "expected a file, found a directory")
        case .other: throw FileError(path: path, problem: "expected a regular file, found a pipe or a device")
        }
        let pending = try file.read(atMost: Self.chunkBytes)
        self.file = file
        self.pending = pending
        fileSize = Int(status.byteCount)
        bytesRead = pending.count
        compression = StreamCompression(of: pending)
        decompressor = compression?.decompressor
    }

    /// Bytes of the file on disk that were consumed so far, compressed ones if it is compressed.
    var fileOffset: Int { bytesRead - (pending.count - pendingStart) }

    /// Overwrites `buffer` from its start and returns how many bytes it now holds; 0 at the end of the file.
    ///
    /// - Throws: ``FileError`` for truncated or corrupt compressed data, for anything but zeros behind gzip's last member (some
    ///   tools pad with those), and for a failing disk.
    mutating func read(into buffer: inout [UInt8]) throws(FileError) -> Int {
        while true {
            if pendingStart == pending.count {
                pending = try file.read(atMost: Self.chunkBytes)
                pendingStart = 0
                bytesRead += pending.count
            }
            let isAtEnd = pending.isEmpty
            let produced: Int
            if let compression, let decompressor {
                do throws(StreamError) {
                    produced = try decompressor.decompress(
                        pending, from: &pendingStart, isLast: isAtEnd, into: &buffer)
                } catch {
                    throw damaged(error, compression)
                }
            } else {
                produced = min(buffer.count, pending.count - pendingStart)
                buffer.replaceSubrange(..<produced, with: pending[pendingStart..<(pendingStart + produced)])
                pendingStart += produced
            }
            delivered += produced
            if produced > 0 || isAtEnd { return produced }
        }
    }

    private func damaged(_ error: StreamError, _ compression: StreamCompression) -> FileError {
        let place = "at byte \(fileOffset) of \(fileSize) in the file, after \(delivered) decompressed bytes"
        switch error {
        case .damaged(let words):
            return FileError(path: file.path, problem: "\(words) (\(compression.library); \(place))")
        case .trailing(let found):
            return FileError(
                path: file.path,
                problem: """
                    expected the end of the file or another \(compression.part), found \(found) (\(place)). What is \
                    behind its end would be lost: was text appended to a compressed file?
                    """)
        }
    }
}
