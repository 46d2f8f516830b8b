/// One vector for each sequence, layer and pooling.
public struct Embeddings: Sendable {
    /// `[sequences, layers, poolings, hidden]`, row-major, in the order that was asked for.
    public var vectors: [Float]
    /// The layers, as asked for.
    public let layers: [Int]
    /// The poolings, as asked for.
    public let poolings: [Pooling]
    public let hiddenSize: Int
    /// Tokens of all sequences.
    public var tokensTotal: Int
    /// Tokens that ran through the model: each shared prefix of a micro-batch counts once.
    public var tokensComputed: Int

    /// The vector of one sequence, `[hidden]`, after layer `layer` as numbered in `embed`, and under `pooling`, by
    /// default the first; both must have been asked for.
    public subscript(sequence sequence: Int, layer layer: Int, pooling pooling: Pooling? = nil) -> ArraySlice<Float> {
        guard let layerSlot = layers.firstIndex(of: layer) else {
            preconditionFailure("layer \(layer) is not in \(layers)")
        }
        guard let poolingSlot = pooling.map({ poolings.firstIndex(of: $0) }) ?? 0 else {
            preconditionFailure("\(String(describing: pooling)) is not in \(poolings)")
        }
        let start = offset(sequence: sequence, layerSlot: layerSlot, poolingSlot: poolingSlot)
        return vectors[start..<(start + hiddenSize)]
    }

    func offset(sequence: Int, layerSlot: Int, poolingSlot: Int) -> Int {
        ((sequence * layers.count + layerSlot) * poolings.count + poolingSlot) * hiddenSize
    }

    /// Puts a vector to every place of the sequence that asks for `layer`.
    mutating func store(_ vector: [Float], sequence: Int, layer: Int, poolingSlot: Int) {
        for (layerSlot, asked) in layers.enumerated() where asked == layer {
            let start = offset(sequence: sequence, layerSlot: layerSlot, poolingSlot: poolingSlot)
            vectors.replaceSubrange(start..<(start + hiddenSize), with: vector)
        }
    }
}
