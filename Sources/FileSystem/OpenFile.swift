internal import Foundation

/// An open file, closed when it goes. Any thread may read and write it at given places.
///
/// All calls go on where a signal interrupts them, and read and write all that is asked for; only ``read(atMost:)`` may
/// read less.
package struct OpenFile: ~Copyable, Sendable {
    package enum Access: Sendable {
        /// Does not wait for who writes a pipe.
        case reading
        case writing

        /// Writing, and it is made where it is not there.
        case making

        /// Writing a file that was not there.
        case makingNew

        /// Writing from the start; what was there goes.
        case replacing

        /// Writing behind what is there.
        case appending

        /// Saying that it was changed, which asks for no right to read it; it is made where it is not there.
        case touching

        fileprivate var flags: Int32 {
            switch self {
            case .reading: O_RDONLY | O_NONBLOCK
            case .writing: O_RDWR
            case .making: O_RDWR | O_CREAT
            case .makingNew: O_RDWR | O_CREAT | O_EXCL
            case .replacing: O_WRONLY | O_CREAT | O_TRUNC
            case .appending: O_WRONLY | O_APPEND
            case .touching: O_WRONLY | O_CREAT
            }
        }
    }

    package let path: String

    /// Negative once it is closed.
    private var descriptor: Int32

    /// - Parameter permissions: of a file that is made.
    package init(_ path: String, _ access: Access, permissions: UInt32 = 0o644) throws(FileError) {
        self.path = path
        descriptor = try systemCall(path, cannot: "open") { open(path, access.flags | O_CLOEXEC, permissions) }
    }

    deinit {
        if descriptor >= 0 { Foundation.close(descriptor) }
    }

    /// Says where the system could not put on disk what was written, which an unchecked closing does not.
    package mutating func close() throws(FileError) {
        let result = Foundation.close(descriptor)
        let code = errno
        descriptor = -1
        guard result == 0 else { throw FileError(path: path, cannot: "close", code: code) }
    }

    package func status() throws(FileError) -> FileStatus {
        var status = stat()
        try systemCall(path, cannot: "look at") { fstat(descriptor, &status) }
        return FileStatus(status)
    }

    /// Whether the path still leads to this file.
    package var isInPlace: Bool {
        guard let own = try? status(), let named = FileStatus(path: path) else { return false }
        return own.inode == named.inode
    }
}

// MARK: - Bytes

extension OpenFile {
    /// The next bytes behind those that were read, as many as the system gives at once: fewer than `count` are not the
    /// end of the file, but none are.
    package func read(atMost count: Int) throws(FileError) -> [UInt8] {
        return try bytes(count) { (buffer: UnsafeMutableRawBufferPointer) throws(FileError) in
            try systemCall(path, cannot: "read") { Foundation.read(descriptor, buffer.baseAddress, buffer.count) }
        }
    }

