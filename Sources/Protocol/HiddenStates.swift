/// After which part of a model: 0 the embeddings, `l` after block `l`; negative ones count from the last, which is after
/// the final norm (-1).
package struct LayerChoice: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// No model has more layers.
    package static let numbers = -1000...1000

    package var number: Int

    package init(_ number: Int) {
        self.number = number
    }

    package init(integerLiteral number: Int) {
        self.init(number)
    }

    /// Counted from the front; out of `0...layerCount` where the model has no such layer.
    package func resolved(layerCount: Int) -> Int { number < 0 ? layerCount + 1 + number : number }

    package var description: String { "\(number)" }
}

/// How a text's hidden states become one vector.
package enum Pooling: String, Choice {
    /// The last token's.
    case lastToken = "last"

    /// The mean over all tokens, prompt and BOS included.
    case meanText = "mean"

    /// The mean over the response's tokens.
    case meanResponse = "mean-response"
}
