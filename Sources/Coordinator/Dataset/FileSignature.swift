/// Kinds of files that hold datasets and are not read here, recognized by their first bytes, whatever their name is.
enum FileSignature: CaseIterable {
    case gzip, tar, zstandard, bzip2, xz, lz4, zip, parquet, arrow, sqlite, utf16

    /// Nil for what may be text.
    init?(of bytes: [UInt8]) {
        if let signature = Self.allCases.first(where: { $0.marks.contains { bytes.starts(with: $0) } }) {
            self = signature
        } else if bytes.count > 1, (bytes[0] == 0) != (bytes[1] == 0) {
            // UTF-16 without its mark: one of the first character's two bytes.
            self = .utf16
        } else if bytes.dropFirst(257).starts(with: Array("ustar".utf8)) {
            self = .tar
        } else {
            return nil
        }
    }

    private var marks: [[UInt8]] {
        switch self {
        // These two only inside of another one: the outer one is read.
        case .gzip: [[0x1F, 0x8B]]
        case .tar: []
        case .zstandard: [[0x28, 0xB5, 0x2F, 0xFD]]
        case .bzip2: (UInt8(ascii: "1")...UInt8(ascii: "9")).map { Array("BZh".utf8) + [$0, 0x31, 0x41, 0x59] }
        case .xz: [[0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]]
        case .lz4: [[0x04, 0x22, 0x4D, 0x18]]
        case .zip: [[0x50, 0x4B, 0x03, 0x04]]
        case .parquet: [Array("PAR1".utf8)]
        // The second begins a stream, as `save_to_disk` writes it.
        case .arrow: [Array("ARROW1".utf8), [0xFF, 0xFF, 0xFF, 0xFF]]
        case .sqlite: [Array("SQLite format 3\0".utf8)]
        case .utf16: [[0xFF, 0xFE], [0xFE, 0xFF], [0, 0, 0xFE, 0xFF]]
        }
    }

    /// In a text, where the file should be one.
    var problem: String { "expected JSON or CSV in UTF-8, plain or compressed with gzip or zstd, found \(words)" }

    /// What it is, and what may be done with it.
    var words: String {
        switch self {
        case .gzip: "gzip data inside of compressed data; decompress it once with `gunzip`"
        case .tar: "a tar archive; take the file out of it"
        case .zstandard: "zstd data inside of compressed data; decompress it once with `zstd -d`"
        case .bzip2: "bzip2 data; decompress it with `bunzip2`"
        case .xz: "xz data; decompress it with `unxz`"
        case .lz4: "lz4 data; decompress it with `lz4 -d`"
        case .zip: "a zip archive (or a spreadsheet); take the file out of it, or export it as CSV"
        case .parquet: "a Parquet file; give it, decompressed, a name that ends with .parquet"
        case .arrow: "an Arrow file; give it, decompressed, a name that ends with .arrow"
        case .sqlite: "an SQLite database; export its table as CSV"
        case .utf16: "UTF-16 or UTF-32; `iconv -f UTF-16 -t UTF-8` converts it"
        }
    }
}