    /// All bytes behind those that were read, and of a longer file as many as the limit says.
    package func readToEnd(limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let part = try read(atMost: min(limit - bytes.count, Self.chunkBytes))
            guard !part.isEmpty else { break }
            bytes += part
        }
        return bytes
    }

    private static let chunkBytes = 1 << 16

    /// - Throws: `FileError`, also where the file ends before.
    package func read(_ count: Int, at offset: Int) throws(FileError) -> [UInt8] {
        return try bytes(count) { (buffer: UnsafeMutableRawBufferPointer) throws(FileError) in
            var done = 0
            while done < count {
                let place = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let read = try systemCall(path, cannot: "read") {
                    pread(descriptor, place.baseAddress, place.count, off_t(offset + done))
                }
                guard read > 0 else {
                    throw FileError(path: path, problem: "expected \(offset + count) bytes, found \(offset + done)")
                }
                done += read
            }
            return done
        }
    }

    private func bytes(
        _ count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(FileError) -> Int
    ) throws(FileError) -> [UInt8] {
        var outcome: Result<Int, FileError> = .success(0)
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let place = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
            do throws(FileError) { filled = try fill(place) } catch { outcome = .failure(error) }
        }
        _ = try outcome.get()
        return bytes
    }

    /// Writes behind what was written before.
    package func write(_ bytes: ArraySlice<UInt8>) throws(FileError) {
        try writeAll(bytes) { buffer, _ in Foundation.write(descriptor, buffer.baseAddress, buffer.count) }
    }

    package func write(_ bytes: [UInt8]) throws(FileError) { try write(bytes[...]) }

    package func write(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(FileError) {
        try writeAll(bytes) { buffer, done in
            pwrite(descriptor, buffer.baseAddress, buffer.count, off_t(offset + done))
        }
    }

    package func write(_ bytes: [UInt8], at offset: Int) throws(FileError) { try write(bytes[...], at: offset) }

    private func writeAll(
        _ bytes: ArraySlice<UInt8>, _ call: (UnsafeRawBufferPointer, _ done: Int) -> Int
    ) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let written = try systemCall(path, cannot: "write") {
                bytes.withUnsafeBytes { call(UnsafeRawBufferPointer(rebasing: $0[done...]), done) }
            }
            // As no file does that there is room for.
            guard written > 0 else { throw FileError(path: path, cannot: "write", code: EIO) }
            done += written
        }
    }

    package func truncate(to byteCount: Int) throws(FileError) {
        try systemCall(path, cannot: "shorten") { ftruncate(descriptor, off_t(byteCount)) }
    }

    /// Puts what was written on disk, and what is known of the file.
    package func sync() throws(FileError) {
        try systemCall(path, cannot: "sync") { fsync(descriptor) }
    }

    /// Puts what was written on disk.
    package func syncData() throws(FileError) {
        try systemCall(path, cannot: "sync") { fdatasync(descriptor) }
    }

    /// Says that the file was changed now.
    package func touch() throws(FileError) {
        try systemCall(path, cannot: "touch") { futimens(descriptor, nil) }
    }

    /// What the file system has left for this user, in bytes.
    package func freeSpace() throws(FileError) -> UInt64 {
        var status = statvfs()
        try systemCall(path, cannot: "look at") { fstatvfs(descriptor, &status) }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}

// MARK: - Locks

extension OpenFile {
    /// Locks the file, as a whole, until it is closed or the process ends.
    ///
    /// - Returns: false where another process has it.
    package func lockIfFree() throws(FileError) -> Bool {
        do throws(FileError) {
            try systemCall(path, cannot: "lock") { flock(descriptor, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            guard error.code == EWOULDBLOCK else { throw error }
            return false
        }
    }

    /// The same, and waits while another process has it.
    package func lock() throws(FileError) {
        try systemCall(path, cannot: "lock") { flock(descriptor, LOCK_EX) }
    }

    /// Locks the first byte, as databases lock parts of their files.
    package func lockFirstByte() throws(FileError) {
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        range.l_len = 1
        try systemCall(path, cannot: "lock") { fcntl(descriptor, F_SETLK, &range) }
    }
}

// MARK: - Maps

extension OpenFile {
    /// The file's first bytes in memory that only this process sees, until ``MappedFile`` goes.
    func mapped(byteCount: Int) throws(FileError) -> UnsafeMutableRawPointer {
        try map(byteCount, PROT_READ, MAP_PRIVATE)
    }

    /// Maps the first bytes so that other processes see what is written there, and undoes it: not all file systems can.
    package func tryShared(byteCount: Int) throws(FileError) {
        munmap(try map(byteCount, PROT_READ | PROT_WRITE, MAP_SHARED), byteCount)
    }

    private func map(_ byteCount: Int, _ protection: Int32, _ flags: Int32) throws(FileError) -> UnsafeMutableRawPointer
    {
        guard let base = mmap(nil, byteCount, protection, flags, descriptor, 0), base != MAP_FAILED else {
            throw FileError(path: path, cannot: "map", code: errno)
        }
        return base
    }
}
