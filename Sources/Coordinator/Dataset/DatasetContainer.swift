internal import Columnar
package import FileSystem

/// How rows are laid out in files: how such files are called, and who reads them. What a reader can read is a list of
/// these, so that another kind of file needs another value and nothing else.
package struct DatasetContainer: Sendable {
    package typealias Opening =
        @Sendable (_ path: String, _ maxRowBytes: Int) throws(FileError) -> any ContainerReader

    /// Different for every container.
    package let name: String

    /// How the names of such files end.
    package let endings: [String]

    /// Whether such files are texts, each also with `.gz` or `.zst` behind its name.
    let isText: Bool

    private let opening: Opening

    package init(name: String, endings: [String], isText: Bool = true, opening: @escaping Opening) {
        self.name = name
        self.endings = endings
        self.isText = isText
        self.opening = opening
    }

    /// - Parameter maxRowBytes: rows with more bytes are unreadable.
    package func open(_ path: String, maxRowBytes: Int) throws(FileError) -> any ContainerReader {
        try opening(path, maxRowBytes)
    }

    /// One that reads those files one after another, whatever it is asked to open.
    func sharded(_ paths: [String]) -> DatasetContainer {
        DatasetContainer(name: name, endings: endings, isText: isText) { (_, maxRowBytes) throws(FileError) in
            try ShardedReader(paths, self, maxRowBytes: maxRowBytes)
        }
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

    /// Apache Parquet.
    package static let parquet = DatasetContainer(name: "parquet", endings: ["parquet"], isText: false) {
        (path, maxRowBytes) throws(FileError) in
        try ColumnarDatasetReader(path: path, format: .parquet, byteLimit: maxRowBytes)
    }

    /// Arrow's files and streams, such as `save_to_disk` of Hugging Face's `datasets` writes.
    package static let arrow = DatasetContainer(name: "arrow", endings: ["arrow"], isText: false) {
        (path, maxRowBytes) throws(FileError) in
        try ColumnarDatasetReader(path: path, format: .arrow, byteLimit: maxRowBytes)
    }

    /// Those that every job can have.
    package static let all = [json, csv, parquet, arrow]

    /// How the names of files end that can be read, for a shell that completes them.
    package static let completions =
        all.flatMap(\.endings) + StreamCompression.allCases.map { String($0.ending.dropFirst()) }

    /// Of a file that was written here, whose name may be any.
    package static func written(to path: String) -> DatasetContainer {
        RowFileFormat(path: path) == .parquet ? parquet : json
    }
}

extension DatasetContainer: Hashable {
    package static func == (one: Self, other: Self) -> Bool { one.name == other.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension [DatasetContainer] {
    /// By a file's name; nil for an ending that belongs to none.
    func container(ofFile path: String) -> DatasetContainer? {
        var name = path.lowercased()[...]
        let compression = StreamCompression(ofFile: path)
        if let compression { name = name.dropLast(compression.ending.count) }
        let ending = name.split(separator: ".", omittingEmptySubsequences: false).last ?? ""
        return first { $0.endings.contains(String(ending)) && ($0.isText || compression == nil) }
    }

    /// For messages.
    var endingsInWords: String {
        let texts = filter(\.isText).flatMap(\.endings).map { ".\($0)" }
        let others = filter { !$0.isText }.flatMap(\.endings).map { ".\($0)" }
        let last = others.isEmpty ? "" : ", or in \(others.joined(separator: " or "))"
        return texts.dropLast().joined(separator: ", ") + (texts.count > 1 ? " or " : "") + (texts.last ?? "")
            + ", each also with .gz or .zst" + last
    }
}
