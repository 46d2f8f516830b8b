/// One vector for each sequence and layer.
public struct Embeddings: Sendable {
    /// `[sequences, layers, hidden]`, row-major, in the order that was asked for.
    public var vectors: [Float]
    /// The layers, as asked for.
    public let layers: [Int]
    public let hiddenSize: Int
    /// Tokens of all sequences.
    public var tokensTotal: Int
    /// Tokens that ran through the model: each shared prefix of a micro-batch counts once.
    public var tokensComputed: Int

    /// The vector of one sequence, `[hidden]`, after layer `layer` as numbered in `embed`, which must have been asked
    /// for.
    public subscript(sequence sequence: Int, layer layer: Int) -> ArraySlice<Float> {
        guard let slot = layers.firstIndex(of: layer) else { preconditionFailure("layer \(layer) is not in \(layers)") }
        let start = offset(sequence: sequence, slot: slot)
        return vectors[start..<(start + hiddenSize)]
    }

    func offset(sequence: Int, slot: Int) -> Int { (sequence * layers.count + slot) * hiddenSize }
}
