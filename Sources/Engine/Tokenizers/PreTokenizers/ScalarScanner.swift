/// The classes of Unicode scalars that the pre-tokenizers' patterns tell apart.
enum ScalarClass {
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// `[\r\n]`
    case newline
    /// The rest of `\s`: Unicode's `White_Space`
    case space
    /// Everything else, and bytes that are not UTF-8
    case other
    /// There is nothing here: the end of the text
    case end

    /// `\s`
    var isWhitespace: Bool { self == .space || self == .newline }

    @inline(__always)
    init(ascii byte: UInt8) {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A: self = .letter
        case 0x20, 0x09, 0x0B, 0x0C: self = .space
        case 0x30...0x39: self = .number
        case 0x0A, 0x0D: self = .newline
        default: self = .other
        }
    }

    /// - Parameter newNumbers: whether numbers are those of the newest Unicode, not of 16.0.
    init(_ value: UInt32, newNumbers: Bool) {
        let category = ScalarTable.shared.categoryBit(value)
        if category & ScalarCategories.letter.rawValue != 0 {
            self = .letter
        } else if category & ScalarCategories.number.rawValue != 0
            || newNumbers && ScalarTable.shared.isNumeric(value)
        {
            self = .number
        } else {
            self = ScalarTable.isWhiteSpace(value) ? .space : .other
        }
    }
}

/// Walks over bytes that should be UTF-8, scalar by scalar. A byte that is no part of valid UTF-8 counts as one scalar
/// of class `other`.
package struct ScalarScanner {
    let bytes: UnsafeBufferPointer<UInt8>
    private let newNumbers: Bool

    /// A scanner over `bytes`, to be used only as long as they are valid.
    ///
    /// - Parameter newNumbers: whether numbers are those of the newest Unicode, not of 16.0.
    package init(bytes: UnsafeBufferPointer<UInt8>, newNumbers: Bool = false) {
        (self.bytes, self.newNumbers) = (bytes, newNumbers)
    }

    /// The class and length in bytes of the scalar that starts at `position`; length 0 at the end.
    @inline(__always)
    func scalar(at position: Int) -> (class: ScalarClass, length: Int) {
        guard position < bytes.count else { return (.end, 0) }
        let byte = bytes[position]
        return byte < 0x80 ? (ScalarClass(ascii: byte), 1) : multibyteScalar(at: position)
    }

    @inline(__always)
    func scalarClass(at position: Int) -> ScalarClass { scalar(at: position).class }

    /// The end of the longest run from `position` of scalars of `scalarClass`, at most `limit` of them.
    @inline(__always)
    func runEnd(of scalarClass: ScalarClass, from position: Int, limit: Int = .max) -> Int {
        var end = position
        var count = 0
        while count < limit {
            let next = scalar(at: end)
            guard next.class == scalarClass, next.length > 0 else { break }
            end += next.length
            count += 1
        }
        return end
    }

    private func multibyteScalar(at position: Int) -> (class: ScalarClass, length: Int) {
        guard let (value, length) = decodeLongScalar(bytes, at: position) else { return (.other, 1) }
        return (ScalarClass(value, newNumbers: newNumbers), length)
    }
}
