internal import Foundation

/// A file of the store, read and written at given places.
final class StoreFile: Sendable {
    let path: String
    private let descriptor: Int32

    enum Access: Sendable {
        case reading
        case writing

        /// Writing, and it is made where it is not there.
        case making

        /// Writing a file that was not there.
        case makingNew

        fileprivate var flags: Int32 {
            switch self {
            case .reading: O_RDONLY
            case .writing: O_RDWR
            case .making: O_RDWR | O_CREAT
            case .makingNew: O_RDWR | O_CREAT | O_EXCL
            }
        }
    }

    /// - Throws: `StoreError`.
    init(path: String, _ access: Access) throws {
        self.path = path
        descriptor = open(path, access.flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw StoreError.system("cannot open", path) }
    }

    deinit { close(descriptor) }

    /// Bytes.
    func size() throws -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw StoreError.system("cannot look at", path) }
        return Int(status.st_size)
    }

    func write(_ bytes: some Collection<UInt8>, at offset: Int) throws {
        var rest = Array(bytes)[...]
        var offset = offset
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StoreError.system("cannot write", path) }
            rest = rest.dropFirst(count)
            offset += count
        }
    }

    /// - Throws: `StoreError`, also where the file ends before.
    func read(_ count: Int, at offset: Int) throws -> [UInt8] {
        var done = 0
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while done < count {
                let read = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset + done))
                if read < 0, errno == EINTR { continue }
                guard read >= 0 else { throw StoreError.system("cannot read", path) }
                guard read > 0 else {
                    throw StoreError("\(path): expected \(offset + count) bytes, found \(offset + done)")
                }
                done += read
            }
            initialized = done
        }
    }

    func truncate(to size: Int) throws {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw StoreError.system("cannot shorten", path) }
    }

    /// Puts what was written on disk.
    func sync() throws {
        guard fdatasync(descriptor) == 0 else { throw StoreError.system("cannot sync", path) }
    }

    /// Makes the names of a folder's files last through a power cut.
    static func syncFolder(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError.system("cannot open the folder", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError.system("cannot sync the folder", path) }
    }
}

/// Why the store of embeddings cannot be written or read.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Whether the configuration names a folder that is not this job's, and not only the disk fails.
    let isOfConfiguration: Bool

    init(_ description: String, isOfConfiguration: Bool = false) {
        self.description = description
        self.isOfConfiguration = isOfConfiguration
    }

    /// A call of the system that failed.
    static func system(_ action: String, _ path: String) -> StoreError {
        StoreError("\(path): \(action): \(String(cString: strerror(errno)))")
    }
}
