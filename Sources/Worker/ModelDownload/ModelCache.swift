internal import Digest
internal import Foundation
internal import Protocol

/// Model files that workers of this machine share: each is named by its digest, and was verified before it got the name.
///
/// `models/SHA256.gguf` is a whole file; `models/SHA256.partial` the beginning of one, which a process that downloads it
/// keeps locked. The kernel drops the lock with the process, and another goes on where it was.
package struct ModelCache: Sendable {
    package let folder: String

    package init(folder: String) {
        self.folder = folder
    }

    /// The operator's folder, else `$LEGEND_CACHE`, else the user's cache folder.
    package init(option: String?, environment: [String: String], home: String) {
        // An empty variable counts as an unset one, and XDG asks to ignore relative paths.
        let own = environment["LEGEND_CACHE"].flatMap { $0.isEmpty ? nil : $0 }
        let user = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        folder = option ?? own ?? (user ?? home + "/.cache") + "/legend"
    }

    var models: String { folder + "/models" }

    /// - Parameter digest: 64 hexadecimal digits.
    package func path(of digest: String) -> String { "\(models)/\(digest).gguf" }

    package func partialPath(of digest: String) -> String { "\(models)/\(digest).partial" }

    /// Removes a file that turned out to be damaged, unless another worker has replaced it since.
    func remove(_ digest: String, ifStill identity: FileIdentity?) throws {
        let path = path(of: digest)
        guard let identity, FileIdentity(path: path) == identity else { return }
        guard unlink(path) == 0 || errno == ENOENT else { throw ModelCacheError("remove", path, errno) }
    }
}

/// The beginning of a model file in the cache, and the lock on it.
final class PartialModel {
    private let cache: ModelCache
    private let offer: ModelOffer
    private let path: String
    private let descriptor: Int32
    private(set) var byteCount: UInt64

    /// Blocks while another process has the file.
    ///
    /// - Parameter isWaiting: called before that.
    /// - Throws: `ModelCacheError`, also where there is too little space for what is missing.
    init(_ offer: ModelOffer, in cache: ModelCache, isWaiting: () -> Void) throws {
        self.cache = cache
        self.offer = offer
        path = cache.partialPath(of: offer.digest)
        do {
            try FileManager.default.createDirectory(atPath: cache.models, withIntermediateDirectories: true)
        } catch {
            throw ModelCacheError(
                "cannot make the folder \(cache.models) for the model: \(error.localizedDescription). "
                    + ModelCacheError.otherFolder)
        }
        (descriptor, byteCount) = try Self.openLocked(path, isWaiting: isWaiting)
    }

    private static func openLocked(
        _ path: String, isWaiting: () -> Void
    ) throws -> (descriptor: Int32, byteCount: UInt64) {
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw ModelCacheError("open", path, errno) }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
                isWaiting()
                while flock(descriptor, LOCK_EX) != 0 {
                    let code = errno
                    guard code == EINTR else {
                        close(descriptor)
                        throw ModelCacheError("lock", path, code)
                    }
                }
            }
            // Who had the lock before may have given the file another name.
            var own = stat()
            var named = stat()
            if fstat(descriptor, &own) == 0, stat(path, &named) == 0, own.st_ino == named.st_ino {
                return (descriptor, UInt64(own.st_size))
            }
            close(descriptor)
        }
    }

    deinit {
        close(descriptor)
    }

    /// Whether the process that had the lock before has finished the file: then this one is it.
    var isComplete: Bool { FileManager.default.fileExists(atPath: cache.path(of: offer.digest)) }

    /// - Throws: `ModelCacheError` where there is too little space for what is missing.
    func checkSpace() throws {
        var status = statvfs()
        guard fstatvfs(descriptor, &status) == 0 else { throw ModelCacheError("look at", path, errno) }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        let missing = offer.byteCount - min(byteCount, offer.byteCount)
        guard free >= missing else { throw ModelCacheError(missing: missing, free: free, in: cache.models) }
    }

    /// Leaves nothing behind.
    func remove() throws {
        guard unlink(path) == 0 else { throw ModelCacheError("remove", path, errno) }
    }

    func truncate(to byteCount: UInt64) throws {
        guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw ModelCacheError("cut", path, errno) }
        self.byteCount = byteCount
    }

    /// - Throws: `ModelCacheError`. Where the disk is full, what was written is given back first: others need the space.
    func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let written = pwrite(descriptor, rest.baseAddress, rest.count, off_t(byteCount))
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw writeError(errno) }
                byteCount += UInt64(written)
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
        }
    }

    private func writeError(_ code: Int32) -> ModelCacheError {
        guard code == ENOSPC || code == EDQUOT else { return ModelCacheError("write", path, code) }
        let missing = offer.byteCount - byteCount
        // Where even that fails, the first error is the one to tell.
        try? truncate(to: 0)
        return ModelCacheError(missing: missing, free: 0, in: cache.models)
    }

    /// Gives the file its name, once all of it is on disk.
    ///
    /// - Returns: its path.
    func complete() throws -> String {
        let final = cache.path(of: offer.digest)
        guard fsync(descriptor) == 0 else { throw ModelCacheError("write", path, errno) }
        guard rename(path, final) == 0 else { throw ModelCacheError("rename", path, errno) }
        let folder = open(cache.models, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw ModelCacheError("open", cache.models, errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw ModelCacheError("write", cache.models, errno) }
        return final
    }
}

/// Why the cache cannot be used.
struct ModelCacheError: Error, CustomStringConvertible, Sendable {
    let description: String

    static let otherFolder = "Choose another folder with --cache or LEGEND_CACHE"

    init(_ description: String) {
        self.description = description
    }

    init(_ operation: String, _ path: String, _ code: Int32) {
        self.init("cannot \(operation) \(path): \(String(cString: strerror(code))). \(Self.otherFolder)")
    }

    init(missing: UInt64, free: UInt64, in folder: String) {
        self.init(
            """
            too little space in \(folder): the model needs \(missing.megabytes) more, \(free.megabytes) are free. Free \
            some, or choose another folder with --cache or LEGEND_CACHE
            """)
    }
}

extension UInt64 {
    /// In millions of bytes, for people.
    var megabytes: String { "\((self + 999_999) / 1_000_000) MB" }
}
