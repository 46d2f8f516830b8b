internal import Foundation

/// Which content is at a path: another one after the file was replaced or written to.
package struct FileIdentity: Codable, Hashable, Sendable {
    package let path: String
    package let inode: UInt64
    package let byteCount: UInt64
    package let modifiedNanoseconds: Int

    /// nil where no regular file is there.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status, path: path)
    }

    /// Of an open file.
    package init?(descriptor: Int32, path: String) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status, path: path)
    }

    private init?(_ status: stat, path: String) {
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.path = path
        inode = UInt64(status.st_ino)
        byteCount = UInt64(status.st_size)
        modifiedNanoseconds = status.st_mtim.tv_sec &* 1_000_000_000 &+ status.st_mtim.tv_nsec
    }
}
