internal import FileSystem
internal import Foundation
internal import ModelFiles
internal import Protocol

/// Models that workers of this machine share: each is named by its digest, and was verified before it got the name.
///
/// `models/SHA256.gguf` is a model of one file, `models/SHA256` a folder with the files of one of several. The
/// beginning of one is in `models/SHA256.partial`, or of several files in the folder `models/SHA256.parts`: a process
/// that downloads it keeps `models/SHA256.partial` locked. The kernel drops the lock with the process, and another
/// goes on where it was.
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

    /// Where a model of one file is.
    ///
    /// - Parameter digest: 64 hexadecimal digits.
    package func path(of digest: String) -> String { "\(models)/\(digest).gguf" }

    /// Where the files of a model of several are.
    package func folder(of digest: String) -> String { "\(models)/\(digest)" }

    package func partialPath(of digest: String) -> String { "\(models)/\(digest).partial" }

    package func partialFolder(of digest: String) -> String { "\(models)/\(digest).parts" }

    /// The whole model of that digest: its place in the cache, and what to open; nil where it is not there.
    func cached(_ digest: String) -> (place: String, path: String)? {
        let (file, folder) = (path(of: digest), folder(of: digest))
        if FileManager.default.isReadableFile(atPath: file) { return (file, file) }
        guard FileStatus(path: folder)?.kind == .folder,
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        else { return nil }
        return (folder, ModelParts.path(inFolder: folder, names: names))
    }

    /// Removes a model that turned out to be damaged, unless another worker has replaced it since.
    ///
    /// - Parameters:
    ///   - place: of the model, as ``cached(_:)`` gave it.
    ///   - status: of that place, before the model was read.
    func remove(_ place: String, ifStill status: FileStatus?) throws {
        guard let status, FileStatus(path: place) == status else { return }
        guard status.kind == .folder else {
            return try ModelCacheError.explaining { () throws(FileError) in try FolderEntry.remove(place) }
        }
        // Under its name no worker must see half of it.
        let damaged = "\(place).damaged-\(UUID().uuidString)"
        try ModelCacheError.explaining { () throws(FileError) in try FolderEntry.rename(place, to: damaged) }
        do {
            try FileManager.default.removeItem(atPath: damaged)
        } catch {
            throw ModelCacheError(
                "cannot remove \(damaged): \(error.localizedDescription). \(ModelCacheError.otherFolder)")
        }
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
