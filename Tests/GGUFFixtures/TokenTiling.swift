import SeededRandom
package import Tokenizers

/// The first random input, of 400, whose tokens do not tile it, or are not its bytes again where the tokenizer keeps them;
/// nil if there is none.
///
/// - Parameter onlyText: for vocabularies that lack some bytes.
package func tilingFault(_ tokenizer: Tokenizer, seed: UInt64, onlyText: Bool = false) -> String? {
    var random = SeededGenerator(seed: seed)
    let pieces = ["hello", " ", "  ", "\r\n", "don't", "é", "e\u{301}", "世界", "🦙", "123", "<|end|>", "\u{A0}", "½"]
    for round in 0..<400 {
        var input: [UInt8] = []
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            let piece = Array((pieces.randomElement(using: &random) ?? "").utf8)
            input += onlyText || round.isMultiple(of: 2) ? piece : random.bytes(piece.count)
        }
        let tokens = tokenizer.encode(input, controlTokens: .everywhere, addBOS: false)
        let ends = [0] + tokens.map(\.bytes.upperBound)
        let tiles = tokens.map(\.bytes.lowerBound) == Array(ends.dropLast()) && ends.last == input.count
        let keeps =
            !tokenizer.keepsBytes
            || tokens.flatMap { tokenizer.bytes(of: $0.id) } == input
                && tokens.allSatisfy { Array(input[$0.bytes]) == tokenizer.bytes(of: $0.id) }
        guard tiles, keeps else {
            return "seed \(seed), round \(round): \(input) became \(tokens)"
        }
    }
    return nil
}
