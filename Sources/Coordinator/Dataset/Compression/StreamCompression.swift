internal import FileSystem

/// How texts are compressed as a whole. Read by what they begin with, written by what the file is called.
enum StreamCompression: String, CaseIterable {
    case gzip, zstd

    /// How the names of such files end.
    var ending: String {
        switch self {
        case .gzip: ".gz"
        case .zstd: ".zst"
        }
    }

    /// By a file's name; nil for a plain one.
    init?(ofFile path: String) {
        guard let found = Self.allCases.first(where: { path.lowercased().hasSuffix($0.ending) }) else { return nil }
        self = found
    }

    /// By a file's first bytes; nil for a plain one.
    init?(of bytes: [UInt8]) {
        guard let found = Self.allCases.first(where: { bytes.starts(with: $0.magic) }) else { return nil }
        self = found
    }

    private var magic: [UInt8] {
        switch self {
        case .gzip: GzipDecompressor.magic
        case .zstd: ZstdDecompressor.magic
        }
    }

    var decompressor: any StreamDecompressor {
        switch self {
        case .gzip: GzipDecompressor()
        case .zstd: ZstdDecompressor()
        }
    }

    var compressor: any StreamCompressor {
        switch self {
        case .gzip: GzipCompressor()
        case .zstd: ZstdCompressor()
        }
    }

    /// Whose words an error has.
    var library: String {
        switch self {
        case .gzip: "zlib"
        case .zstd: "zstd"
        }
    }

    /// What such a file consists of: one or several.
    var part: String {
        switch self {
        case .gzip: "gzip member"
        case .zstd: "zstd frame"
        }
    }
}

/// What is wrong with a compressed file.
enum StreamError: Error, Hashable {
    /// In the library's words.
    case damaged(String)
    /// There is something behind a part's end that may not be there; what, in words.
    case trailing(String)
}

/// Decompresses a stream, a piece at a time.
protocol StreamDecompressor: AnyObject, Sendable {
    /// Decompresses from `input[position...]` into `output`, from its start.
    ///
    /// - Parameters:
    ///   - position: moves behind what was consumed; to the offending byte where an error is thrown behind a part.
    ///   - isLast: whether the file ends with this input.
    /// - Returns: the bytes that `output` now holds; 0 where more input is needed, or at the end.
    func decompress(
        _ input: [UInt8], from position: inout Int, isLast: Bool, into output: inout [UInt8]
    ) throws(StreamError) -> Int
}

/// Compresses a stream, a piece at a time. The same input gives the same bytes.
protocol StreamCompressor: AnyObject, Sendable {
    /// Compresses `input`, and passes on what is ready; at the end, everything.
    func compress(
        _ input: [UInt8], isLast: Bool, output: (ArraySlice<UInt8>) throws(FileError) -> Void
    ) throws(FileError)
}
