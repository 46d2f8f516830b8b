package import FileSystem

/// A file of rows that appears under its name only when it is complete: see `AtomicFile`.
package struct OutputFile: ~Copyable, Sendable {
    private static let bufferBytes = 1 << 18

    private var file: AtomicFile
    private let compressor: (any StreamCompressor)?
    private var buffer: [UInt8] = []

    package var path: String { file.path }

    /// - Parameters:
    ///   - path: compressed if it ends with `.gz` or `.zst`.
    ///   - keepPartial: whether what was written stays on disk if the file is never finished.
    /// - Throws: `FileError`, also if `path` is a folder.
    package init(path: String, keepPartial: Bool) throws(FileError) {
        file = try AtomicFile(path: path, keepPartial: keepPartial)
        compressor = StreamCompression(ofFile: path)?.compressor
        buffer.reserveCapacity(Self.bufferBytes)
    }

    package mutating func write(_ bytes: [UInt8]) throws(FileError) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { try flush(isLast: false) }
    }

    /// Puts everything on disk and gives the file its name. Nothing can be written after that.
    package mutating func finish() throws(FileError) {
        try seal()
        try publish()
    }

    /// Puts everything on disk, still under the temporary name. Nothing can be written after that.
    package mutating func seal() throws(FileError) {
        try flush(isLast: true)
        try file.seal()
    }

    /// Gives a sealed file its name.
    package mutating func publish() throws(FileError) { try file.publish() }

    /// Removes what was written, and an older file of that name with it.
    package mutating func withdraw() throws(FileError) { try file.withdraw() }

    private mutating func flush(isLast: Bool) throws(FileError) {
        if let compressor {
            try compressor.compress(buffer, isLast: isLast) { compressed throws(FileError) in
                try file.write(compressed)
            }
        } else {
            try file.write(buffer[...])
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
