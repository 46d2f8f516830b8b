/// A text that grows up to a limit.
struct TextBuilder {
    private(set) var text = Text()
    private let byteLimit: Int

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    mutating func append(_ other: Text) throws(JinjaError) {
        try check(other.utf8.count)
        text.append(other)
    }

    mutating func append(_ string: String, by author: JinjaAuthor) throws(JinjaError) {
        try check(string.utf8.count)
        text.append(string, by: author)
    }

    mutating func append(_ scalar: Unicode.Scalar, by author: JinjaAuthor) throws(JinjaError) {
        try check(4)
        text.append(scalar, by: author)
    }

    /// - Parameter count: may be negative: nothing is added.
    mutating func append(_ piece: Text, times count: Int) throws(JinjaError) {
        guard count > 0, !piece.isEmpty else { return }
        let (bytes, overflow) = piece.utf8.count.multipliedReportingOverflow(by: count)
        try check(overflow ? .max : bytes)
        for _ in 0..<count { text.append(piece) }
    }

    private func check(_ more: Int) throws(JinjaError) {
        guard more <= byteLimit - text.utf8.count else {
            throw .limit("expected a text of at most \(byteLimit) bytes, found a longer one")
        }
    }
}
