/// The model file that a coordinator offers to workers that do not have it.
///
/// It travels in chunks of `chunkBytes`, numbered from 0; the last one holds what is left.
package struct ModelOffer: Hashable, Sendable {
    package static let chunkBytes: UInt64 = 1 << 20

    /// No model file is larger, so that no number of a chunk overflows when it becomes an offset.
    package static let byteCountMax: UInt64 = 1 << 50

    /// SHA-256 of the whole file in lower-case hexadecimal.
    package let digest: String

    /// At least 1.
    package let byteCount: UInt64

    /// - Precondition: 1 to `byteCountMax` bytes.
    package init(digest: String, byteCount: UInt64) {
        precondition((1...Self.byteCountMax).contains(byteCount), "a model of \(byteCount) bytes")
        self.digest = digest
        self.byteCount = byteCount
    }

    package var chunkCount: UInt64 { (byteCount + Self.chunkBytes - 1) / Self.chunkBytes }

    /// Where the chunk lies in the file; nil where the file has no such chunk.
    package func bytes(ofChunk index: UInt64) -> Range<UInt64>? {
        guard index < chunkCount else { return nil }
        return index * Self.chunkBytes..<min((index + 1) * Self.chunkBytes, byteCount)
    }
}

/// A part of a model file.
package struct ModelChunk: Hashable, Sendable {
    /// The whole file's.
    package var digest: String
    package var index: UInt64

    /// 1 to `ModelOffer.chunkBytes`.
    package var bytes: [UInt8]

    package init(digest: String, index: UInt64, bytes: [UInt8]) {
        self.digest = digest
        self.index = index
        self.bytes = bytes
    }
}
