internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import Foundation

/// Where a job writes.
enum OutputPlace {
    /// Whether a file can be written there, once its folders are made.
    static func check(_ path: String) throws {
        let path = FilePlace(path).path
        try AtomicFile.check(path)
        var isFolder: ObjCBool = false
        var folder = (path as NSString).deletingLastPathComponent
        while !FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder) {
            folder = (folder as NSString).deletingLastPathComponent
        }
        guard isFolder.boolValue, FileManager.default.isWritableFile(atPath: folder) else {
            throw FileError(path: folder, problem: "cannot write into this folder")
        }
    }

    /// That a file is in no folder whose files are read as a dataset: it would be one of them the next time.
    static func check(_ path: String, outsideOfDataset dataset: String) throws {
        guard let folder = try DatasetFiles(dataset).folder,
            FilePlace(path).isWithin(FilePlace(FilePlace.absolute(folder)))
        else { return }
        throw FileError(
            path: path, problem: "expected a place outside of \(folder), whose files are the dataset \(dataset)")
    }

    /// Makes the folder that a file is to be in: of a link, the one that it points into.
    static func makeFolder(of path: String) throws {
        let folder = (FilePlace(path).path as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw FileError(path: folder, problem: "cannot make this folder: \(error.localizedDescription)")
        }
    }
}
