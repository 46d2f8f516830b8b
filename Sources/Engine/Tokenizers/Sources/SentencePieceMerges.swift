/// The merges that SentencePiece's byte-pair encoding does: any two neighbours that together are a token, those of the
/// highest score first, the leftmost of equals.
struct SentencePieceMerges {
    let merges: MergeTable
    /// Characters inside of tokens that are no tokens themselves, numbered behind the tokens.
    let pseudoTokens: [[UInt8]: Int32]

    /// - Parameters:
    ///   - findable: the tokens that text may become.
    ///   - isPart: whether a token of those merges with its neighbours.
    init(_ vocabulary: Vocabulary, scores: [Float], findable: [Int32], isPart: (Int32) -> Bool) {
        var pseudoTokens: [[UInt8]: Int32] = [:]
        // Not a number is the least of all.
        func order(_ score: Float) -> Float { score.isNaN ? -.infinity : score }
        let distinct = Set(findable.map { order(scores[Int($0)]) }).sorted(by: >)
        let ranks = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, UInt32($0)) })
        var merges = MergeTable(capacity: 8 * findable.count)
        var starts: [Int] = []
        for token in findable {
            guard let rank = ranks[order(scores[Int(token)])] else { continue }
            vocabulary.withBytes(of: token) { bytes in
                starts.removeAll(keepingCapacity: true)
                var position = 0
                while position < bytes.count {
                    starts.append(position)
                    position += decodeScalar(bytes, at: position).length
                }
                func part(_ range: Range<Int>, isCharacter: Bool) -> Int32? {
                    let part = UnsafeBufferPointer(rebasing: bytes[range])
                    if let token = vocabulary.token(for: part) { return isPart(token) ? token : nil }
                    guard isCharacter else { return nil }
                    let number = Int32(vocabulary.count + pseudoTokens.count)
                    let key = Array(part)
                    if let known = pseudoTokens[key] { return known }
                    pseudoTokens[key] = number
                    return number
                }
                for (index, start) in starts.enumerated().dropFirst() {
                    let isLast = index == starts.count - 1
                    guard let left = part(0..<start, isCharacter: index == 1),
                        let right = part(start..<bytes.count, isCharacter: isLast)
                    else { continue }
                    merges.insert(left, right, MergeTable.Merge(rank: rank, token: token))
                }
            }
        }
        self.merges = merges
        self.pseudoTokens = pseudoTokens
    }
}
