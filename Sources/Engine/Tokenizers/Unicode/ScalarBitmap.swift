/// A `ScalarSet` made ready for matching: two words for ASCII, pages of bits for the rest.
struct ScalarBitmap {
    private let ascii: (UInt64, UInt64)
    /// For each 256 scalars where their four words start in `words`, divided by four.
    private let pages: [UInt16]
    private let words: [UInt64]

    init(_ set: ScalarSet) {
        var ascii: [UInt64] = [0, 0]
        // The first two pages hold nothing and everything.
        var pages = [UInt16](repeating: 0, count: 0x1100)
        var words = [UInt64](repeating: 0, count: 4) + [UInt64](repeating: .max, count: 4)
        for range in set.ranges {
            if range.lowerBound < 0x80 {
                for value in range.lowerBound...min(range.upperBound, 0x7F) {
                    ascii[Int(value >> 6)] |= 1 << UInt64(value & 63)
                }
            }
            for page in (range.lowerBound >> 8)...(range.upperBound >> 8) {
                let first = max(range.lowerBound, page << 8)
                let last = min(range.upperBound, page << 8 | 0xFF)
                guard last - first < 0xFF else {
                    pages[Int(page)] = 1
                    continue
                }
                if pages[Int(page)] == 0 {
                    pages[Int(page)] = UInt16(words.count >> 2)
                    words += [0, 0, 0, 0]
                }
                let start = Int(pages[Int(page)]) << 2
                for value in first...last { words[start + Int(value >> 6 & 3)] |= 1 << UInt64(value & 63) }
            }
        }
        self.ascii = (ascii[0], ascii[1])
        (self.pages, self.words) = (pages, words)
    }

    /// - Precondition: `byte` is below 0x80.
    @inline(__always)
    func contains(ascii byte: UInt8) -> Bool {
        (byte < 64 ? ascii.0 : ascii.1) >> UInt64(byte & 63) & 1 != 0
    }

    /// - Precondition: `value` is a Unicode scalar's.
    @inline(__always)
    func contains(_ value: UInt32) -> Bool {
        words[Int(pages[Int(value >> 8)]) << 2 | Int(value >> 6 & 3)] >> UInt64(value & 63) & 1 != 0
    }
}
