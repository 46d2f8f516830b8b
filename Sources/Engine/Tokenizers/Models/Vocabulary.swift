/// What a token is for: the values of `tokenizer.ggml.token_type`.
enum TokenKind: Int {
    case undefined = 0
    case normal = 1
    case unknown = 2
    case control = 3
    case userDefined = 4
    case unused = 5
    case byte = 6

    /// Control tokens steer a model. Plain text never becomes one.
    var isControl: Bool { self == .control || self == .unknown }

    /// Normal tokens are spelt in the byte-level alphabet, the others as the text itself.
    var isByteLevel: Bool { self == .undefined || self == .normal || self == .byte }
}

/// The tokens as the bytes that a model finds them by, and which token some bytes are. Immutable, keyed by bytes and
/// never by `String`, whose equality is canonical equivalence.
struct Vocabulary {
    /// How a token can be found.
    enum Finding {
        case byItsBytes
        /// Only if no other token has these bytes.
        case afterOthers
        case never
    }

    /// All tokens' bytes, one after another; token `id` has `offsets[id]..<offsets[id + 1]`.
    private let bytes: [UInt8]
    private let offsets: [Int]
    /// Open addressing with linear probing; a power of two of slots, at most half of them used, each a token or -1.
    private var slots: [Int32]
    private let hash = SeededHash()
    private(set) var longestToken = 0

    /// - Parameters:
    ///   - count: at most `Int32.max`.
    ///   - append: appends a token's bytes, and says how it is found.
    init(count: Int, append: (_ id: Int, _ bytes: inout [UInt8]) -> Finding) {
        precondition(count <= Int32.max)
        var bytes: [UInt8] = []
        var offsets = [0]
        offsets.reserveCapacity(count + 1)
        var findings: [Finding] = []
        findings.reserveCapacity(count)
        for id in 0..<count {
            findings.append(append(id, &bytes))
            offsets.append(bytes.count)
        }
        self.bytes = bytes
        self.offsets = offsets

        var slotCount = 2
        while slotCount < 2 * count { slotCount *= 2 }
        slots = Array(repeating: -1, count: slotCount)
        // Of tokens with the same bytes the first one counts.
        for finding in [Finding.byItsBytes, .afterOthers] {
            for id in 0..<count where findings[id] == finding { insert(Int32(id)) }
        }
    }

    var count: Int { offsets.count - 1 }

    /// The bytes of token `id`, valid only inside `body`.
    @inline(__always)
    func withBytes<R>(of id: Int32, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        let range = offsets[Int(id)]..<offsets[Int(id) + 1]
        return try bytes.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// The token that is exactly these bytes, of those that can be found.
    @inline(__always)
    func token(for word: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard word.count <= longestToken else { return nil }
        let id = slots[slot(for: word)]
        return id < 0 ? nil : id
    }

    /// Whether the token's bytes lead to it.
    func isFindable(_ id: Int32) -> Bool { withBytes(of: id) { token(for: $0) == id } }

    private mutating func insert(_ id: Int32) {
        let count = offsets[Int(id) + 1] - offsets[Int(id)]
        guard count > 0 else { return }
        longestToken = max(longestToken, count)
        let free = withBytes(of: id) { slot(for: $0) }
        if slots[free] < 0 { slots[free] = id }
    }

    /// The slot that holds `word`'s token, or the empty one where it would be.
    @inline(__always)
    private func slot(for word: UnsafeBufferPointer<UInt8>) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            let mask = slots.count - 1
            var slot = hash.slot(of: word) & mask
            while true {
                let id = Int(slots[slot])
                if id < 0 { return slot }
                let start = offsets[id]
                if offsets[id + 1] - start == word.count, Self.areEqual(bytes, start, word) { return slot }
                slot = (slot + 1) & mask
            }
        }
    }

    @inline(__always)
    private static func areEqual(
        _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ word: UnsafeBufferPointer<UInt8>
    ) -> Bool {
        var index = 0
        while index < word.count {
            guard bytes[start + index] == word[index] else { return false }
            index += 1
        }
        return true
    }
}
