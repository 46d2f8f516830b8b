internal import Diagnostics
internal import Engine
internal import Foundation
internal import Protocol
internal import Tokenizers

/// Turns a unit's texts into what the unit asks for: their hidden states, or the scores of these.
struct UnitComputation: Sendable {
    private let embedder: Embedder
    private let selection: EmbeddingSelection
    private let limit: TokenLimit
    private let choosesReadouts: Bool

    /// What a text's vectors take in memory.
    var bytesPerText: Int { selection.bytesPerText }

    /// - Throws: `Problem` where the model cannot do what the job asks.
    init(job: JobSpecification, embedder: Embedder) throws {
        selection = try EmbeddingSelection(job: job, model: embedder.model)
        self.embedder = embedder
        choosesReadouts = job.choosesReadouts
        limit = TokenLimit(job, embedder)
    }

    /// Embeds a unit's texts.
    ///
    /// - Parameters:
    ///   - scorer: the job's; nil where there is none yet.
    ///   - lane: belongs to the calling thread.
    ///   - progress: told the tokens computed so far after each micro-batch; false cancels.
    /// - Throws: `CancellationError`, or what makes the whole unit fail. A row that cannot be embedded is a failure in
    ///   the result.
    func embed(
        _ payload: UnitPayload, for scorer: Scorer?, on lane: Lane, progress: (UInt64) -> Bool
    ) throws -> EmbeddedUnit {
        let start = ContinuousClock.now
        let selection = try selection(for: payload.work, scorer)
        try selection.check(texts: payload.textCount, work: payload.work)
        let rows = payload.items.map { TokenizedRow($0, of: payload, by: embedder, limit) }
        let sequences = rows.filter { $0.failure == nil }.flatMap(\.sequences)
        let embeddings = try lane.embed(
            sequences, layers: selection.allLayers, poolings: selection.allPoolings
        ) { progress(UInt64($0)) }
        var unit = EmbeddedUnit(payload, readouts: selection.readouts)
        var kept = HalfVectors()
        var sequence = 0
        for (item, row) in rows.enumerated() {
            let texts = row.sequences.count
            let own = sequence..<sequence + texts
            if row.failure == nil { sequence = own.upperBound }
            let vectors = row.failure == nil ? selection.own(of: own, in: embeddings) : []
            if let failure = row.failure ?? Self.failure(of: vectors) {
                unit.failures.append(.init(item: item, reason: failure))
                unit.vectors += repeatElement(0, count: texts * selection.readouts.count * embeddings.hiddenSize)
                selection.appendNothing(texts: texts, to: &kept)
            } else {
                unit.vectors += vectors
                if row.isTruncated { unit.truncated.append(item) }
                selection.appendKept(of: own, in: embeddings, to: &kept)
            }
        }
        unit.kept = selection.kept(kept, texts: payload.textCount)
        unit.tokensTotal = UInt64(embeddings.tokensTotal)
        unit.tokensComputed = UInt64(embeddings.tokensComputed)
        unit.computeMicroseconds = UInt64((ContinuousClock.now - start).seconds * 1e6)
        return unit
    }

    private func selection(for work: WorkKind, _ scorer: Scorer?) throws -> EmbeddingSelection {
        guard choosesReadouts, work.needsScorer else { return selection }
        guard let scorer else { throw Problem("expected a scorer, which says what to embed to; found none") }
        return try selection.narrowed(to: scorer)
    }

    private static func failure(of vectors: ArraySlice<Float>) -> String? {
        vectors.allSatisfy(\.isFinite) ? nil : UnitResult.RowFailure.notFiniteReason
    }

    /// What the unit asks for.
    ///
    /// - Throws: `Problem` where the scorer does not fit, or there is none to project on.
    func result(of unit: EmbeddedUnit, _ lease: Lease, scorer: Scorer?) throws -> UnitResult {
        UnitResult(
            lease: lease, rows: unit.rows, responseCounts: unit.responseCounts,
            output: try output(of: unit, scorer: scorer), failures: unit.failures, truncated: unit.truncated,
            tokensTotal: unit.tokensTotal, tokensComputed: unit.tokensComputed,
            computeMicroseconds: unit.computeMicroseconds, kept: unit.kept)
    }

    private func output(of unit: EmbeddedUnit, scorer: Scorer?) throws -> UnitResult.Output {
        let hidden = embedder.model.hiddenSize
        let texts = unit.responseCounts.reduce(0, +)
        switch unit.work.values {
        case .states: return .states(Tensor(unit.vectors, shape: [texts, unit.readouts.count, hidden]))
        case .numbers, .texts: throw Problem("work of kind \(unit.work.number) is not known to this worker")
        case .scores:
            guard let scorer else { throw Problem("expected a scorer to project on, found none") }
            let scores = try scorer.scores(
                of: unit.vectors, rows: unit.responseCounts, readouts: unit.readouts, hiddenSize: hidden)
            return .scores(Tensor(scores, shape: [texts, scorer.scoreCount]), scorer: scorer.digest)
        }
    }
}
