import SeededRandom

extension SeededGenerator {
    /// Damages JSON Lines; see `mutated(_:syntax:)`.
    mutating func mutatedRows(_ original: [UInt8]) -> [UInt8] {
        let syntax = [
            "{", "}", "[", "]", "\"", "\\", ",", ":", "\\u", "\\ud800", "\\udc00", "1e", "-", ".", "null", " ", "\t",
            "\r",
        ]
        return mutated(original, syntax: syntax)
    }
}
