internal import CommandLineTool
internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Prompting
internal import Protocol

/// Fits the direction on the anchors' embeddings, in the order of the anchors.
struct DirectionFit: Sendable {
    let saved: SavedDirection
    let failedAnchors: Int

    /// Calls one of the two for each anchor, in the order of the anchors: with why it cannot be used, or its embeddings.
    typealias Pairs = (
        _ failed: (_ reason: String) -> Void,
        _ body: (_ anchor: UInt64, _ harmless: ArraySlice<Float>, _ harmful: ArraySlice<Float>) -> Void
    ) throws -> Void

    /// Fits the job's own direction.
    ///
    /// - Throws: `DirectionError` where no direction comes out, or a `Problem` that says why no anchor was of use.
    init(ledger: Ledger, definition: JobDefinition, model: LoadedModel) throws {
        let embedding = definition.configuration.embedding
        let layer = JobSpecification.resolved(layer: embedding.layer, layerCount: model.layerCount)
        try self.init(
            layer: layer, token: embedding.token, definition: definition, model: model, prompts: Self.prompts(ledger)
        ) { failed, body in
            try ledger.forEachRow(of: .anchors) { anchor, result in
                switch result {
                case .failed(let reason): failed(reason)
                case .values(let values):
                    // [responses, layers, hidden] with one layer.
                    let values = try values.floats()
                    body(anchor, values[..<(values.count / 2)], values[(values.count / 2)...])
                }
            }
        }
    }

    /// - Parameters:
    ///   - layer: 0 the embeddings … `layerCount` after the final norm.
    ///   - prompts: the number of each anchor's prompt.
    ///   - pairs: called several times.
    /// - Throws: `DirectionError` where no direction comes out, or a `Problem` that says why no anchor was of use.
    init(
        layer: Int, token: String, definition: JobDefinition, model: LoadedModel, prompts: [UInt64: Int],
        pairs forEachPair: @escaping Pairs
    ) throws {
        var accumulator = DirectionAccumulator(hiddenSize: model.hiddenSize)
        var failed = 0
        var firstReason = ""
        try forEachPair(
            { reason in
                if failed == 0 { firstReason = reason }
                failed += 1
            },
            { _, harmless, harmful in accumulator.add(harmless: harmless, harmful: harmful) })
        guard accumulator.count > 0 || failed == 0 else {
            throw Problem("none of the \(failed) anchor pairs can be embedded; the first: \(firstReason)")
        }
        let direction = try accumulator.direction()
        let fitted = SavedDirection(
            direction: direction,
            provenance: .init(
                model: model.name, modelSHA256: model.digest, tokenizer: model.tokenizer,
                template: definition.template.identity, compatibility: definition.configuration.embedding.compatibility,
                layer: layer, layerCount: model.layerCount, token: token, precision: model.precision,
                numericBuild: model.numericBuild, anchorsSHA256: definition.anchors?.digest ?? "",
                anchorPairs: accumulator.count, software: ProtocolVersion.software))
        // Through its file's form, so that this job and one that is given the file project on the same numbers.
        var saved = try SavedDirection(serialized: fitted.serialized(), path: "the fitted direction")
        saved.heldOut = try HeldOutAccuracy.measured(accumulator) { body in
            try forEachPair({ _ in }) { anchor, harmless, harmful in
                guard let prompt = prompts[anchor] else { preconditionFailure("an anchor without a text") }
                body(prompt, harmless, harmful)
            }
        }
        self.saved = saved
        failedAnchors = failed
    }

    /// Which anchors have the same prompt, as it is rendered: those of the same number.
    ///
    /// - Throws: `Problem`.
    static func prompts(_ ledger: Ledger) throws -> [UInt64: Int] {
        var prompts: [UInt64: Int] = [:]
        var last: (prompt: [UInt8], number: Int)?
        try ledger.forEachTextByPrompt(of: .anchors) { text in
            let number = last.map { $0.prompt == text.prompt ? $0.number : $0.number + 1 } ?? 0
            last = (text.prompt, number)
            prompts[text.row] = number
        }
        return prompts
    }
}
