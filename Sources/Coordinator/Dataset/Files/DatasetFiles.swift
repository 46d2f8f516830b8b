internal import Diagnostics
package import FileSystem
internal import Foundation

/// The files that a path of a dataset names, in the order in which their rows are numbered:
///
/// - a file: that one;
/// - a folder as `save_to_disk` of Hugging Face's `datasets` writes it: the files that its `state.json` lists;
/// - a folder of a dataset's repository: the files in it, or in its `data`, such as `train-00000-of-00003.parquet`;
/// - such a folder with a split's name behind it, `FOLDER/train`, which is needed where there are several.
package struct DatasetFiles: Sendable {
    /// At least one, all of the same kind.
    package let paths: [String]

    /// Where they are; nil where the path is that of a file.
    package let folder: String?

    /// - Parameter containers: what can be read.
    /// - Throws: ``FileError`` for a folder without files of a dataset, or with several splits, or without one of the files
    ///   of a split.
    package init(_ path: String, containers: [DatasetContainer] = DatasetContainer.all) throws(FileError) {
        switch FileStatus(path: path)?.kind {
        case .folder:
            folder = path
            paths = try Self.files(in: path, containers)
        case nil:
            let split = (path as NSString).lastPathComponent
            let parent = (path as NSString).deletingLastPathComponent
            let found = FileStatus(path: parent)?.kind == .folder ? try Self.splits(in: parent, containers) : nil
            if let shards = found?.first(where: { $0.name.utf8.elementsEqual(split.utf8) }) {
                folder = parent
                paths = try shards.files()
            } else {
                // Whoever opens it says that it is not there.
                folder = nil
                paths = [path]
            }
        case .file, .other:
            folder = nil
            paths = [path]
        }
    }

    private static func files(in folder: String, _ containers: [DatasetContainer]) throws(FileError) -> [String] {
        if let names = try SavedDataset(folder)?.files { return names.map { "\(folder)/\($0)" } }
        let splits = try splits(in: folder, containers)
        guard let first = splits.first else {
            throw FileError(
                path: folder,
                problem: """
                    expected files of a dataset in this folder or in its folder data, whose names end in \
                    \(containers.endingsInWords), found none
                    """)
        }
        guard splits.count == 1 else {
            throw FileError(
                path: folder,
                problem: """
                    it holds the splits \(splits.map(\.name).listed): name one of them, such as \
                    \((folder as NSString).appendingPathComponent(first.name))
                    """)
        }
        return try first.files()
    }

    private static func names(in folder: String) throws(FileError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw FileError(
                path: folder, problem: "cannot list the files of this folder: \(error.localizedDescription)")
        }
    }

    /// By their names.
    private static func splits(
        in folder: String, _ containers: [DatasetContainer]
    ) throws(FileError) -> [DatasetSplit] {
        if let splits = try SavedDataset.splits(in: folder) {
            return splits.map { DatasetSplit(saved: "\(folder)/\($0)", name: $0) }
        }
        for place in [folder, folder + "/data"] where FileStatus(path: place)?.kind == .folder {
            let names = try names(in: place).filter {
                containers.container(ofFile: $0) != nil && !SavedDataset.descriptions.contains($0) && !$0.hasPrefix(".")
                    && FileStatus(path: "\(place)/\($0)")?.kind == .file
            }
            if !names.isEmpty { return DatasetSplit.splits(of: names, in: place) }
        }
        return []
    }
}
