import Foundation

/// A file for parsers that want a path. It has no name, so that nothing is left of it when the process ends in a trap.
final class ScratchFile {
    private let descriptor: Int32

    init() throws {
        // In memory where there is such a folder: a million files on a disk take an hour.
        let memory = "/dev/shm/"
        let folder = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        var name = Array((folder + "legend-fuzz-XXXXXX").utf8CString)
        descriptor = mkstemp(&name)
        guard descriptor >= 0, unlink(name) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    deinit { close(descriptor) }

    /// The path of a regular file with these bytes; valid until the next call.
    func path(holding bytes: [UInt8]) throws -> String {
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw CocoaError(.fileWriteUnknown)
        }
        return "/dev/fd/\(descriptor)"
    }
}
