/// A tokenized prompt and response.
public struct TokenSequence: Sendable, Hashable {
    public var tokens: [Int32]
    /// The response is `tokens[responseStart...]`.
    public var responseStart: Int

    public init(tokens: [Int32], responseStart: Int) {
        self.tokens = tokens
        self.responseStart = responseStart
    }
}

/// How the hidden states of a sequence become one vector.
public enum Pooling: String, Sendable, CaseIterable {
    /// The last token's.
    case lastToken = "last"
    /// The mean over all tokens, prompt and BOS included.
    case meanText = "mean"
    /// The mean over the response's tokens.
    case meanResponse = "mean-response"

    /// The tokens that are averaged.
    func span(of sequence: TokenSequence) -> Range<Int> {
        let count = sequence.tokens.count
        switch self {
        case .lastToken: return (count - 1)..<count
        case .meanText: return 0..<count
        case .meanResponse: return sequence.responseStart..<count
        }
    }
}
