internal import Foundation
internal import GRDB
internal import Synchronization

/// What the file system of a state folder must do: lock files, share memory maps between processes (SQLite's index of
/// its log is one), and take what is written. Network file systems and folders of a container's host often lack one.
enum StateFolder {
    /// What a file system refused.
    struct Shortcoming: Error, Hashable, CustomStringConvertible {
        enum Need: Hashable {
            case file, space, sync, lock, map
        }

        let need: Need
        let folder: String

        /// `errno`
        let code: Int32

        var description: String {
            let system = String(cString: strerror(code))
            let local = "put job.state on a local disk"
            switch (need, code) {
            case (_, ENOSPC):
                return "\(folder): the disk is full (\(system)): make room, and run the same command to go on"
            case (_, EDQUOT): return "\(folder): your quota on this disk is used up (\(system)): make room, or \(local)"
            case (_, EROFS):
                return "\(folder): this file system is read-only (\(system)): \(local) that can be written to"
            case (_, EACCES), (_, EPERM):
                return
                    "\(folder): files cannot be made or written here (\(system)): give this user the right to, or \(local)"
            case (.lock, _): return "\(folder): this file system cannot lock files (\(system)): \(local)"
            case (.map, _):
                return "\(folder): this file system cannot share memory maps of files (\(system)): \(local)"
            case (.file, _), (.space, _), (.sync, _):
                return
                    "\(folder): the file system fails to \(need == .sync ? "sync" : "write") a file (\(system)): \(local)"
            }
        }
    }

    /// More than SQLite asks for at a time.
    private static let probeBytes = 1 << 17

    /// Does all that is needed on a file of its own; nil where all of it works.
    static func shortcoming(of folder: String) -> Shortcoming? {
        let path = "\(folder)/.probe-\(UUID().uuidString)"
        func failed(_ need: Shortcoming.Need) -> Shortcoming { Shortcoming(need: need, folder: folder, code: errno) }
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return failed(.file) }
        defer {
            close(descriptor)
            unlink(path)
        }
        let bytes = [UInt8](repeating: 1, count: probeBytes)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return failed(.space) }
            written += count
        }
        guard fsync(descriptor) == 0 else { return failed(.sync) }
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        range.l_len = 1
        guard fcntl(descriptor, F_SETLK, &range) == 0 else { return failed(.lock) }
        let map = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let map, map != MAP_FAILED else { return failed(.map) }
        munmap(map, 4096)
        return nil
    }

    /// What an operator reads where SQLite fails: what the file system does not do, where that is so, for SQLite itself
    /// calls a missing lock "locked", a missing map and a used-up quota an error of the disk.
    static func explanation(of error: DatabaseError, in folder: String) -> String {
        switch error.resultCode {
        case .SQLITE_IOERR, .SQLITE_FULL, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_BUSY, .SQLITE_PROTOCOL:
            if let shortcoming = shortcoming(of: folder) { return "\(shortcoming)" }
        default: break
        }
        let code = "\(error.extendedResultCode)"
        switch error.resultCode {
        case .SQLITE_FULL:
            // Room came back meanwhile; or it is the folder where SQLite sorts.
            return
                "\(folder): the disk is full, or was a moment ago, that or SQLITE_TMPDIR's (\(code)); run the same command to go on"
        case .SQLITE_BUSY:
            return
                "\(folder)/ledger.sqlite: another program has locked it (\(code)): end that one, and run the same command to go on"
        default:
            let message = error.message ?? "no more is known"
            return "cannot use \(folder)/ledger.sqlite: \(message) (\(code))"
        }
    }
}

/// Keeps a second coordinator off the same ledger for as long as this process lives.
final class LedgerLock: Sendable {
    private let path: String
    private let descriptor: Int32

    /// - Throws: `LedgerError` where another coordinator has it, or the file system has no locks.
    init(folder: String) throws {
        path = folder + "/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw LedgerError("\(StateFolder.Shortcoming(need: .file, folder: folder, code: errno))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw LedgerError("\(StateFolder.Shortcoming(need: .lock, folder: folder, code: code))")
            }
            throw LedgerError("another legend-coordinator runs this job: it holds \(path)")
        }
    }

    /// Whether the file is where it was opened.
    var isInPlace: Bool {
        var own = stat()
        var named = stat()
        return fstat(descriptor, &own) == 0 && stat(path, &named) == 0 && own.st_ino == named.st_ino
            && own.st_dev == named.st_dev
    }

    deinit {
        close(descriptor)
    }
}
