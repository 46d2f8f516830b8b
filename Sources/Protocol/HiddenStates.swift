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

/// One vector of a text: the hidden states after a layer, pooled.
package struct Readout: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Of a job, and of a scorer: each is a frame of the message that broadcasts it.
    package static let countMax = 64

    /// Of those that a job keeps.
    package static let keptMax = 4096

    package var layer: LayerChoice
    package var pooling: Pooling

    package init(_ layer: LayerChoice, _ pooling: Pooling) {
        self.layer = layer
        self.pooling = pooling
    }

    /// With the layer counted from the front.
    package func resolved(layerCount: Int) -> Readout {
        Readout(LayerChoice(layer.resolved(layerCount: layerCount)), pooling)
    }

    /// By layer, then by pooling in the order of its choices.
    package static func < (left: Self, right: Self) -> Bool {
        (left.layer.number, left.pooling.place) < (right.layer.number, right.pooling.place)
    }

    package var description: String { "layer \(layer), \(pooling)" }
}

extension Pooling {
    fileprivate var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
