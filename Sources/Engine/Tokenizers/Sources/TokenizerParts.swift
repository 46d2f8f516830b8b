/// What a source says of a tokenizer, checked: everything that `Tokenizer` consists of.
struct TokenizerParts {
    let pipeline: Pipeline
    /// Each token's bytes in a text.
    let spellings: Spellings
    var bosToken: Int32?
    var addsBOS = false
    var endTokens: Set<Int32> = []
    /// What the model's own tokenizer puts before a text and behind it.
    var ownPrefix: [Int32] = []
    var ownSuffix: [Int32] = []
    var identity = ""
    /// What the source says that is passed over, each a sentence.
    var warnings: [String] = []
}

/// The bytes that each token stands for in a text, one after another.
struct Spellings {
    private var bytes: [UInt8] = []
    private var offsets = [0]

    var count: Int { offsets.count - 1 }

    mutating func append(_ append: (inout [UInt8]) -> Void) {
        append(&bytes)
        offsets.append(bytes.count)
    }

    subscript(token: Int32) -> [UInt8] { Array(bytes[offsets[Int(token)]..<offsets[Int(token) + 1]]) }
}

/// The 64-bit FNV-1a hash: stable from run to run and machine to machine, unlike `Hasher`.
struct FNV1a {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func combine(byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    /// The bytes and their number, so that the borders between strings count.
    mutating func combine(_ bytes: some Collection<UInt8>) {
        withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { for byte in $0 { combine(byte: byte) } }
        for byte in bytes { combine(byte: byte) }
    }

    var hexadecimal: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Tokens that the names of some tokenizers' tokens tell: SentencePiece's bytes, and the ends of answers.
enum TokenNames {
    /// Spellings of tokens with which models end what they say, whatever else their files call them.
    static let ends: Set<[UInt8]> = Set(
        [
            "</s>", "<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>",
            "<end_of_turn>",
        ].map { Array($0.utf8) })

    /// The byte of `<0xF0>`; nil for another name.
    static func byte(_ name: [UInt8]) -> UInt8? {
        guard name.count == 6, name.starts(with: "<0x".utf8), name.last == UInt8(ascii: ">") else { return nil }
        var value: UInt8 = 0
        for digit in name.dropFirst(3).prefix(2) {
            switch digit {
            case 0x30...0x39: value = value << 4 | (digit - 0x30)
            case 0x41...0x46: value = value << 4 | (digit - 0x41 + 10)
            default: return nil
            }
        }
        return value
    }

    /// Appends a token's name with SentencePiece's mark for a space as a space.
    static func appendUnescaped(_ name: some Collection<UInt8>, to bytes: inout [UInt8]) {
        let start = bytes.count
        for byte in name {
            bytes.append(byte)
            if bytes.count - start >= 3, bytes.suffix(3).elementsEqual(Metaspace.mark) {
                bytes.removeLast(3)
                bytes.append(0x20)
            }
        }
    }
}
