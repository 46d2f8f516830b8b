internal import Foundation

/// What the system knows of a file besides its content.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case file
        case folder

        /// A pipe, a socket or a device.
        case other
    }

    package struct Timestamp: Hashable, Sendable {
        let seconds: Int
        let nanoseconds: Int

        init(_ time: timespec) {
            seconds = time.tv_sec
            nanoseconds = time.tv_nsec
        }
    }

    /// Which file it is, whatever its name.
    package struct Inode: Hashable, Sendable {
        let device: UInt64
        package let number: UInt64
    }

    package let kind: Kind
    package let byteCount: UInt64
    package let inode: Inode

    /// The owner's number.
    package let owner: UInt32

    /// Who may do what, such as `0o600`.
    package let permissions: UInt32

    package let modified: Timestamp

    /// When the content or what is known of it was changed.
    package let changed: Timestamp

    /// Follows symbolic links; nil where nothing is there, or it may not be looked at.
    package init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .folder
            default: .other
            }
        byteCount = UInt64(status.st_size)
        inode = Inode(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
        owner = status.st_uid
        permissions = status.st_mode & 0o7777
        modified = Timestamp(status.st_mtim)
        changed = Timestamp(status.st_ctim)
    }
}
