/// What is no UTF-8 in a text becomes U+FFFD, as Unicode's chapter 3.9 recommends and Python's `errors="replace"` does:
/// one for each part that is the beginning of a scalar and no more.
enum UTF8Repair {
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// The repaired text; nil where there is nothing to repair.
    static func repaired(_ text: UnsafeBufferPointer<UInt8>) -> AlignedText? {
        var result: AlignedText?
        var position = 0
        while position < text.count {
            if text[position] < 0x80 {
                position += 1
            } else if let (_, length) = decodeLongScalar(text, at: position) {
                position += length
            } else {
                let length = beginningLength(text, at: position)
                if result == nil { result = AlignedText(capacity: text.count + 16) }
                result?.copy(text, to: position)
                result?.replace(to: position + length, with: replacement)
                position += length
            }
        }
        result?.copy(text, to: text.count)
        return result
    }

    /// How many bytes at `position` begin a scalar that does not go on; 1 where none does (Unicode, table 3-7).
    private static func beginningLength(_ text: UnsafeBufferPointer<UInt8>, at position: Int) -> Int {
        let second: ClosedRange<UInt8>
        let full: Int
        switch text[position] {
        case 0xC2...0xDF: (second, full) = (0x80...0xBF, 2)
        case 0xE0: (second, full) = (0xA0...0xBF, 3)
        case 0xED: (second, full) = (0x80...0x9F, 3)
        case 0xE1...0xEF: (second, full) = (0x80...0xBF, 3)
        case 0xF0: (second, full) = (0x90...0xBF, 4)
        case 0xF4: (second, full) = (0x80...0x8F, 4)
        case 0xF1...0xF3: (second, full) = (0x80...0xBF, 4)
        default: return 1
        }
        var length = 1
        while length < full, position + length < text.count {
            let byte = text[position + length]
            guard length == 1 ? second.contains(byte) : byte & 0xC0 == 0x80 else { break }
            length += 1
        }
        return length
    }
}
