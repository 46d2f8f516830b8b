/// One thread's way through the model, with all the memory it needs. Created and used on one thread.
public final class Lane {
    private let llama: LlamaModel
    private let forwardPass: ForwardPass
    private let kernels = Kernels()

    /// Where the time of all calls went.
    public var times: PartTimes { forwardPass.times }

    init(_ llama: LlamaModel) throws {
        self.llama = llama
        forwardPass = try ForwardPass(llama)
    }

    /// One vector for each sequence and layer. Sequences run in micro-batches in which each shared prefix is computed
    /// once; results come in the order of `sequences`, and do not depend on what else is in the call beyond rounding.
    ///
    /// - Parameters:
    ///   - layers: Layer numbers, in any order: 0 for the embeddings, `l` for the state after block `l`, `layerCount`
    ///     for the state after the last block and the final norm. (The numbering of Hugging Face's `hidden_states`.)
    ///   - sharesPrefixes: false computes every token of every sequence, to measure what sharing is worth.
    ///   - progress: Called after each micro-batch with the tokens computed so far; false cancels.
    /// - Throws: `EmbeddingError` before any work if the request is wrong; `CancellationError`; an error of the matrix
    ///   library.
    public func embed(
        _ sequences: [TokenSequence], layers: [Int], pooling: Pooling, sharesPrefixes: Bool = true,
        progress: (_ tokensComputed: Int) -> Bool
    ) throws -> Embeddings {
        try check(sequences, layers: layers, pooling: pooling)
        let hidden = llama.configuration.hiddenSize
        var embeddings = Embeddings(
            vectors: Array(repeating: 0, count: sequences.count * layers.count * hidden), layers: layers,
            hiddenSize: hidden, tokensTotal: sequences.reduce(0) { $0 + $1.tokens.count }, tokensComputed: 0)
        let batches = MicroBatch.cut(
            sequences, keepsPrefixes: pooling != .meanText, sharesPrefixes: sharesPrefixes)
        for batch in batches {
            let spans = batch.sequences.enumerated().map { position, index in
                batch.tree.rows(ofSequence: position, span: pooling.span(of: sequences[index]))
            }
            let asked = Set(spans.joined().joined()).sorted().map(Int32.init)
            embeddings.tokensComputed += try forwardPass.run(batch, layers: Set(layers), asked: asked) {
                layer, states, active in
                for (index, rows) in zip(batch.sequences, spans) {
                    pool(states, rows, active, sequence: index, layer: layer, into: &embeddings)
                }
            }
            guard progress(embeddings.tokensComputed) else { throw CancellationError() }
        }
        return embeddings
    }

    /// The mean of the states of `rows`, to every place of the sequence that asks for `layer`.
    private func pool(
        _ states: FloatBuffer, _ rows: [Range<Int>], _ active: ActiveRows, sequence: Int, layer: Int,
        into embeddings: inout Embeddings
    ) {
        let hidden = embeddings.hiddenSize
        var mean = [Float](repeating: 0, count: hidden)
        mean.withUnsafeMutableBufferPointer { sum in
            for range in rows {
                let first = active.index(of: range.lowerBound)
                for index in first..<(first + range.count) {
                    kernels.add(states[index * hidden, count: hidden].baseAddress!, to: sum)
                }
            }
            let scale = 1 / Float(rows.reduce(0) { $0 + $1.count })
            for index in sum.indices { sum[index] *= scale }
        }
        for (slot, asked) in embeddings.layers.enumerated() where asked == layer {
            let start = embeddings.offset(sequence: sequence, slot: slot)
            embeddings.vectors.replaceSubrange(start..<(start + hidden), with: mean)
        }
    }

    private func check(_ sequences: [TokenSequence], layers: [Int], pooling: Pooling) throws {
        func require(
            _ condition: Bool, _ kind: EmbeddingError.Kind, _ sequence: Int? = nil,
            _ expected: @autoclosure () -> String,
            _ found: @autoclosure () -> String
        ) throws {
            guard !condition else { return }
            throw EmbeddingError(kind: kind, sequence: sequence, expected: expected(), found: found())
        }
        let layerCount = llama.configuration.layerCount
        let (context, vocabulary) = (llama.configuration.contextLength, llama.vocabularySize)
        try require(!layers.isEmpty, .noLayers, nil, "at least one", "none")
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
            let isEmpty = pooling == .meanResponse && !(0..<count).contains(sequence.responseStart)
            try require(
                !isEmpty, .emptyResponse, index, "a response that starts before the end, token \(count)",
                "a start at token \(sequence.responseStart)")
        }
    }
}
