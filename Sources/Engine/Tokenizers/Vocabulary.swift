import ModelFiles

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

/// The tokens as bytes, and which token some bytes are. Immutable, keyed by bytes and never by `String`, whose equality
/// is canonical equivalence.
struct Vocabulary {
    let kinds: [TokenKind]
    /// All tokens' bytes, one after another; token `id` has `offsets[id]..<offsets[id + 1]`.
    private let bytes: [UInt8]
    private let offsets: [Int]
    /// Open addressing with linear probing; a power of two of slots, at most half of them used, each a token or -1.
    private var slots: [Int32]
    private(set) var longestToken = 0

    /// - Precondition: `spellings` and `kinds` have one count, at most `Int32.max`.
    init(spellings: GGUFStringArray, kinds: [TokenKind]) {
        precondition(spellings.count == kinds.count && kinds.count <= Int32.max)
        var bytes: [UInt8] = []
        var offsets = [0]
        offsets.reserveCapacity(kinds.count + 1)
        for (id, kind) in kinds.enumerated() {
            spellings.withBytes(at: id) { spelling in
                if kind.isByteLevel, ByteLevelAlphabet.decode(spelling, appendingTo: &bytes) { return }
                bytes.append(contentsOf: spelling)
            }
            offsets.append(bytes.count)
        }
        self.kinds = kinds
        self.bytes = bytes
        self.offsets = offsets

        var slotCount = 2
        while slotCount < 2 * kinds.count { slotCount *= 2 }
        slots = Array(repeating: -1, count: slotCount)
        // Of tokens with the same bytes the first one counts, and byte-level ones before others.
        for isByteLevel in [true, false] {
            for (id, kind) in kinds.enumerated() where kind.isByteLevel == isByteLevel && !kind.isControl {
                insert(Int32(id))
            }
        }
    }

    var count: Int { kinds.count }

    /// The bytes of token `id`, valid only inside `body`.
    func withBytes<R>(of id: Int32, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        let range = offsets[Int(id)]..<offsets[Int(id) + 1]
        return try bytes.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range])) }
    }

    /// The token that is exactly these bytes, control tokens aside.
    func token(for word: UnsafeBufferPointer<UInt8>) -> Int32? {
        guard word.count <= longestToken else { return nil }
        let id = slots[slot(for: word)]
        return id < 0 ? nil : id
    }

    private mutating func insert(_ id: Int32) {
        let count = offsets[Int(id) + 1] - offsets[Int(id)]
        guard count > 0 else { return }
        longestToken = max(longestToken, count)
        let free = withBytes(of: id) { slot(for: $0) }
        if slots[free] < 0 { slots[free] = id }
    }

    /// The slot that holds `word`'s token, or the empty one where it would be.
    private func slot(for word: UnsafeBufferPointer<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(word))
        let mask = slots.count - 1
        var slot = hasher.finalize() & mask
        while slots[slot] >= 0, !withBytes(of: slots[slot], { $0.elementsEqual(word) }) {
            slot = (slot + 1) & mask
        }
        return slot
    }
}
