internal import Diagnostics
internal import Engine
internal import Protocol

/// Which hidden states a unit's texts are embedded to: those that it asks for, and those that the job keeps.
struct EmbeddingSelection: Sendable {
    /// Layers count from the front: 0 the embeddings … `layerCount` after the final norm.
    private(set) var readouts: [Readout]
    private let keptReadouts: [Readout]
    private let hiddenSize: Int

    /// - Throws: `Problem` where the model cannot do what the job asks.
    init(job: JobSpecification, model: ModelDescription) throws {
        func check(_ readouts: [Readout], _ key: String) throws {
            for layer in readouts.map(\.layer) {
                guard !(0...model.layerCount).contains(layer.resolved(layerCount: model.layerCount)) else { continue }
                throw Problem(
                    """
                    \(key) is \(layer); \(model.name) has layers 0 to \(model.layerCount), \
                    or -1 to -\(model.layerCount + 1) counted from the last
                    """)
            }
        }
        try check(job.readouts, "embedding.layer")
        try check(job.keptReadouts, "embedding.keep_layers")
        readouts = job.readouts(layerCount: model.layerCount)
        keptReadouts = job.keptReadouts(layerCount: model.layerCount)
        hiddenSize = model.hiddenSize
    }

    /// Those alone that a scorer is of.
    ///
    /// - Throws: `Problem` where the job does not ask for them.
    func narrowed(to scorer: Scorer) throws -> EmbeddingSelection {
        let chosen = scorer.parts.map(\.readout)
        if let other = chosen.first(where: { !readouts.contains($0) }) {
            throw Problem("a scorer of \(other), which the job does not ask for")
        }
        var selection = self
        selection.readouts = chosen
        return selection
    }

    /// What the lane is asked for: it computes every pooling of every layer.
    var allLayers: [Int] { Set((readouts + keptReadouts).map(\.layer.number)).sorted() }
    var allPoolings: [Engine.Pooling] {
        Protocol.Pooling.allCases.filter { pooling in
            (readouts + keptReadouts).contains { $0.pooling == pooling }
        }.map { Engine.Pooling($0) }
    }

    /// What a text's vectors take in memory.
    var bytesPerText: Int { (4 * readouts.count + 2 * keptReadouts.count) * hiddenSize }

    /// - Throws: `Problem` where so many texts' vectors are too much for one message: one row's may be.
    func check(texts: Int, work: WorkKind) throws {
        if work == .embed {
            let bytes = 4 * readouts.count * hiddenSize * texts
            guard bytes <= UnitResult.valueBytesMax else {
                throw tooLarge("the hidden states", texts, bytes, UnitResult.valueBytesMax, "ask for fewer layers")
            }
        }
        let bytes = 2 * keptReadouts.count * hiddenSize * texts
        guard bytes <= KeptEmbeddings.byteCountMax else {
            throw tooLarge(
                "the embeddings to keep", texts, bytes, KeptEmbeddings.byteCountMax, "keep fewer layers or tokens")
        }
    }

    private func tooLarge(_ what: String, _ texts: Int, _ bytes: Int, _ limit: Int, _ advice: String) -> Problem {
        Problem("\(what) of its \(texts) texts have \(bytes >> 20) MiB; expected at most \(limit >> 20): \(advice)")
    }

    /// What the unit asks for of the row whose responses are these sequences: `[responses, readouts, hidden]`.
    func own(of sequences: Range<Int>, in embeddings: Embeddings) -> ArraySlice<Float> {
        let vectors = sequences.flatMap { sequence in
            readouts.flatMap { embeddings[sequence: sequence, $0] }
        }
        return vectors[...]
    }

    /// What is kept of the row whose responses are these sequences: `[responses, readouts, hidden]`.
    func appendKept(of sequences: Range<Int>, in embeddings: Embeddings, to vectors: inout HalfVectors) {
        for sequence in sequences {
            for readout in keptReadouts { vectors.append(embeddings[sequence: sequence, readout]) }
        }
    }

    /// What is kept of a row that failed.
    func appendNothing(texts: Int, to vectors: inout HalfVectors) {
        for _ in 0..<texts * keptReadouts.count { vectors.append(repeatElement(0, count: hiddenSize)) }
    }

    /// nil where the job keeps none.
    func kept(_ vectors: HalfVectors, texts: Int) -> KeptEmbeddings? {
        guard !keptReadouts.isEmpty else { return nil }
        return KeptEmbeddings(
            vectors: Tensor(halves: vectors.elements, shape: [texts, keptReadouts.count, hiddenSize]),
            exponents: vectors.exponents)
    }
}

extension Embeddings {
    fileprivate subscript(sequence sequence: Int, readout: Readout) -> ArraySlice<Float> {
        self[sequence: sequence, layer: readout.layer.number, pooling: Engine.Pooling(readout.pooling)]
    }
}
