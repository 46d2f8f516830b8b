internal import Digest
internal import Protocol

extension EmbeddingStore {
    /// A row's vectors on their way into the store.
    struct Record: Sendable {
        let texts: Int

        /// f16 `[readouts, texts, hidden]`
        let bytes: [UInt8]

        /// `[readouts, texts]`
        let exponents: [Int8]

        /// Of each readout's vectors.
        let checksums: [UInt32]

        var bytesPerText: Int { bytes.count / texts }

        /// - Parameter texts: the row's, of a unit's.
        init(_ kept: KeptEmbeddings, texts: Range<Int>) {
            let (readouts, bytesPerVector) = (kept.vectors.shape[1], kept.vectors.shape[2] * 2)
            var bytes: [UInt8] = []
            var checksums: [UInt32] = []
            for slot in 0..<readouts {
                let own = texts.flatMap { text in
                    let start = (text * readouts + slot) * bytesPerVector
                    return kept.vectors.bytes[start..<start + bytesPerVector]
                }
                checksums.append(CRC32.checksum(own))
                bytes += own
            }
            self.texts = texts.count
            self.bytes = bytes
            self.checksums = checksums
            exponents = (0..<readouts).flatMap { slot in texts.map { kept.exponents[$0 * readouts + slot] } }
        }
    }
}
