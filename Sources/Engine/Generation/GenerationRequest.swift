/// A sequence to be continued.
public struct GenerationRequest: Sendable, Hashable {
    /// Token ids, with a BOS where the model expects one; at least one.
    public var prompt: [Int32]

    /// At least one.
    public var maxNewTokens: Int
    public var sampling: Sampling

    /// Of what is drawn; greedy tokens do not depend on it.
    public var seed: UInt64

    /// With each of these the continuation ends: the tokenizer's, as a rule.
    public var endTokens: Set<Int32>

    /// UTF-8 before which the continuation ends, none of them empty.
    public var stops: [[UInt8]]

    public init(
        prompt: [Int32], maxNewTokens: Int, sampling: Sampling = .greedy, seed: UInt64 = 0, endTokens: Set<Int32>,
        stops: [[UInt8]] = []
    ) {
        self.prompt = prompt
        self.maxNewTokens = maxNewTokens
        self.sampling = sampling
        self.seed = seed
        self.endTokens = endTokens
        self.stops = stops
    }
}

/// What a model went on with.
public struct Continuation: Sendable, Hashable {
    public enum Ending: Sendable, Hashable {
        /// The model said that it is over, with one of its end tokens.
        case endToken
        case stopText
        /// It was cut off at the most new tokens that were asked for.
        case limit
        /// It was cut off at the end of the model's context.
        case context
    }

    /// Without the end token; with those of a stop text.
    public var tokens: [Int32]

    /// The tokens' bytes, up to a stop text. A character may be cut off at the end, and a model may write what is no UTF-8.
    public var bytes: [UInt8]
    public var ending: Ending

    public init(tokens: [Int32], bytes: [UInt8], ending: Ending) {
        self.tokens = tokens
        self.bytes = bytes
        self.ending = ending
    }
}

/// What is wrong with a request, as one sentence.
public enum GenerationError: Error, CustomStringConvertible, Sendable, Hashable {
    case emptyPrompt
    case tokenOutOfRange(Int32, vocabulary: Int)
    /// There is no room for one new token.
    case promptTooLong(tokens: Int, context: Int)
    /// The sequence could grow beyond what the cache holds.
    case cacheTooSmall(tokens: Int, cache: Int)

    public var description: String {
        switch self {
        case .emptyPrompt: "expected a prompt of at least one token, found none"
        case .tokenOutOfRange(let token, let vocabulary):
            "expected token ids below \(vocabulary), found \(token)"
        case .promptTooLong(let tokens, let context):
            "the prompt has \(tokens) tokens; at most \(context - 1) leave room in the model's context of \(context)"
        case .cacheTooSmall(let tokens, let cache):
            "prompt and new tokens are up to \(tokens); the cache of keys and values holds \(cache)"
        }
    }
}
