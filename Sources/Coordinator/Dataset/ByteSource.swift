import Foundation

/// The decompressed bytes of one regular file, in order, read once. Plain files and gzip files (of one member or
/// several) are told apart by their first bytes, not by their name.
struct ByteSource: ~Copyable, @unchecked Sendable {
    // Unchecked: the descriptor has exactly one owner, which may move to another thread.
    private let descriptor: Int32
    private let path: String
    /// Nil for a plain file.
    private var decompressor: GzipDecompressor?
    /// Bytes of the file that are read and not handed on: compressed ones, or the first ones of a plain file.
    private var pending: [UInt8]
    private var pendingStart = 0
    private var bytesRead = 0
    /// Decompressed bytes handed out so far.
    private var delivered = 0
    /// Size of the file on disk, in bytes.
    let fileSize: Int

    private static let chunkBytes = 1 << 17

    /// - Throws: ``DatasetError`` if the file is missing, may not be read, or is no regular file.
    init(path: String) throws(DatasetError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DatasetError(path: path, problem: Self.words(for: errno)) }
        let fileSize: Int
        let pending: [UInt8]
        do throws(DatasetError) {
            fileSize = try Self.regularFileSize(of: descriptor, path: path)
            pending = try Self.read(from: descriptor, atMost: Self.chunkBytes, path: path)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.path = path
        self.fileSize = fileSize
        self.pending = pending
        bytesRead = pending.count
        decompressor = GzipDecompressor.recognizes(pending) ? GzipDecompressor() : nil
    }

    deinit { close(descriptor) }

    /// Bytes of the file on disk that were consumed so far, compressed ones if it is compressed.
    var fileOffset: Int { bytesRead - (pending.count - pendingStart) }

    /// Overwrites `buffer` from its start and returns how many bytes it now holds; 0 at the end of the file.
    ///
    /// - Throws: ``DatasetError`` for truncated or corrupt gzip data, for anything but zeros behind the last member (some
    ///   tools pad with those), and for a failing disk.
    mutating func read(into buffer: inout [UInt8]) throws(DatasetError) -> Int {
        while true {
            if pendingStart == pending.count {
                pending = try Self.read(from: descriptor, atMost: Self.chunkBytes, path: path)
                pendingStart = 0
                bytesRead += pending.count
            }
            let isAtEnd = pending.isEmpty
            let produced: Int
            if decompressor == nil {
                produced = min(buffer.count, pending.count - pendingStart)
                buffer.replaceSubrange(..<produced, with: pending[pendingStart..<(pendingStart + produced)])
                pendingStart += produced
            } else {
                do throws(GzipError) {
                    produced = try decompressor!.decompress(
                        pending, from: &pendingStart, isLast: isAtEnd, into: &buffer)
                } catch {
                    throw damaged(error)
                }
            }
            delivered += produced
            if produced > 0 || isAtEnd { return produced }
        }
    }

    private func damaged(_ error: GzipError) -> DatasetError {
        let place = "at byte \(fileOffset) of \(fileSize) in the file, after \(delivered) decompressed bytes"
        switch error {
        case .damaged(let words): return DatasetError(path: path, problem: "\(words) (zlib; \(place))")
        case .trailing(let found):
            return DatasetError(
                path: path,
                problem: """
                    expected the end of the file or another gzip member, found \(found) (\(place)). What is behind a \
                    member's end would be lost: was text appended to a compressed file?
                    """)
        }
    }

    private static func read(from descriptor: Int32, atMost count: Int, path: String) throws(DatasetError) -> [UInt8] {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var result = Foundation.read(descriptor, buffer.baseAddress, count)
            while result < 0, errno == EINTR { result = Foundation.read(descriptor, buffer.baseAddress, count) }
            code = result < 0 ? errno : 0
            filled = max(0, result)
        }
        guard code == 0 else { throw DatasetError(path: path, problem: "cannot read: \(words(for: code))") }
        return bytes
    }

    private static func regularFileSize(of descriptor: Int32, path: String) throws(DatasetError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw DatasetError(path: path, problem: words(for: errno)) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return Int(status.st_size)
        case S_IFDIR: throw DatasetError(path: path, problem: "expected a file, found a directory")
        default: throw DatasetError(path: path, problem: "expected a regular file, found a pipe or a device")
        }
    }

    private static func words(for code: Int32) -> String { String(cString: strerror(code)) }
}
