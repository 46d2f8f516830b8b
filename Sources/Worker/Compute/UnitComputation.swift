internal import Engine
internal import Foundation
internal import Margins
internal import Protocol

/// Turns a unit's texts into what its stage asks for: embeddings of anchors, projections of preference rows.
struct UnitComputation: Sendable {
    private let embedder: Embedder
    private let pooling: Pooling

    /// Resolved: 0 the embeddings … `layerCount` after the final norm.
    private let layers: [Int]
    private let tokensMax: Int

    /// - Throws: `JobError` where the model cannot do what the job asks.
    init(job: JobSpecification, embedder: Embedder) throws {
        let model = embedder.model
        guard let pooling = Pooling(rawValue: job.pooling) else {
            throw JobError("this worker does not know embedding.token: \(job.pooling)")
        }
        self.layers = try job.layers.map { layer in
            let resolved = layer < 0 ? model.layerCount + 1 + layer : layer
            guard (0...model.layerCount).contains(resolved) else {
                throw JobError(
                    """
                    embedding.layer is \(layer); \(model.name) has layers 0 to \(model.layerCount), \
                    or -1 to -\(model.layerCount + 1) counted from the last
                    """)
            }
            return resolved
        }
        self.embedder = embedder
        self.pooling = pooling
        self.tokensMax = job.maxTokens > 0 ? min(job.maxTokens, model.contextLength) : model.contextLength
    }

    /// Embeds a unit's texts.
    ///
    /// - Parameters:
    ///   - lane: belongs to the calling thread.
    ///   - progress: told the tokens computed so far after each micro-batch; false cancels.
    /// - Throws: `CancellationError`, or what makes the whole unit fail. A row that cannot be embedded is a failure in
    ///   the result.
    func embed(_ payload: UnitPayload, on lane: Lane, progress: (UInt64) -> Bool) throws -> EmbeddedUnit {
        let start = ContinuousClock.now
        var rows = payload.items.map { Row($0, stage: payload.stage, tokenizedBy: embedder, tokensMax: tokensMax) }
        let embedded = rows.indices.filter { rows[$0].failure == nil }
        let sequences = embedded.flatMap { rows[$0].sequences }
        let stride = 2 * layers.count * embedder.model.hiddenSize
        var unit = EmbeddedUnit(stage: payload.stage, rows: payload.items.map(\.row))
        if !sequences.isEmpty {
            let embeddings = try lane.embed(sequences, layers: layers, pooling: pooling) { progress(UInt64($0)) }
            unit.tokensTotal = UInt64(embeddings.tokensTotal)
            unit.tokensComputed = UInt64(embeddings.tokensComputed)
            for (position, row) in embedded.enumerated() {
                rows[row].accept(embeddings.vectors[position * stride..<(position + 1) * stride])
            }
        }
        unit.vectors = rows.flatMap { $0.vectors ?? ArraySlice(repeating: 0, count: stride) }
        unit.failures = rows.enumerated().compactMap { item, row in
            row.failure.map { .init(item: item, reason: $0) }
        }
        unit.computeMicroseconds = UInt64((ContinuousClock.now - start).seconds * 1e6)
        return unit
    }

    /// What the unit's stage asks for: the embeddings of anchors, the projections of preference rows.
    ///
    /// - Throws: `JobError` where the direction does not fit, or there is none for rows.
    func result(
        of unit: EmbeddedUnit, _ lease: Lease, direction: BroadcastDirection?
    ) throws -> UnitResult {
        UnitResult(
            lease: lease, rows: unit.rows, values: try values(of: unit, direction: direction), failures: unit.failures,
            tokensTotal: unit.tokensTotal, tokensComputed: unit.tokensComputed,
            computeMicroseconds: unit.computeMicroseconds,
            directionDigest: unit.stage == .rows ? direction?.digest ?? "" : "")
    }

    private func values(of unit: EmbeddedUnit, direction: BroadcastDirection?) throws -> Tensor {
        let hidden = embedder.model.hiddenSize
        switch unit.stage {
        case .anchors: return Tensor(unit.vectors, shape: [unit.rows.count, 2, layers.count, hidden])
        case .rows:
            guard let direction, direction.values.shape == [layers.count, hidden] else {
                throw JobError(
                    "expected a direction of shape [\(layers.count), \(hidden)], found \(direction?.values.shape ?? [])"
                )
            }
            let units = try direction.values.floats()
            let scores = (0..<unit.rows.count * 2 * layers.count).map { index in
                let layer = index % layers.count
                return projection(
                    of: unit.vectors[index * hidden..<(index + 1) * hidden],
                    on: units[layer * hidden..<(layer + 1) * hidden])
            }
            return Tensor(scores, shape: [unit.rows.count, 2, layers.count])
        }
    }
}

/// A row on its way from texts to embeddings.
private struct Row {
    private(set) var sequences: [TokenSequence]
    private(set) var failure: String?

    /// `[responses, layers, hidden]`
    private(set) var vectors: ArraySlice<Float>?

    init(_ item: UnitPayload.Item, stage: Stage, tokenizedBy embedder: Embedder, tokensMax: Int) {
        let names = stage == .anchors ? ["harmless", "harmful"] : ["chosen", "rejected"]
        let prompt = item.text.prompt
        sequences = item.text.responses.map { response in
            let start = prompt.text.utf8.count
            let controls =
                prompt.controlRanges
                + response.controlRanges.map { $0.lowerBound + start..<$0.upperBound + start }
            return embedder.tokenize(
                Array(prompt.text.utf8) + Array(response.text.utf8), responseOffset: start,
                controlTokens: controls.isEmpty ? .none : .within(controls))
        }
        for (name, sequence) in zip(names, sequences) where failure == nil {
            if sequence.tokens.count > tokensMax {
                failure = """
                    prompt and \(name) response have \(sequence.tokens.count) tokens; at most \(tokensMax) fit
                    """
            } else if sequence.responseStart >= sequence.tokens.count {
                failure = "the \(name) response has no tokens of its own"
            }
        }
    }

    /// Takes the row's embeddings, unless a number in them is none.
    mutating func accept(_ vectors: ArraySlice<Float>) {
        if vectors.allSatisfy(\.isFinite) {
            self.vectors = vectors
        } else {
            failure = "the model's hidden state is not finite"
        }
    }
}

/// A job that this worker cannot do.
struct JobError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
