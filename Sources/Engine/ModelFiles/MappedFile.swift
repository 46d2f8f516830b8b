#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A whole file mapped read-only into memory, unmapped when the last reference goes.
///
/// The pages are shared with every process that maps the same file and can be dropped under memory pressure. A file
/// that another process shortens while it is mapped ends this process with `SIGBUS`: replace model files by renaming.
final class MappedFile: Sendable {
    let path: String
    let count: Int
    // Read-only memory that lives as long as this object: safe to share between threads.
    private nonisolated(unsafe) let base: UnsafeRawPointer

    /// - Throws: `ModelFileError` if the file can't be opened or mapped, is no regular file, or is empty.
    init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.systemError(path, "opening", errno) }
        defer { close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.systemError(path, "reading its size", errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ModelFileError(
                file: path, place: .file, what: "kind", expected: "a regular file", found: "something else")
        }
        guard status.st_size > 0 else {
            throw ModelFileError(
                file: path, place: .file, what: "size", expected: "a model file", found: "an empty file")
        }

        let count = Int(status.st_size)
        guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw Self.systemError(path, "mapping", errno)
        }
        self.path = path
        self.count = count
        self.base = UnsafeRawPointer(base)
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: base), count)
    }

    /// The bytes of `range`, valid only inside `body`.
    func withBytes<R>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "\(range) is not inside 0..<\(count)")
        defer { withExtendedLifetime(self) {} }
        return try body(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// Takes the whole pages of `range` out of this process's memory. They stay in the system's cache of the file, and
    /// come back when they are looked at.
    func release(_ range: Range<Int>) {
        let page = Int(getpagesize())
        let (first, end) = ((range.lowerBound + page - 1) / page * page, range.upperBound / page * page)
        guard first < end else { return }
        // A hint: where it is refused, the pages merely stay.
        _ = madvise(UnsafeMutableRawPointer(mutating: base + first), end - first, MADV_DONTNEED)
    }

    private static func systemError(_ path: String, _ what: String, _ code: Int32) -> ModelFileError {
        ModelFileError(
            file: path, place: .file, what: what, expected: "a readable file", found: String(cString: strerror(code)))
    }
}
