import CZlib
import Foundation

/// The decompressed bytes of one regular file, in order, read once. Plain files and gzip files (of one member or
/// several) are told apart by their first bytes, not by their name.
///
/// As `gunzip` does, zlib ignores bytes behind the last gzip member that are no gzip member themselves.
struct ByteSource: ~Copyable, @unchecked Sendable {
    // Unchecked: the handle has exactly one owner, which may move to another thread.
    private let file: gzFile
    private let path: String
    /// Decompressed bytes handed out so far.
    private var delivered = 0
    /// Size of the file on disk, in bytes.
    let fileSize: Int

    /// - Throws: ``DatasetError`` if the file is missing, may not be read, or is no regular file.
    init(path: String) throws(DatasetError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DatasetError(path: path, problem: Self.words(for: errno)) }
        let fileSize: Int
        do throws(DatasetError) {
            fileSize = try Self.regularFileSize(of: descriptor, path: path)
        } catch {
            close(descriptor)
            throw error
        }
        guard let file = gzdopen(descriptor, "rb") else {
            close(descriptor)
            throw DatasetError(path: path, problem: "zlib has no memory for a reader")
        }
        gzbuffer(file, 1 << 17)
        self.file = file
        self.path = path
        self.fileSize = fileSize
    }

    deinit { gzclose_r(file) }

    /// Bytes of the file on disk that were consumed so far, compressed ones if it is compressed.
    var fileOffset: Int { min(fileSize, max(0, Int(gzoffset(file)))) }

    /// Overwrites `buffer` from its start and returns how many bytes it now holds; 0 at the end of the file.
    ///
    /// - Throws: ``DatasetError`` with zlib's words for truncated or corrupt gzip data, and for a failing disk.
    mutating func read(into buffer: inout [UInt8]) throws(DatasetError) -> Int {
        let count = buffer.withUnsafeMutableBytes { Int(gzread(file, $0.baseAddress, UInt32($0.count))) }
        if count > 0 {
            delivered += count
            return count
        }
        var code: Int32 = Z_OK
        let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
        guard count < 0 || (code != Z_OK && code != Z_STREAM_END) else { return 0 }
        // zlib puts its name for the file in front of its words: "<fd:3>: unexpected end of file".
        let words = message.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? "error \(code)"
        throw DatasetError(
            path: path,
            problem: "\(words) (zlib; at byte \(fileOffset) of \(fileSize) in the file, "
                + "after \(delivered) decompressed bytes)")
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
