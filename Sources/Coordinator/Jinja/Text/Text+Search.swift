extension Text {
    /// Where another text begins in a part of this one, in time linear in both: the first place, in bytes.
    ///
    /// Knuth, Morris, Pratt: "Fast pattern matching in strings", SIAM J. Comput. 6 (1977).
    struct Pattern {
        private let bytes: [UInt8]
        /// For each prefix's length less one, the length of its longest proper suffix that is a prefix of the pattern.
        private var borders: [Int]

        /// - Parameter text: not empty.
        init(_ text: Text) {
            bytes = text.utf8
            borders = Array(repeating: 0, count: bytes.count)
            var length = 0
            for index in bytes.indices.dropFirst() {
                while length > 0, bytes[index] != bytes[length] { length = borders[length - 1] }
                if bytes[index] == bytes[length] { length += 1 }
                borders[index] = length
            }
        }

        func first(in text: [UInt8], _ range: Range<Int>) -> Int? {
            var length = 0
            var position = range.lowerBound
            while position < range.upperBound {
                if length == 0 {
                    guard let start = text[position..<range.upperBound].firstIndex(of: bytes[0]) else { return nil }
                    position = start
                }
                while length > 0, text[position] != bytes[length] { length = borders[length - 1] }
                if text[position] == bytes[length] { length += 1 }
                position += 1
                if length == bytes.count { return position - length }
            }
            return nil
        }
    }

    /// Where the places begin that hold another text, without overlap, from the left.
    ///
    /// - Parameters:
    ///   - other: not empty.
    ///   - limit: how many at most; nil: all.
    func places(of other: Text, in range: Range<Int>, limit: Int? = nil) -> [Int] {
        guard other.utf8.count <= range.count, limit != 0 else { return [] }
        let pattern = Pattern(other)
        var places: [Int] = []
        var start = range.lowerBound
        while let place = pattern.first(in: utf8, start..<range.upperBound) {
            places.append(place)
            if places.count == limit { break }
            start = place + other.utf8.count
        }
        return places
    }

    /// The same from the right: the last place first.
    func placesFromTheRight(of other: Text, limit: Int? = nil) -> [Int] {
        let reversed = Text(utf8: utf8.reversed(), by: .input)
        let places = reversed.places(
            of: Text(utf8: other.utf8.reversed(), by: .input), in: 0..<utf8.count, limit: limit)
        return places.map { utf8.count - $0 - other.utf8.count }
    }

    func contains(_ other: Text) -> Bool {
        other.isEmpty || !places(of: other, in: 0..<utf8.count, limit: 1).isEmpty
    }

    func hasPrefix(_ other: Text) -> Bool { utf8.starts(with: other.utf8) }

    func hasSuffix(_ other: Text) -> Bool {
        utf8.count >= other.utf8.count && utf8[(utf8.count - other.utf8.count)...] == other.utf8[...]
    }
}
