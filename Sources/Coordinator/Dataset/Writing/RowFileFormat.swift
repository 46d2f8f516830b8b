internal import Diagnostics
package import FileSystem

/// How a file of rows is written: its name says it.
package enum RowFileFormat: Hashable, Sendable {
    /// A JSON object on each line.
    case jsonLines
    case parquet

    package init(path: String) {
        self = path.lowercased().hasSuffix(".parquet") ? .parquet : .jsonLines
    }

    /// - Parameter columns: whether the rows come from columns with types, which a Parquet file needs.
    /// - Throws: `FileError` where a file of that name cannot be written.
    package static func check(_ path: String, columns: Bool) throws(FileError) {
        let name = path.lowercased()
        if name.hasSuffix(".arrow") || name.hasSuffix(".parquet.gz") {
            throw FileError(
                path: path,
                problem: """
                    expected a name that ends with .parquet (compressed inside), .jsonl or .jsonl.gz: other files are \
                    not written
                    """)
        }
        guard columns || RowFileFormat(path: path) != .parquet else {
            throw FileError(
                path: path,
                problem: """
                    expected a name that ends with .jsonl or .jsonl.gz: Parquet is written of rows that come from \
                    Parquet or Arrow files, whose columns have types
                    """)
        }
    }

    /// - Throws: `FileError` where errors cannot be written into a file of that name.
    package static func check(errorsPath path: String) throws(FileError) {
        let name = path.lowercased()
        guard ![".arrow", ".parquet", ".parquet.gz"].contains(where: name.hasSuffix) else {
            throw FileError(
                path: path, problem: "expected a name that ends with .jsonl or .jsonl.gz: errors are JSON Lines")
        }
    }
}
