/// The names and sizes of several files that belong together, in their order. Their bytes, one file behind the other,
/// are what is digested and sent.
///
/// Names are ASCII letters, digits, `.`, `-` and `_`, and do not begin with a `.`: put behind a folder's path, none
/// leads anywhere else.
package struct FileManifest: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        package let name: String
        package let byteCount: UInt64

        package init(name: String, byteCount: UInt64) {
            self.name = name
            self.byteCount = byteCount
        }
    }

    package static let filesMax = 1024
    package static let nameBytesMax = 255

    /// Of all files together.
    package static let byteCountMax: UInt64 = 1 << 50

    package let files: [File]

    /// Of all files together, at least 1.
    package let byteCount: UInt64

    /// - Throws: `FileManifestError` for names, numbers and sizes that no manifest has.
    package init(_ files: [File]) throws(FileManifestError) {
        guard (1...Self.filesMax).contains(files.count) else {
            throw FileManifestError("\(files.count) files: expected 1 to \(Self.filesMax)")
        }
        var names: Set<String> = []
        var sum: UInt64 = 0
        for (index, file) in files.enumerated() {
            guard Self.isName(file.name) else {
                throw FileManifestError(
                    """
                    the name of file \(index): expected 1 to \(Self.nameBytesMax) ASCII letters, digits, '.', '-' and \
                    '_', with no '.' at its beginning, found another name of \(file.name.utf8.count) bytes
                    """)
            }
            guard names.insert(file.name).inserted else {
                throw FileManifestError("\(file.name): expected each name once, found it twice")
            }
            guard file.byteCount <= Self.byteCountMax - sum else {
                throw FileManifestError(
                    "\(file.name) of \(file.byteCount) bytes: expected at most \(Self.byteCountMax) in all files")
            }
            sum += file.byteCount
        }
        guard sum > 0 else { throw FileManifestError("files without bytes: expected at least one byte") }
        self.files = files
        byteCount = sum
    }

    private static func isName(_ text: String) -> Bool {
        (1...nameBytesMax).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: ".")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// What is digested before the files' bytes: a line with the form's name, one with size and name of each file,
    /// and an empty one.
    package var header: [UInt8] {
        let lines = ["legend-files-1"] + files.map { "\($0.byteCount) \($0.name)" } + ["", ""]
        return Array(lines.joined(separator: "\n").utf8)
    }

    /// In words, what the other manifest has of this one and what it has not; nil where they are the same.
    package func difference(from other: FileManifest) -> String? {
        guard self != other else { return nil }
        func words(_ what: String, _ names: [String]) -> String? {
            names.isEmpty ? nil : "\(what) \(names.prefix(12).joined(separator: ", "))\(names.count > 12 ? ", …" : "")"
        }
        let (own, others) = (Set(files.map(\.name)), Set(other.files.map(\.name)))
        let sizes = Dictionary(files.map { ($0.name, $0.byteCount) }, uniquingKeysWith: { first, _ in first })
        let resized = other.files.filter { file in sizes[file.name].map { $0 != file.byteCount } ?? false }
        let parts = [
            words("without", other.files.map(\.name).filter { !own.contains($0) }),
            words("with", files.map(\.name).filter { !others.contains($0) }),
            words("with other sizes of", resized.map(\.name)),
        ].compactMap(\.self)
        return parts.isEmpty ? "in another order" : parts.joined(separator: ", ")
    }
}

/// Why files cannot be a manifest, as a sentence.
package struct FileManifestError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
