internal import Dataset
internal import Digest
internal import FileSystem
internal import Foundation

extension SHA256Digest {
    /// Of a dataset: of one file its own, of several that of their names and digests.
    ///
    /// - Throws: `FileError` where one cannot be read, or the path names no dataset.
    init(ofDataset path: String) throws(FileError) {
        let files = try DatasetFiles(path).paths
        guard files.count > 1 else {
            self = try SHA256Digest(ofFile: files[0])
            return
        }
        var lines = ""
        for file in files { lines += "\((file as NSString).lastPathComponent)\0\(try SHA256Digest(ofFile: file))\n" }
        self = SHA256Digest(of: Data(lines.utf8))
    }
}
