/// How the rows are laid out in the file. Either kind may be compressed with gzip.
package enum DatasetContainer: String, CaseIterable, Sendable {
    /// One JSON object on each line, or one array of objects: the file's first character tells.
    case json
    /// RFC 4180, also with semicolons or tabs; the first row names the columns.
    case csv

    /// By the file's name; nil for an extension that belongs to neither.
    init?(path: String) {
        var name = path.lowercased()[...]
        if name.hasSuffix(".gz") { name = name.dropLast(3) }
        switch name.split(separator: ".", omittingEmptySubsequences: false).last {
        case "jsonl", "ndjson", "json": self = .json
        case "csv", "tsv": self = .csv
        default: return nil
        }
    }
}
