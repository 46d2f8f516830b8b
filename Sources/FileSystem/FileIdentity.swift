/// Which content is at a path: another one after the file was replaced or written to.
package struct FileIdentity: Codable, Hashable, Sendable {
    package let path: String
    package let inode: UInt64
    package let byteCount: UInt64
    package let modifiedNanoseconds: Int

    /// nil where no regular file is there.
    package init?(path: String) {
        guard let status = FileStatus(path: path) else { return nil }
        self.init(status, path: path)
    }

    /// nil where it is no regular file.
    package init?(_ status: FileStatus, path: String) {
        guard status.kind == .file else { return nil }
        self.path = path
        inode = status.inode.number
        byteCount = status.byteCount
        modifiedNanoseconds = status.modified.seconds &* 1_000_000_000 &+ status.modified.nanoseconds
    }
}
