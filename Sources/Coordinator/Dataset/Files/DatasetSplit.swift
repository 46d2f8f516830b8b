internal import Diagnostics
internal import FileSystem
internal import Foundation

/// A part of a dataset's repository, such as `train`, in one file or in shards.
struct DatasetSplit {
    let name: String

    /// Of each file: the number and the count that its name says, where it says so.
    private var shards: [(path: String, number: Int?, count: Int?)]

    /// A folder that `save_to_disk` wrote.
    private let saved: String?

    init(saved folder: String, name: String) {
        self.name = name
        saved = folder
        shards = []
    }

    private init(_ name: String) {
        self.name = name
        saved = nil
        shards = []
    }

    /// In the order of their names; files that are numbered and nothing else are one split, which has the folder's name.
    static func splits(of names: [String], in folder: String) -> [DatasetSplit] {
        var splits: [DatasetSplit] = []
        for name in names.sorted() {
            let (split, number, count) = parts(of: name)
            let title = split.isEmpty ? (folder as NSString).lastPathComponent : split
            let place = splits.firstIndex { $0.name.utf8.elementsEqual(title.utf8) } ?? splits.count
            if place == splits.count { splits.append(DatasetSplit(title)) }
            splits[place].shards.append(("\(folder)/\(name)", number, count))
        }
        return splits
    }

    /// Of `train-00000-of-00003.parquet` and `train-00000-of-00003-0123abcd.parquet` the name, the number and how many there
    /// are; of `0000.parquet` the number; of another the name before its endings.
    private static func parts(of name: String) -> (split: String, number: Int?, count: Int?) {
        let base = String(name.prefix { $0 != "." })
        if let match = base.wholeMatch(of: /(.+)-([0-9]{1,9})-of-([0-9]{1,9})(-[0-9a-f]+)?/) {
            return (String(match.1), Int(match.2), Int(match.3))
        }
        if base.wholeMatch(of: /[0-9]{1,9}/) != nil { return ("", Int(base), nil) }
        return (base, nil, nil)
    }

    /// - Throws: ``FileError`` where a shard is missing or there twice, or files of one name are of several kinds.
    func files() throws(FileError) -> [String] {
        if let saved { return try DatasetFiles(saved).paths }
        let paths = shards.map(\.path)
        let folder = (paths[0] as NSString).deletingLastPathComponent
        let names = paths.map { ($0 as NSString).lastPathComponent }
        func problem(_ expected: String) -> FileError {
            FileError(path: folder, problem: "the split \(name.quoted): expected \(expected), found \(names.listed)")
        }
        guard Set(names.map { String($0.drop { $0 != "." }) }).count == 1 else {
            throw problem("files whose names end alike")
        }
        let ordered = shards.sorted { ($0.number ?? 0, $0.path) < ($1.number ?? 0, $1.path) }
        if let count = shards.compactMap(\.count).first {
            guard shards.allSatisfy({ $0.count == count }),
                ordered.map(\.number) == (0..<shards.count).map(Optional.some),
                shards.count == count
            else { throw problem("\(count) files, numbered from 0 on") }
        } else if shards.count > 1, shards.contains(where: { $0.number == nil }) {
            throw problem("one file")
        }
        return ordered.map(\.path)
    }
}
