/// The extended grapheme clusters of a text (https://www.unicode.org/reports/tr29/), in order.
///
/// ASCII's are known at once: each character is one, but for CR LF and what marks follow.
struct GraphemeClusters: IteratorProtocol {
    private let text: UnsafeBufferPointer<UInt8>
    private var position = 0
    /// Clusters of the part of the text that is not ASCII, last first.
    private var waiting: [Range<Int>] = []

    init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    mutating func next() -> Range<Int>? {
        if let cluster = waiting.popLast() { return cluster }
        guard position < text.count else { return nil }
        let start = position
        if isASCII(start), isASCII(start + 1) {
            position += text[start] == 0x0D && start + 1 < text.count && text[start + 1] == 0x0A ? 2 : 1
            return start..<position
        }
        // Up to an ASCII character before which a cluster always ends: after a break nothing looks back.
        var end = start + 1
        while end < text.count, !(text[end] < 0x80 && text[end] != 0x0A && isASCII(end + 1)) { end += 1 }
        // That character may yet belong to what is prepended to it: it is taken along.
        end = min(end + 1, text.count)
        if end < text.count, text[end - 1] == 0x0D, text[end] == 0x0A { end += 1 }
        var clusterStart = start
        for character in String(decoding: text[start..<end], as: UTF8.self) {
            let clusterEnd = clusterStart + character.utf8.count
            waiting.append(clusterStart..<clusterEnd)
            clusterStart = clusterEnd
        }
        position = end
        waiting.reverse()
        return waiting.popLast()
    }

    /// True at the end, too.
    private func isASCII(_ position: Int) -> Bool { position >= text.count || text[position] < 0x80 }
}
