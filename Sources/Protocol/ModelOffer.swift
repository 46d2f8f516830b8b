package import Digest

/// The model that a coordinator offers to workers that do not have it: one GGUF file, or several files.
///
/// Their bytes, one file behind the other, travel in chunks of `chunkBytes`, numbered from 0; the last one holds what
/// is left.
package struct ModelOffer: Hashable, Sendable {
    package static let chunkBytes: UInt64 = 1 << 20

    /// No model is larger, so that no number of a chunk overflows when it becomes an offset.
    package static let byteCountMax = FileManifest.byteCountMax

    /// SHA-256 in lower-case hexadecimal: of the one file, or of the manifest and its files.
    package let digest: String

    /// At least 1.
    package let byteCount: UInt64

    /// nil for one GGUF file.
    package let manifest: FileManifest?

    /// One GGUF file.
    ///
    /// - Precondition: 1 to `byteCountMax` bytes.
    package init(digest: String, byteCount: UInt64) {
        precondition((1...Self.byteCountMax).contains(byteCount), "a model of \(byteCount) bytes")
        self.digest = digest
        self.byteCount = byteCount
        manifest = nil
    }

    package init(digest: String, manifest: FileManifest) {
        self.digest = digest
        byteCount = manifest.byteCount
        self.manifest = manifest
    }

    /// Of each file, in their order.
    package var fileSizes: [UInt64] { manifest?.files.map(\.byteCount) ?? [byteCount] }

    /// A part of one file.
    package struct Piece: Hashable, Sendable {
        /// Its place in ``fileSizes``.
        package var file: Int

        /// From the file's first byte.
        package var bytes: Range<UInt64>
    }

    /// What files have of a range of all bytes, none of them empty.
    package func pieces(of range: Range<UInt64>) -> [Piece] {
        var pieces: [Piece] = []
        var start: UInt64 = 0
        for (file, size) in fileSizes.enumerated() {
            let part = range.clamped(to: start..<start + size)
            if !part.isEmpty {
                pieces.append(Piece(file: file, bytes: part.lowerBound - start..<part.upperBound - start))
            }
            start += size
        }
        return pieces
    }

    package var chunkCount: UInt64 { (byteCount + Self.chunkBytes - 1) / Self.chunkBytes }

    /// Where the chunk lies in all bytes; nil where there is no such chunk.
    package func bytes(ofChunk index: UInt64) -> Range<UInt64>? {
        guard index < chunkCount else { return nil }
        return index * Self.chunkBytes..<min((index + 1) * Self.chunkBytes, byteCount)
    }
}

/// A part of a model's bytes.
package struct ModelChunk: Hashable, Sendable {
    /// The whole model's.
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
