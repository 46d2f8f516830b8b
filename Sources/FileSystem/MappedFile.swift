internal import Foundation

/// A whole file mapped read-only into memory, unmapped when the last reference goes.
///
/// The pages are shared with every process that maps the same file and can be dropped under memory pressure. A file
/// that another process shortens while it is mapped ends this process with `SIGBUS`: replace such files by renaming.
package final class MappedFile: Sendable {
    package let path: String
    package let count: Int
    // Read-only memory that lives as long as this object: safe to share between threads.
    private nonisolated(unsafe) let base: UnsafeRawPointer

    /// - Throws: `FileError` where the file can't be opened or mapped, is no regular file, or is empty.
    package init(path: String) throws(FileError) {
        let file = try OpenFile(path, .reading)
        let status = try file.status()
        guard status.kind == .file else {
            throw FileError(path: path, problem: "expected a regular file, found something else")
        }
        guard status.byteCount > 0 else {
            throw FileError(path: path, problem: "expected a file with content, found an empty file")
        }
        self.path = path
        count = Int(status.byteCount)
        base = UnsafeRawPointer(try file.mapped(byteCount: count))
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: base), count)
    }

    /// The bytes of `range`, valid only inside `body`.
    package func withBytes<R>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) is not inside 0..<\(count)")
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// Takes the whole pages of `range` out of this process's memory. They stay in the system's cache of the file, and
    /// come back when they are looked at.
    package func release(_ range: Range<Int>) {
        let page = Int(getpagesize())
        let (first, end) = ((range.lowerBound + page - 1) / page * page, range.upperBound / page * page)
        guard first < end else { return }
        // A hint: where it is refused, the pages merely stay.
        _ = madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
    }
}
