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
        let readout = definition.readouts[0].resolved(layerCount: model.layerCount)
        let (hidden, perResponse) = (model.hiddenSize, definition.readouts.count * model.hiddenSize)
        try self.init(
            readout, ledger: ledger, definition: definition, model: model
        ) { failed, body in
            try ledger.forEachRow(of: .anchors) { anchor, result in
                switch result {
                case .failed(let reason): failed(reason)
                case .values(let values):
                    // [responses, readouts, hidden]
                    let values = try values.floats()
                    guard values.count == 2 * perResponse else {
                        throw Problem(
                            "anchor \(anchor) has \(values.count) numbers in the ledger; expected \(2 * perResponse)")
                    }
                    body(anchor, values[..<hidden], values[perResponse..<perResponse + hidden])
                }
            }
        }
    }

    /// What Legend's released code computes is saved as it ever was.
    private static func fittedPrompts(_ definition: JobDefinition, _ ledger: Ledger) throws -> FittedPrompts? {
        guard definition.compatibility != .legend else { return nil }
        var prompts = FittedPrompts()
        try prompts.add(.anchors, of: ledger)
        return prompts
    }

    /// - Parameters:
    ///   - readout: what the embeddings are; its layer counts from the front.
    ///   - pairs: called several times.
    /// - Throws: `DirectionError` where no direction comes out, or a `Problem` that says why no anchor was of use.
    init(
        _ readout: Readout, ledger: Ledger, definition: JobDefinition, model: LoadedModel,
        pairs forEachPair: @escaping Pairs
    ) throws {
        let prompts = try ledger.prompts(of: .anchors)
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
            throw Problem(
                "none of the \(failed) anchor pairs can be embedded; the first: \(firstReason)", isOfConfiguration: true
            )
        }
        let direction = try accumulator.direction()
        let fitted = SavedDirection(
            direction: direction,
            provenance: .init(
                model: model.name, modelSHA256: model.digest, architecture: model.architecture,
                tokenizer: model.tokenizer,
                template: definition.template.identity, compatibility: definition.compatibility,
                layer: readout.layer.number, layerCount: model.layerCount, token: readout.pooling,
                precision: model.precision,
                numericBuild: model.numericBuild, anchorsSHA256: definition.anchors?.digest ?? "",
                anchorPairs: accumulator.count, software: ProtocolVersion.software))
        // Through its file's form, so that this job and one that is given the file project on the same numbers.
        var saved = try SavedDirection(serialized: fitted.serialized(), path: "the fitted direction")
        saved.fittedOn = try Self.fittedPrompts(definition, ledger)
        saved.heldOut = try HeldOutAccuracy.measured(accumulator) { body in
            try forEachPair({ _ in }) { anchor, harmless, harmful in
                guard let prompt = prompts[anchor] else { preconditionFailure("an anchor without a text") }
                body(prompt, harmless, harmful)
            }
        }
        self.saved = saved
        failedAnchors = failed
    }
}
