/// Collects the different values of a column, up to a size.
struct DictionaryBuilder {
    /// Bytes that are hashed as a whole; arrays hash one element after the other.
    private struct Text: Hashable {
        let bytes: [UInt8]

        func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
    }

    /// The values, plainly stored.
    private(set) var plain: [UInt8] = []

    /// Where each begins, and behind the last the end.
    private var starts = [0]
    private var numbers: [UInt64: UInt32] = [:]
    private var texts: [Text: UInt32] = [:]

    /// As large as pyarrow lets it be.
    private static let byteCountMax = 1 << 20

    var count: Int { starts.count - 1 }
    var isFull: Bool { plain.count >= Self.byteCountMax }

    mutating func index(of number: UInt64, width: Int) -> UInt32 {
        if let index = numbers[number] { return index }
        let index = UInt32(count)
        numbers[number] = index
        plain.append(number: number, width: width)
        starts.append(plain.count)
        return index
    }

    mutating func index(of text: [UInt8], width: Int) -> UInt32 {
        let key = Text(bytes: text)
        if let index = texts[key] { return index }
        let index = UInt32(count)
        texts[key] = index
        plain.append(text: text, width: width)
        starts.append(plain.count)
        return index
    }

    /// A value, plainly stored.
    func plainValue(_ index: UInt32) -> ArraySlice<UInt8> { plain[starts[Int(index)]..<starts[Int(index) + 1]] }
}

extension [UInt8] {
    /// - Parameter width: 4 or 8 bytes.
    mutating func append(number: UInt64, width: Int) {
        if width == 8 { append(littleEndian: number) } else { append(littleEndian: UInt32(truncatingIfNeeded: number)) }
    }

    /// - Parameter width: 0 where the length has to be said. One that has more bits makes a page that is refused.
    mutating func append(text: [UInt8], width: Int) {
        if width == 0 { append(littleEndian: UInt32(truncatingIfNeeded: text.count)) }
        self += text
    }
}
