import Foundation

/// A file or a folder for parsers that want a path. The file has no name, so that nothing is left of it when the process
/// ends in a trap.
final class ScratchFile {
    private let descriptor: Int32
    private var folder: String?

    init() throws {
        var name = Self.nameTemplate
        descriptor = mkstemp(&name)
        guard descriptor >= 0, unlink(name) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    deinit {
        close(descriptor)
        if let folder { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// In memory where there is such a folder: a million files on a disk take an hour.
    private static var nameTemplate: [CChar] {
        let memory = "/dev/shm/"
        let folder = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        return Array((folder + "legend-fuzz-XXXXXX").utf8CString)
    }

    /// The path of a regular file with these bytes; valid until the next call.
    func path(holding bytes: [UInt8]) throws -> String {
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw CocoaError(.fileWriteUnknown)
        }
        return "/dev/fd/\(descriptor)"
    }

    /// The path of a folder with these files alone; valid until the next call. A process that ends in a trap leaves it
    /// behind.
    func folder(holding files: [(name: String, bytes: [UInt8])]) throws -> String {
        let folder = try self.folder ?? madeFolder()
        self.folder = folder
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where !files.contains(where: { $0.name == name }) {
            try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
        for file in files { try Data(file.bytes).write(to: URL(filePath: "\(folder)/\(file.name)")) }
        return folder
    }

    private func madeFolder() throws -> String {
        var name = Self.nameTemplate
        guard mkdtemp(&name) != nil else { throw CocoaError(.fileWriteUnknown) }
        return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
