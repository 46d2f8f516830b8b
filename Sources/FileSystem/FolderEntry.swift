internal import Foundation

/// What changes the names of a folder's files.
package enum FolderEntry {
    /// Replaces what has the other name.
    package static func rename(_ path: String, to other: String) throws(FileError) {
        try systemCall(other, cannot: "rename \(path) to") { Foundation.rename(path, other) }
    }

    /// Removes a file; one that is not there is removed already.
    package static func remove(_ path: String) throws(FileError) {
        do throws(FileError) {
            try systemCall(path, cannot: "remove") { unlink(path) }
        } catch {
            guard error.code == ENOENT else { throw error }
        }
    }

    /// Makes the names of a folder's files last through a power cut.
    package static func sync(_ folder: String) throws(FileError) {
        let descriptor = try systemCall(folder, cannot: "open the folder") { open(folder, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        try systemCall(folder, cannot: "sync the folder") { fsync(descriptor) }
    }
}
