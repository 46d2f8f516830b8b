package import FileSystem

/// How rows are laid out in files: how such files are called, and who reads them. What a reader can read is a list of
/// these, so that another kind of file needs another value and nothing else.
package struct DatasetContainer: Sendable {
    package typealias Opening =
        @Sendable (_ path: String, _ maxRowBytes: Int) throws(FileError) -> any ContainerReader

    /// Different for every container.
    package let name: String

    /// How the names of such files end, each also with `.gz` behind it.
    package let endings: [String]

    private let opening: Opening

    package init(name: String, endings: [String], opening: @escaping Opening) {
        self.name = name
        self.endings = endings
        self.opening = opening
    }

    /// - Parameter maxRowBytes: rows with more bytes are unreadable.
    package func open(_ path: String, maxRowBytes: Int) throws(FileError) -> any ContainerReader {
        try opening(path, maxRowBytes)
    }

    /// One JSON object on each line, or one array of objects: the file's first character tells.
    package static let json = DatasetContainer(name: "json", endings: ["jsonl", "ndjson", "json"]) {
        (path, maxRowBytes) throws(FileError) in
        let source = try TextSource(path: path)
        return source.firstVisibleByte == UInt8(ascii: "[")
            ? JSONArrayReader(source, path: path, byteLimit: maxRowBytes)
            : JSONLinesReader(source, byteLimit: maxRowBytes)
    }

    /// RFC 4180, also with semicolons or tabs; the first row names the columns.
    package static let csv = DatasetContainer(name: "csv", endings: ["csv", "tsv"]) {
        (path, maxRowBytes) throws(FileError) in
        try CSVReader(TextSource(path: path), path: path, byteLimit: maxRowBytes)
    }

    /// Those that every job can have. They may be compressed with gzip.
    package static let all = [json, csv]
}

extension DatasetContainer: Hashable {
    package static func == (one: Self, other: Self) -> Bool { one.name == other.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension [DatasetContainer] {
    /// By a file's name; nil for an ending that belongs to none.
    func container(ofFile path: String) -> DatasetContainer? {
        var name = path.lowercased()[...]
        if name.hasSuffix(".gz") { name = name.dropLast(3) }
        let ending = name.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
        return first { $0.endings.contains(String(ending)) }
    }

    /// For messages.
    var endingsInWords: String {
        let endings = flatMap(\.endings).map { ".\($0)" }
        return endings.dropLast().joined(separator: ", ") + (endings.count > 1 ? " or " : "") + (endings.last ?? "")
    }
}
