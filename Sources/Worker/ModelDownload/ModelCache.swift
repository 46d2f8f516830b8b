internal import FileSystem
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
        try ModelCacheError.explaining { () throws(FileError) in try FolderEntry.remove(path) }
    }
}

/// The beginning of a model file in the cache, and the lock on it.
final class PartialModel {
    private let cache: ModelCache
    private let offer: ModelOffer
    private let file: OpenFile
    private(set) var byteCount: UInt64

    /// Blocks while another process has the file.
    ///
    /// - Parameter isWaiting: called before that.
    /// - Throws: `ModelCacheError`, also where there is too little space for what is missing.
    init(_ offer: ModelOffer, in cache: ModelCache, isWaiting: () -> Void) throws {
        self.cache = cache
        self.offer = offer
        do {
            try FileManager.default.createDirectory(atPath: cache.models, withIntermediateDirectories: true)
        } catch {
            throw ModelCacheError(
                "cannot make the folder \(cache.models) for the model: \(error.localizedDescription). "
                    + ModelCacheError.otherFolder)
        }
        let path = cache.partialPath(of: offer.digest)
        let opened = try ModelCacheError.explaining { () throws(FileError) in
            try Self.openLocked(path, isWaiting: isWaiting)
        }
        byteCount = try ModelCacheError.explaining { () throws(FileError) in try opened.status().byteCount }
        file = opened
    }

    private static func openLocked(_ path: String, isWaiting: () -> Void) throws(FileError) -> OpenFile {
        while true {
            let file = try OpenFile(path, .making)
            if try !file.lockIfFree() {
                isWaiting()
                try file.lock()
            }
            // Who had the lock before may have given the file another name.
            if file.isInPlace { return file }
        }
    }

    /// Whether the process that had the lock before has finished the file: then this one is it.
    var isComplete: Bool { FileManager.default.fileExists(atPath: cache.path(of: offer.digest)) }

    /// - Throws: `ModelCacheError` where there is too little space for what is missing.
    func checkSpace() throws {
        let free = try ModelCacheError.explaining { () throws(FileError) in try file.freeSpace() }
        let missing = offer.byteCount - min(byteCount, offer.byteCount)
        guard free >= missing else { throw ModelCacheError(missing: missing, free: free, in: cache.models) }
    }

    /// Leaves nothing behind.
    func remove() throws {
        try ModelCacheError.explaining { () throws(FileError) in try FolderEntry.remove(file.path) }
    }

    func truncate(to byteCount: UInt64) throws {
        try ModelCacheError.explaining { () throws(FileError) in try file.truncate(to: Int(byteCount)) }
        self.byteCount = byteCount
    }

    /// - Throws: `ModelCacheError`. Where the disk is full, what was written is given back first: others need the space.
    func append(_ bytes: [UInt8]) throws {
        do throws(FileError) {
            try file.write(bytes, at: Int(byteCount))
        } catch {
            guard error.isLackOfSpace else { throw ModelCacheError(error) }
            let missing = offer.byteCount - byteCount
            // Where even that fails, the first error is the one to tell.
            try? truncate(to: 0)
            throw ModelCacheError(missing: missing, free: 0, in: cache.models)
        }
        byteCount += UInt64(bytes.count)
    }

    /// Gives the file its name, once all of it is on disk.
    ///
    /// - Returns: its path.
    func complete() throws -> String {
        let final = cache.path(of: offer.digest)
        try ModelCacheError.explaining { () throws(FileError) in
            try file.sync()
            try FolderEntry.rename(file.path, to: final)
            try FolderEntry.sync(cache.models)
        }
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

    init(_ error: FileError) {
        self.init("\(error). \(Self.otherFolder)")
    }

    /// Says with the error of a file what can be done.
    static func explaining<Value: ~Copyable>(_ body: () throws(FileError) -> Value) throws -> Value {
        do throws(FileError) { return try body() } catch { throw ModelCacheError(error) }
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
