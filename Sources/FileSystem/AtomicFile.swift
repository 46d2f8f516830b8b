internal import Foundation

/// A file that appears under its name only when it is complete: it is written to `<path>.partial` beside it, and
/// renamed when everything is on disk. An older file of that name is replaced then. Where the path is a symbolic link,
/// all this happens where it points, and the link stays.
package struct AtomicFile: ~Copyable, Sendable {
    package let path: String

    /// Where the path leads.
    private let target: String
    package var partialPath: String { target + ".partial" }

    private let keepPartial: Bool
    private var file: OpenFile
    private var isFinished = false

    /// - Parameter keepPartial: whether what was written stays on disk if the file is never finished.
    /// - Throws: `FileError`, also where something else than a file is at `path`.
    package init(path: String, keepPartial: Bool = false) throws(FileError) {
        try Self.check(path)
        let target = FilePlace(FilePlace.absolute(path)).path
        file = try OpenFile(target + ".partial", .replacing)
        self.path = path
        self.target = target
        self.keepPartial = keepPartial
    }

    /// That a file may take the place of what is there.
    ///
    /// - Throws: `FileError` for a folder, a pipe or a device.
    package static func check(_ path: String) throws(FileError) {
        guard let kind = FileStatus(path: path)?.kind, kind != .file else { return }
        let found = kind == .folder ? "a folder" : "a pipe or a device"
        throw FileError(path: path, problem: "expected a file or nothing, found \(found)")
    }

    deinit {
        // Where it cannot be removed, it stays under a name that nobody takes for the file's.
        if !isFinished, !keepPartial { unlink(target + ".partial") }
    }

    /// Puts a file of these bytes on disk.
    package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        var file = try AtomicFile(path: path)
        try file.write(bytes[...])
        try file.seal()
        try file.publish()
    }

    /// Removes the file of that name, where there is one.
    package static func remove(_ path: String) throws(FileError) {
        var file = try AtomicFile(path: path)
        try file.withdraw()
    }

    package func write(_ bytes: ArraySlice<UInt8>) throws(FileError) { try file.write(bytes) }

    /// Puts everything on disk, still under the temporary name. Nothing can be written after that.
    package mutating func seal() throws(FileError) {
        try file.sync()
        try file.close()
    }

    /// Gives a sealed file its name.
    package mutating func publish() throws(FileError) {
        try FolderEntry.rename(partialPath, to: target)
        isFinished = true
        try syncFolder()
    }

    /// Removes what was written, and an older file of that name with it.
    package mutating func withdraw() throws(FileError) {
        try FolderEntry.remove(partialPath)
        try FolderEntry.remove(target)
        isFinished = true
        try syncFolder()
    }

    private func syncFolder() throws(FileError) {
        try FolderEntry.sync(URL(fileURLWithPath: target).deletingLastPathComponent().path)
    }
}
