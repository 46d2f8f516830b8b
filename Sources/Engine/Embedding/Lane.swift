/// One thread's way through the model, with all the memory it needs. Created and used on one thread.
public final class Lane {
    private let transformer: TransformerModel
    private let forwardPass: ForwardPass
    /// The prefix that a micro-batch keeps for the next one.
    private let cache: KeyValueCache
    private let kernels = Kernels()

    /// Where the time of all calls went.
    public var times: PartTimes { forwardPass.times }

    init(_ transformer: TransformerModel) throws {
        self.transformer = transformer
        forwardPass = try ForwardPass(transformer)
        cache = KeyValueCache(transformer.configuration, format: transformer.keyValueFormat)
    }

    /// One vector for each sequence, layer and pooling. Sequences run in micro-batches in which each shared prefix is computed
    /// once; results come in the order of `sequences`, and do not depend on what else is in the call beyond rounding.
    ///
    /// - Parameters:
    ///   - layers: Layer numbers, in any order: 0 for the embeddings, `l` for the state after block `l`, `layerCount`
    ///     for the state after the last block and the final norm. (The numbering of Hugging Face's `hidden_states`.)
    ///   - poolings: In any order, at least one. No vector depends on what else is asked for, but for `meanText` beside
    ///     others: with it no prefix is kept from one micro-batch to the next, and the others' vectors round otherwise.
    ///   - sharesPrefixes: false computes every token of every sequence, to measure what sharing is worth.
    ///   - progress: Called after each micro-batch with the tokens computed so far; false cancels.
    /// - Throws: `EmbeddingError` before any work if the request is wrong; `CancellationError`; an error of the matrix
    ///   library.
    public func embed(
        _ sequences: [TokenSequence], layers: [Int], poolings: [Pooling], sharesPrefixes: Bool = true,
        progress: (_ tokensComputed: Int) -> Bool
    ) throws -> Embeddings {
        try check(sequences, layers: layers, poolings: poolings)
        let hidden = transformer.configuration.hiddenSize
        var embeddings = Embeddings(
            vectors: Array(repeating: 0, count: sequences.count * layers.count * poolings.count * hidden),
            layers: layers, poolings: poolings, hiddenSize: hidden,
            tokensTotal: sequences.reduce(0) { $0 + $1.tokens.count }, tokensComputed: 0)
        let batches = MicroBatch.cut(
            sequences, keepsPrefixes: !poolings.contains(.meanText), sharesPrefixes: sharesPrefixes)
        for batch in batches {
            let spans = batch.sequences.enumerated().map { position, index in
                poolings.map { batch.tree.rows(ofSequence: position, span: $0.span(of: sequences[index])) }
            }
            let asked = Set(spans.joined().joined().joined()).sorted().map(Int32.init)
            let plan = batch.plan(layers: Set(layers), asked: asked)
            embeddings.tokensComputed += plan.rowCount
            try forwardPass.run(plan, cache: cache) { layer, states, active in
                for (index, spans) in zip(batch.sequences, spans) {
                    for (slot, rows) in spans.enumerated() {
                        let mean = mean(states, rows, active, restored: plan.restoredCount)
                        embeddings.store(mean, sequence: index, layer: layer, poolingSlot: slot)
                    }
                }
            }
            guard progress(embeddings.tokensComputed) else { throw CancellationError() }
        }
        return embeddings
    }

    /// The mean of the states of the tree's rows `rows`, `[hidden]`.
    private func mean(
        _ states: FloatBuffer, _ rows: [Range<Int>], _ active: ActiveRows, restored: Int
    ) -> [Float] {
        let hidden = transformer.configuration.hiddenSize
        var mean = [Float](repeating: 0, count: hidden)
        mean.withUnsafeMutableBufferPointer { sum in
            for range in rows {
                let first = active.index(of: range.lowerBound - restored)
                for index in first..<(first + range.count) {
                    kernels.add(states[index * hidden, count: hidden], to: sum)
                }
            }
            let scale = 1 / Float(rows.reduce(0) { $0 + $1.count })
            for index in sum.indices { sum[index] *= scale }
        }
        return mean
    }

    private func check(_ sequences: [TokenSequence], layers: [Int], poolings: [Pooling]) throws {
        func require(
            _ condition: Bool, _ kind: EmbeddingError.Kind, _ sequence: Int? = nil,
            _ expected: @autoclosure () -> String,
            _ found: @autoclosure () -> String
        ) throws {
            guard !condition else { return }
            throw EmbeddingError(kind: kind, sequence: sequence, expected: expected(), found: found())
        }
        let layerCount = transformer.configuration.layerCount
        let (context, vocabulary) = (transformer.configuration.contextLength, transformer.vocabularySize)
        try require(!layers.isEmpty, .noLayers, nil, "at least one", "none")
        precondition(!poolings.isEmpty, "a request without a pooling")
        for layer in layers {
            try require((0...layerCount).contains(layer), .layerOutOfRange, nil, "0 to \(layerCount)", "\(layer)")
        }
        for (index, sequence) in sequences.enumerated() {
            let count = sequence.tokens.count
            try require(count > 0, .emptySequence, index, "at least one token", "none")
            try require(
                count <= context, .sequenceTooLong, index, "at most \(context) tokens (the model's context)", "\(count)"
            )
            for token in sequence.tokens {
                try require(
                    token >= 0 && token < vocabulary, .tokenOutOfRange, index, "token ids below \(vocabulary)",
                    "\(token)")
            }
            let isEmpty = poolings.contains(.meanResponse) && !(0..<count).contains(sequence.responseStart)
            try require(
                !isEmpty, .emptyResponse, index, "a response that starts before the end, token \(count)",
                "a start at token \(sequence.responseStart)")
        }
    }
}
