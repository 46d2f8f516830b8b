internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import GRDB

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
            let system = FileError.words(for: code)
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
        var need = Shortcoming.Need.file
        do throws(FileError) {
            let file = try OpenFile(path, .makingNew, permissions: 0o600)
            defer { try? FolderEntry.remove(path) }
            need = .space
            try file.write([UInt8](repeating: 1, count: probeBytes))
            need = .sync
            try file.sync()
            need = .lock
            try file.lockFirstByte()
            need = .map
            try file.tryShared(byteCount: 4096)
            return nil
        } catch {
            return Shortcoming(need: need, folder: folder, code: error.code ?? EIO)
        }
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

extension Ledger {
    /// What an operator reads where the ledger in that folder fails; nil for an error that is not the database's.
    package static func explanation(of error: any Error, in folder: String) -> String? {
        (error as? DatabaseError).map { StateFolder.explanation(of: $0, in: folder) }
    }
}

/// Keeps a second coordinator off the same ledger for as long as this process lives.
final class LedgerLock: Sendable {
    private let file: OpenFile

    /// - Throws: `Problem` where another coordinator has it, or the file system has no locks.
    init(folder: String) throws {
        var need = StateFolder.Shortcoming.Need.file
        let isFree: Bool
        do throws(FileError) {
            file = try OpenFile(folder + "/lock", .making)
            need = .lock
            isFree = try file.lockIfFree()
        } catch {
            throw Problem("\(StateFolder.Shortcoming(need: need, folder: folder, code: error.code ?? EIO))")
        }
        guard isFree else { throw Problem("another legend-coordinator runs this job: it holds \(file.path)") }
    }

    /// Whether the file is where it was opened.
    var isInPlace: Bool { file.isInPlace }
}
