import Foundation
import Protocol

/// A file that appears under its name only when it is complete: it is written to `<path>.partial` beside it, and
/// renamed when everything is on disk. An older file of that name is replaced then. Where the path is a symbolic link,
/// all this happens where it points, and the link stays.
struct OutputFile: ~Copyable, Sendable {
    private static let bufferBytes = 1 << 18

    let path: String

    /// Where the path leads.
    private let target: String
    var partialPath: String { target + ".partial" }

    private let keepPartial: Bool
    private var descriptor: Int32
    private var compressor: GzipCompressor?
    private var buffer: [UInt8] = []
    private var isFinished = false

    /// - Parameters:
    ///   - path: compressed if it ends with `.gz`.
    ///   - keepPartial: whether what was written stays on disk if the file is never finished.
    /// - Throws: ``OutputError``, also if `path` is a folder.
    init(path: String, keepPartial: Bool) throws(OutputError) {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw OutputError(path: path, problem: "expected a file or nothing, found a folder")
        }
        let target = FilePlace(FilePlace.absolute(path)).path
        let descriptor = open(target + ".partial", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("cannot open", target + ".partial") }
        self.path = path
        self.target = target
        self.keepPartial = keepPartial
        self.descriptor = descriptor
        compressor = path.hasSuffix(".gz") ? GzipCompressor() : nil
        buffer.reserveCapacity(Self.bufferBytes)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !isFinished, !keepPartial { unlink(target + ".partial") }
    }

    mutating func write(_ bytes: [UInt8]) throws(OutputError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { try flush(isLast: false) }
    }

    /// Puts everything on disk and gives the file its name. Nothing can be written after that.
    mutating func finish() throws(OutputError) {
        try seal()
        try publish()
    }

    /// Puts everything on disk, still under the temporary name. Nothing can be written after that.
    mutating func seal() throws(OutputError) {
        try flush(isLast: true)
        guard fsync(descriptor) == 0 else { throw Self.failure("cannot sync", partialPath) }
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0 else { throw Self.failure("cannot close", partialPath) }
    }

    /// Gives a sealed file its name.
    mutating func publish() throws(OutputError) {
        guard rename(partialPath, target) == 0 else { throw Self.failure("cannot rename \(partialPath) to", target) }
        isFinished = true
        try syncFolder()
    }

    /// Removes what was written, and an older file of that name with it.
    mutating func withdraw() throws(OutputError) {
        for path in [partialPath, target] where unlink(path) != 0 && errno != ENOENT {
            throw Self.failure("cannot remove", path)
        }
        isFinished = true
        try syncFolder()
    }

    private mutating func flush(isLast: Bool) throws(OutputError) {
        let descriptor = descriptor
        let path = partialPath
        if compressor != nil {
            try compressor!.compress(buffer, isLast: isLast) { compressed throws(OutputError) in
                try Self.writeAll(compressed, to: descriptor, path: path)
            }
        } else {
            try Self.writeAll(buffer[...], to: descriptor, path: path)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, path: String) throws(OutputError) {
        var rest = bytes
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0 {
                if errno == EINTR { continue }
                throw failure("cannot write", path)
            }
            rest = rest.dropFirst(written)
        }
    }

    /// Makes the new name itself last through a power cut.
    private func syncFolder() throws(OutputError) {
        let folder = URL(fileURLWithPath: target).deletingLastPathComponent().path
        let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("cannot open the folder", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("cannot sync the folder", folder) }
    }

    private static func failure(_ action: String, _ path: String) -> OutputError {
        OutputError(path: path, problem: "\(action): \(String(cString: strerror(errno)))")
    }
}
