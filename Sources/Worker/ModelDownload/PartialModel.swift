internal import Digest
internal import FileSystem
internal import Foundation
internal import ModelFiles
internal import Protocol

/// The beginning of a model in the cache, and the lock on it.
///
/// Files are written one after another, each from its beginning: their sizes alone tell where to go on.
final class PartialModel {
    private let cache: ModelCache
    private let offer: ModelOffer

    /// The lock; and where the model is one file, that file.
    private let file: OpenFile

    /// Of the offer's files, in their order.
    private let paths: [String]

    /// Of all files together, those that are there without a gap.
    private(set) var byteCount: UInt64 = 0

    /// Blocks while another process has the model.
    ///
    /// - Parameter isWaiting: called before that.
    /// - Throws: `ModelCacheError`, also where there is too little space for what is missing.
    init(_ offer: ModelOffer, in cache: ModelCache, isWaiting: () -> Void) throws {
        self.cache = cache
        self.offer = offer
        try Self.makeFolder(cache.models)
        let path = cache.partialPath(of: offer.digest)
        file = try ModelCacheError.explaining { () throws(FileError) in
            try Self.openLocked(path, isWaiting: isWaiting)
        }
        let folder = cache.partialFolder(of: offer.digest)
        paths = offer.manifest?.files.map { "\(folder)/\($0.name)" } ?? [path]
        guard offer.manifest != nil else {
            byteCount = try ModelCacheError.explaining { () throws(FileError) in try file.status().byteCount }
            return
        }
        guard !isComplete else { return }
        try Self.makeFolder(folder)
        // What is behind a file that is not whole, or too long, was not written by this class.
        try truncate(to: contiguousByteCount)
    }

    private static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw ModelCacheError(
                "cannot make the folder \(path) for the model: \(error.localizedDescription). "
                    + ModelCacheError.otherFolder)
        }
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

    private var contiguousByteCount: UInt64 {
        var sum: UInt64 = 0
        for (path, size) in zip(paths, offer.fileSizes) {
            let found = FileIdentity(path: path)?.byteCount ?? 0
            if found < size { return sum + found }
            if found > size { return sum }
            sum += size
        }
        return sum
    }

    /// Whether the process that had the lock before has finished the model: then this one is it.
    var isComplete: Bool {
        let (digest, files) = (offer.digest, FileManager.default)
        return files.fileExists(atPath: offer.manifest == nil ? cache.path(of: digest) : cache.folder(of: digest))
    }

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
        try ModelCacheError.explaining { () throws(FileError) -> Void in
            guard offer.manifest != nil else { return try file.truncate(to: Int(byteCount)) }
            var start: UInt64 = 0
            for (path, size) in zip(paths, offer.fileSizes) {
                if start >= byteCount {
                    try FolderEntry.remove(path)
                } else if byteCount < start + size {
                    try OpenFile(path, .writing).truncate(to: Int(byteCount - start))
                }
                start += size
            }
        }
        self.byteCount = byteCount
    }

    /// - Precondition: no more than is missing.
    /// - Throws: `ModelCacheError`. Where the disk is full, what was written is given back first: others need the space.
    func append(_ bytes: [UInt8]) throws {
        let range = byteCount..<byteCount + UInt64(bytes.count)
        precondition(range.upperBound <= offer.byteCount, "more bytes than the model has")
        do throws(FileError) {
            var written = 0
            for piece in offer.pieces(of: range) {
                let part = bytes[written..<written + piece.bytes.count]
                let offset = Int(piece.bytes.lowerBound)
                try OpenFile(paths[piece.file], offset == 0 ? .making : .writing).write(part, at: offset)
                written += piece.bytes.count
            }
        } catch {
            guard error.isLackOfSpace else { throw ModelCacheError(error) }
            let missing = offer.byteCount - byteCount
            // Where even that fails, the first error is the one to tell.
            try? truncate(to: 0)
            throw ModelCacheError(missing: missing, free: 0, in: cache.models)
        }
        byteCount = range.upperBound
    }

    /// Of all that is there.
    ///
    /// - Throws: `ModelCacheError` where it cannot be read.
    func digest() throws -> String {
        try makeEmptyFiles()
        return try ModelCacheError.explaining { () throws(FileError) -> String in
            guard let manifest = offer.manifest else { return try SHA256Digest(ofFile: paths[0]).description }
            return try SHA256Digest(of: manifest, at: paths).description
        }
    }

    /// Those to which no byte was appended.
    private func makeEmptyFiles() throws {
        try ModelCacheError.explaining { () throws(FileError) in
            for (path, size) in zip(paths, offer.fileSizes) where size == 0 { _ = try OpenFile(path, .making) }
        }
    }

    /// Gives the model its name, once all of it is on disk.
    ///
    /// - Returns: what to open.
    /// - Throws: `ModelCacheError`; `ModelDownload.Failure` where its files are not exactly those of a model, of which
    ///   nothing is left then.
    func complete() throws -> String {
        guard let manifest = offer.manifest else {
            let final = cache.path(of: offer.digest)
            try ModelCacheError.explaining { () throws(FileError) in
                try file.sync()
                try FolderEntry.rename(file.path, to: final)
                try FolderEntry.sync(cache.models)
            }
            return final
        }
        try makeEmptyFiles()
        try checkIsModel(manifest)
        let (folder, final) = (cache.partialFolder(of: offer.digest), cache.folder(of: offer.digest))
        try ModelCacheError.explaining { () throws(FileError) in
            for path in paths { try OpenFile(path, .writing).sync() }
            try FolderEntry.sync(folder)
            try FolderEntry.rename(folder, to: final)
            try FolderEntry.sync(cache.models)
            try FolderEntry.remove(file.path)
        }
        return ModelParts.path(inFolder: final, names: manifest.files.map(\.name))
    }

    /// The names came from afar: whoever reads the model by its path must find these files, and no others.
    private func checkIsModel(_ manifest: FileManifest) throws {
        let folder = cache.partialFolder(of: offer.digest)
        let problem: String?
        do {
            let path = ModelParts.path(inFolder: folder, names: manifest.files.map(\.name))
            let found = try ModelParts(path: path).manifest
            problem = found.map { manifest.difference(from: $0) } ?? "they are one file"
        } catch let error as ModelFileError {
            problem = error.description
        }
        guard let problem else { return }
        try truncate(to: 0)
        throw ModelDownload.Failure.noModel(reason: problem)
    }
}
