/// Places where a text can be cut before a model sees it, since no token reaches over them: before a mark that stands
/// for spaces, unless some token has that mark behind the character before it.
///
/// Only what a model has tokens for is cut, so that no unknown characters are parted that become one token.
struct SafeCuts {
    private let mark: [UInt8]
    /// Characters that stand before a mark in some token: their last bytes, which is enough to be safe.
    private let lastBytes: [Bool]

    /// - Returns: nil where there is nothing to gain: no token is the mark.
    init?(_ vocabulary: Vocabulary, mark: [UInt8], findable: [Int32]) {
        var hasMark = false
        var lastBytes = [Bool](repeating: false, count: 256)
        for token in findable {
            vocabulary.withBytes(of: token) { bytes in
                if bytes.elementsEqual(mark) { hasMark = true }
                guard bytes.count > mark.count else { return }
                for position in 1...(bytes.count - mark.count)
                where UnsafeBufferPointer(rebasing: bytes[position..<(position + mark.count)]).elementsEqual(mark) {
                    lastBytes[Int(bytes[position - 1])] = true
                }
            }
        }
        guard hasMark, !mark.isEmpty else { return nil }
        // Marks in a row are one.
        if let last = mark.last { lastBytes[Int(last)] = true }
        self.mark = mark
        self.lastBytes = lastBytes
    }

    func forEachPart(of text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        var start = 0
        var position = 1
        let last = text.count - mark.count
        while position <= last {
            if text[position] == mark[0], !lastBytes[Int(text[position - 1])], isMark(text, position) {
                body(start..<position)
                start = position
            }
            position += 1
        }
        body(start..<text.count)
    }

    @inline(__always)
    private func isMark(_ text: UnsafeBufferPointer<UInt8>, _ position: Int) -> Bool {
        for offset in 1..<mark.count where text[position + offset] != mark[offset] { return false }
        return true
    }
}
