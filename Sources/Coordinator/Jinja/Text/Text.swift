/// A text, and which of its bytes the template wrote.
///
/// Positions and lengths are in Unicode scalars where Python counts characters, and in bytes of UTF-8 everywhere else.
struct Text: Sendable {
    /// Always valid UTF-8.
    private(set) var utf8: [UInt8] = []

    /// Ascending, not empty, neither overlapping nor touching.
    private(set) var templateRanges: [Range<Int>] = []

    /// Whether it was declared safe for HTML: adding to such a text escapes what is added.
    var isMarkup = false

    init() {}

    init(_ string: String, by author: JinjaAuthor) { append(string, by: author) }

    /// - Parameter utf8: valid UTF-8.
    init(utf8: [UInt8], by author: JinjaAuthor) {
        self.utf8 = utf8
        if author == .template, !utf8.isEmpty { templateRanges = [0..<utf8.count] }
    }

    var isEmpty: Bool { utf8.isEmpty }

    /// Bytes that it takes in memory, roughly.
    var byteSize: Int { utf8.count + templateRanges.count * 16 }

    var string: String { String(decoding: utf8, as: UTF8.self) }

    /// Whether the characters are the same, whoever wrote them.
    func isSame(as other: Text) -> Bool { utf8 == other.utf8 }

    func isSame(as other: StaticString) -> Bool {
        guard other.hasPointerRepresentation else { return false }
        return utf8.elementsEqual(UnsafeBufferPointer(start: other.utf8Start, count: other.utf8CodeUnitCount))
    }
}

// MARK: - Building

extension Text {
    mutating func append(_ string: String, by author: JinjaAuthor) {
        let start = utf8.count
        utf8.append(contentsOf: string.utf8)
        mark(start..<utf8.count, by: author)
    }

    /// - Parameter bytes: whole characters.
    mutating func append(_ bytes: some Collection<UInt8>, by author: JinjaAuthor) {
        let start = utf8.count
        utf8.append(contentsOf: bytes)
        mark(start..<utf8.count, by: author)
    }

    mutating func append(_ scalar: Unicode.Scalar, by author: JinjaAuthor) {
        let start = utf8.count
        utf8.append(contentsOf: UTF8.encode(scalar)!)
        mark(start..<utf8.count, by: author)
    }

    mutating func append(_ other: Text) {
        let offset = utf8.count
        utf8.append(contentsOf: other.utf8)
        for range in other.templateRanges { mark(range.lowerBound + offset..<range.upperBound + offset, by: .template) }
    }

    /// - Parameter range: at the end of the text, behind all that is marked.
    private mutating func mark(_ range: Range<Int>, by author: JinjaAuthor) {
        guard author == .template, !range.isEmpty else { return }
        if let last = templateRanges.last, last.upperBound == range.lowerBound {
            templateRanges[templateRanges.count - 1] = last.lowerBound..<range.upperBound
        } else {
            templateRanges.append(range)
        }
    }

    static func + (first: Text, second: Text) -> Text {
        var sum = first
        sum.append(second)
        return sum
    }

    func marked(asMarkup isMarkup: Bool) -> Text {
        var text = self
        text.isMarkup = isMarkup
        return text
    }
}

// MARK: - Pieces

extension Text {
    /// Bytes of whole characters.
    subscript(range: Range<Int>) -> Text {
        if range == 0..<utf8.count { return self }
        var piece = Text()
        piece.isMarkup = isMarkup
        piece.utf8 = Array(utf8[range])
        var index = firstTemplateRange(endingBehind: range.lowerBound)
        while index < templateRanges.count, templateRanges[index].lowerBound < range.upperBound {
            let common = templateRanges[index].clamped(to: range)
            piece.mark(
                common.lowerBound - range.lowerBound..<common.upperBound - range.lowerBound, by: .template)
            index += 1
        }
        return piece
    }

    func author(at offset: Int) -> JinjaAuthor {
        let index = firstTemplateRange(endingBehind: offset)
        return index < templateRanges.count && templateRanges[index].lowerBound <= offset ? .template : .input
    }

    /// Whose text all of it is; the input's where it is of both, or empty.
    var author: JinjaAuthor { templateRanges == [0..<utf8.count] ? .template : .input }

    private func firstTemplateRange(endingBehind offset: Int) -> Int {
        var (low, high) = (0, templateRanges.count)
        while low < high {
            let middle = (low + high) / 2
            if templateRanges[middle].upperBound <= offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Each character with the bytes that it stands in and its author.
    func forEachScalar<Failure: Error>(
        _ body: (Unicode.Scalar, Range<Int>, JinjaAuthor) throws(Failure) -> Void
    ) throws(Failure) {
        var (offset, index) = (0, 0)
        while offset < utf8.count {
            let (scalar, length) = utf8.scalar(at: offset)
            while index < templateRanges.count, templateRanges[index].upperBound <= offset { index += 1 }
            let isTemplate = index < templateRanges.count && templateRanges[index].lowerBound <= offset
            try body(scalar, offset..<offset + length, isTemplate ? .template : .input)
            offset += length
        }
    }
}
