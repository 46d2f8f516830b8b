import Foundation

/// A file system of a few megabytes over a job's state folder, to be filled up.
final class SmallDisk: Sendable {
    private let folder: JobFolder
    private let path: String
    private var filler: String { path + "/filler" }

    /// Whether this process may mount one.
    static let isAvailable: Bool = {
        guard let folder = try? JobFolder(), (try? SmallDisk(under: folder)) != nil else {
            print("skipping full disks: this process may not mount a file system (\(String(cString: strerror(errno))))")
            return false
        }
        return true
    }()

    init(under folder: JobFolder) throws {
        self.folder = folder
        path = folder.path("out.state")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=4m") == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EPERM)
        }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    /// Takes all room that is left at this moment.
    func fill() throws {
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            // Not even the file's name has room.
            guard errno == ENOSPC else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
            return
        }
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0, count: 4096)
        while write(descriptor, block, block.count) > 0 {}
        guard errno == ENOSPC else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    func free() throws {
        guard unlink(filler) == 0 || errno == ENOENT else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }
}
