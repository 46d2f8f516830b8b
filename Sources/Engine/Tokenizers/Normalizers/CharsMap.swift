internal import Diagnostics

/// The table of replacements in a SentencePiece model (`precompiled_charsmap`): a trie of what is replaced, as a double
/// array of Darts-clone's (https://github.com/s-yata/darts-clone), and the replacements, each with a zero behind it.
struct CharsMap {
    private let units: [UInt32]
    private let replacements: [UInt8]

    /// The table that `blob` holds: the trie's size in bytes (32 bits, little-endian), the trie, the replacements.
    ///
    /// - Throws: `Problem`, which says what is wrong with it.
    init(_ blob: [UInt8]) throws(Problem) {
        guard blob.count >= 4 else { throw Problem("expected a table of replacements, found \(blob.count) bytes") }
        let size = (0..<4).reduce(0) { $0 | Int(blob[$1]) << (8 * $1) }
        guard size > 0, size.isMultiple(of: 4), size < blob.count - 4 else {
            throw Problem("expected a trie of less than \(blob.count - 4) bytes, in fours, found one of \(size)")
        }
        units = (0..<(size / 4)).map { unit in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(blob[4 + 4 * unit + $1]) << UInt32(8 * $1) }
        }
        replacements = Array(blob[(4 + size)...])
        guard replacements.last == 0 else { throw Problem("expected replacements that end with 0, found others") }
    }

    /// What `text` begins with that is replaced: its length and its replacement.
    ///
    /// - Parameter longest: else the shortest.
    func replacement(_ text: UnsafeBufferPointer<UInt8>, longest: Bool) -> (length: Int, bytes: ArraySlice<UInt8>)? {
        var found: (length: Int, value: UInt32)?
        var node = offset(of: units[0])
        for (index, byte) in text.enumerated() {
            guard byte != 0 else { break }
            node ^= Int(byte)
            guard node < units.count, units[node] & (1 << 31 | 0xFF) == UInt32(byte) else { break }
            let unit = units[node]
            node ^= offset(of: unit)
            guard node < units.count else { break }
            if unit >> 8 & 1 != 0 {
                found = (index + 1, units[node] & ~(1 << 31))
                if !longest { break }
            }
        }
        guard let (length, value) = found, value < replacements.count else { return nil }
        let start = Int(value)
        guard let end = replacements[start...].firstIndex(of: 0) else { return nil }
        return (length, replacements[start..<end])
    }

    private func offset(of unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }

    /// As Hugging Face's `Precompiled` does it: a short cluster of characters is replaced as a whole by the shortest
    /// entry that it begins with, if there is one; else each of its characters is.
    func normalizedByCluster(_ text: UnsafeBufferPointer<UInt8>) -> AlignedText? {
        var result: AlignedText?
        func replace(_ start: Int, _ end: Int, _ bytes: ArraySlice<UInt8>) {
            if result == nil { result = AlignedText(capacity: text.count + text.count / 4) }
            result?.copy(text, to: start)
            result?.replace(to: end, with: bytes)
        }
        func part(_ start: Int, _ end: Int) -> UnsafeBufferPointer<UInt8> {
            UnsafeBufferPointer(rebasing: text[start..<end])
        }
        var clusters = GraphemeClusters(text)
        while let cluster = clusters.next() {
            if cluster.count < 6,
                let (_, bytes) = replacement(part(cluster.lowerBound, cluster.upperBound), longest: false)
            {
                replace(cluster.lowerBound, cluster.upperBound, bytes)
                continue
            }
            var position = cluster.lowerBound
            while position < cluster.upperBound {
                let end = position + decodeScalar(text, at: position).length
                if let (_, bytes) = replacement(part(position, end), longest: false) { replace(position, end, bytes) }
                position = end
            }
        }
        result?.copy(text, to: text.count)
        return result
    }
}
