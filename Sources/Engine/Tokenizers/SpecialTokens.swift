/// The tokens that are found in the text itself, before it is split into words: control tokens and user-defined ones.
struct SpecialTokens {
    private struct Entry {
        let id: Int32
        let bytes: [UInt8]
        let isControl: Bool
    }

    /// By first byte; the longest first, so that the first match is the longest one.
    private let entries: [[Entry]]

    init(_ vocabulary: Vocabulary) {
        var entries = [[Entry]](repeating: [], count: 256)
        for (id, kind) in vocabulary.kinds.enumerated() where kind.isControl || kind == .userDefined {
            let bytes = vocabulary.withBytes(of: Int32(id)) { Array($0) }
            guard let first = bytes.first else { continue }
            entries[Int(first)].append(Entry(id: Int32(id), bytes: bytes, isControl: kind.isControl))
        }
        self.entries = entries.map { $0.sorted { ($1.bytes.count, $0.id) < ($0.bytes.count, $1.id) } }
    }

    /// The first special token at or after `start`: the leftmost, and of those the longest.
    func firstMatch(
        in text: UnsafeBufferPointer<UInt8>, from start: Int, controlTokens: ControlTokenScope
    ) -> Token? {
        for position in start..<text.count {
            for entry in entries[Int(text[position])] where entry.bytes.count <= text.count - position {
                let range = position..<(position + entry.bytes.count)
                guard text[range].elementsEqual(entry.bytes) else { continue }
                if !entry.isControl || controlTokens.allows(range) { return Token(id: entry.id, bytes: range) }
            }
        }
        return nil
    }
}
