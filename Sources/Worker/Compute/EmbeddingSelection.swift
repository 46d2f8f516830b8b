internal import Engine
internal import Margins
internal import Protocol

/// Which hidden states a unit's texts are embedded to: those that it asks for, and those that the job keeps.
struct EmbeddingSelection: Sendable {
    /// Resolved: 0 the embeddings … `layerCount` after the final norm.
    let layers: [Int]
    let pooling: Engine.Pooling
    private let keptLayers: [Int]
    private let keptPoolings: [Engine.Pooling]
    private let hiddenSize: Int

    /// - Throws: `JobError` where the model cannot do what the job asks.
    init(job: JobSpecification, model: ModelDescription) throws {
        func check(_ layers: [LayerChoice], _ key: String) throws {
            for layer in layers {
                let resolved = layer.resolved(layerCount: model.layerCount)
                guard !(0...model.layerCount).contains(resolved) else { continue }
                throw JobError(
                    """
                    \(key) is \(layer); \(model.name) has layers 0 to \(model.layerCount), \
                    or -1 to -\(model.layerCount + 1) counted from the last
                    """)
            }
        }
        try check(job.layers, "embedding.layer")
        try check(job.keptLayers, "embedding.keep_layers")
        self.layers = job.layers.map { $0.resolved(layerCount: model.layerCount) }
        self.pooling = Engine.Pooling(job.pooling)
        self.keptLayers = job.keptLayers(layerCount: model.layerCount)
        self.keptPoolings = job.keptPoolings.map { Engine.Pooling($0) }
        self.hiddenSize = model.hiddenSize
    }

    /// What the lane is asked for.
    var allLayers: [Int] { Set(layers + keptLayers).sorted() }
    var allPoolings: [Engine.Pooling] { Engine.Pooling.allCases.filter { $0 == pooling || keptPoolings.contains($0) } }

    /// Vectors of a text that its unit asks for, and that are kept.
    var vectorsPerText: Int { layers.count }
    var keptVectorsPerText: Int { keptLayers.count * keptPoolings.count }

    /// What a text's vectors take in memory.
    var bytesPerText: Int { (4 * vectorsPerText + 2 * keptVectorsPerText) * hiddenSize }

    /// - Throws: `JobError` where so many texts' kept vectors are too much for one message: one row's may be.
    func check(texts: Int) throws {
        let bytes = 2 * keptVectorsPerText * hiddenSize * texts
        guard bytes > KeptEmbeddings.byteCountMax else { return }
        throw JobError(
            """
            the embeddings to keep of its \(texts) texts have \(bytes >> 20) MiB; expected at most \
            \(KeptEmbeddings.byteCountMax >> 20): keep fewer layers or tokens
            """)
    }

    /// What the unit asks for of the row whose responses are these sequences: `[responses, layers, hidden]`.
    func own(of sequences: Range<Int>, in embeddings: Embeddings) -> ArraySlice<Float> {
        let vectors = sequences.flatMap { sequence in
            layers.flatMap { embeddings[sequence: sequence, layer: $0, pooling: pooling] }
        }
        return vectors[...]
    }

    /// What is kept of the row whose responses are these sequences: `[responses, layers, tokens, hidden]`.
    func appendKept(of sequences: Range<Int>, in embeddings: Embeddings, to vectors: inout HalfVectors) {
        for sequence in sequences {
            for layer in keptLayers {
                for pooling in keptPoolings {
                    vectors.append(embeddings[sequence: sequence, layer: layer, pooling: pooling])
                }
            }
        }
    }

    /// What is kept of a row that failed.
    func appendNothing(texts: Int, to vectors: inout HalfVectors) {
        for _ in 0..<texts * keptVectorsPerText { vectors.append(repeatElement(0, count: hiddenSize)) }
    }

    /// nil where the job keeps none.
    func kept(_ vectors: HalfVectors, rows: Int, responses: Int) -> KeptEmbeddings? {
        guard keptVectorsPerText > 0 else { return nil }
        let shape = [rows, responses, keptLayers.count, keptPoolings.count, hiddenSize]
        return KeptEmbeddings(
            vectors: Tensor(halves: vectors.elements, shape: shape), exponents: vectors.exponents)
    }
}
