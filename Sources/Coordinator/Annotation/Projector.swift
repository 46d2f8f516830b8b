internal import CommandLineTool
internal import Diagnostics
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Prompting
internal import Protocol

/// Annotates a finished job's rows anew from the embeddings that it kept: with another direction, layer or token, and
/// without a model.
struct Projector {
    /// What is asked for; nil: as the job has it.
    struct Request {
        var layer: LayerChoice?
        var token: Pooling?
        var direction: SavedDirection?
    }

    private let definition: JobDefinition
    private let ledger: Ledger
    private let model: LoadedModel
    private let layout: EmbeddingLayout

    /// What a person must know of the model to trust its numbers, each a sentence.
    var modelWarnings: [String] { model.namedWarnings }
    private let state: JobState
    private let rows: StoredStates

    /// - Throws: `Problem` where the job is not finished, or a shard of its store is damaged or another job's; `FileError`
    ///   where one is missing or cannot be read; a ledger error.
    init(_ definition: JobDefinition, ledger: Ledger) throws {
        let state = try JobState(ledger)
        guard try ledger.ingestion(of: .rows).isComplete,
            try ledger.openUnits(of: .rows, after: UnitID(0), limit: 1).isEmpty
        else {
            throw Problem("the job is not finished; `legend-coordinator run` goes on with it", isOfConfiguration: true)
        }
        guard let model = state.model, let layout = EmbeddingLayout(definition, model: model, run: state.run) else {
            throw Problem("the job has no rows whose embeddings it could have kept", isOfConfiguration: true)
        }
        self.definition = definition
        self.ledger = ledger
        self.model = model
        self.layout = layout
        self.state = state
        rows = try StoredStates(.rows, folder: definition.configuration.job.embeddings, layout, ledger: ledger)
    }

    /// What is odd about the rows, and about the margins that they have now.
    func notices(margins: MarginStatistics) throws -> [String] {
        var notices = JobNotices(readsControlTokens: definition.readsControlTokens)
        for step in definition.workSteps { try notices.read(ledger.ingestion(of: step.id), of: step) }
        return notices.lines(margins: margins)
    }

    /// The direction to project on, and, where it was fitted now, its fit.
    ///
    /// - Throws: `Problem` where the layer or the token is not kept, or the direction does not fit.
    func direction(_ request: Request) throws -> (direction: SavedDirection, fit: DirectionFit?) {
        let own = definition.readouts[0]
        let given = request.direction?.readout ?? own
        let readout = Readout(request.layer ?? given.layer, request.token ?? given.pooling).resolved(
            layerCount: model.layerCount)
        try check(readout)
        if let direction = request.direction {
            let conflicts = direction.conflicts(
                modelSHA256: model.digest, template: definition.template.identity,
                compatibility: definition.compatibility, readout: readout)
            guard conflicts.isEmpty else { throw Problem(conflicts.joined(separator: "\n"), isOfConfiguration: true) }
            return (direction, nil)
        }
        if let known = try definition.savedDirection ?? JobState.direction(in: ledger),
            readout == own.resolved(layerCount: model.layerCount)
        {
            return (known, nil)
        }
        guard definition.anchors != nil else {
            throw Problem(
                "the job has no anchors to fit a direction on; give one with --direction", isOfConfiguration: true)
        }
        let fit = try DirectionFit(
            readout, ledger: ledger, definition: definition, model: model, pairs: keptPairs(slot(of: readout)))
        return (fit.saved, fit)
    }

    private func check(_ readout: Readout) throws {
        let ofLayer = layout.readouts.filter { $0.layer == readout.layer }
        guard !ofLayer.isEmpty else {
            let kept = Set(layout.readouts.map(\.layer.number)).sorted().map(String.init).joined(separator: ", ")
            throw Problem(
                "layer \(readout.layer) is not kept; kept are \(kept) (embedding.keep_layers)", isOfConfiguration: true)
        }
        guard ofLayer.contains(readout) else {
            let kept = ofLayer.map(\.pooling.rawValue).joined(separator: ", ")
            throw Problem(
                "token \"\(readout.pooling)\" is not kept; kept are \(kept) (embedding.keep_tokens)",
                isOfConfiguration: true)
        }
    }

    private func slot(of readout: Readout) -> Int {
        guard let slot = layout.slot(of: readout) else { preconditionFailure("checked before") }
        return slot
    }

    private func keptPairs(_ slot: Int) throws -> DirectionFit.Pairs {
        let folder = definition.configuration.job.embeddings
        let anchors = try StoredStates(.anchors, folder: folder, layout, ledger: ledger)
        return { [ledger] failed, body in
            try ledger.forEachRow(of: .anchors) { _, result in
                if case .failed(let reason) = result { failed(reason) }
            }
            try anchors.forEachRowInOrder(slot) { row in
                if let harmless = row.vector(0), let harmful = row.vector(1) {
                    body(row.row, harmless[...], harmful[...])
                } else {
                    failed(UnitResult.RowFailure.notFiniteReason)
                }
            }
        }
    }

    /// Projects all rows, and writes the annotated ones to `path`, the others to `errorsPath`.
    ///
    /// - Parameter progress: called now and then with how many rows are projected, of how many.
    func run(
        on direction: SavedDirection, writing path: String, errorsPath: String,
        progress: (_ done: Int, _ total: Int) -> Void
    ) throws -> OutputStep.Summary {
        let unit = direction.direction.unit
        let own = direction.categories.map { Array(zip($0.directions.map(\.unit), $0.units)) } ?? []
        let categories = try definition.categories(of: direction)
        guard unit.count == model.hiddenSize else {
            throw Problem(
                "expected a direction of \(model.hiddenSize) numbers, found \(unit.count)", isOfConfiguration: true)
        }
        let scores = try ScoreFile(folder: (path as NSString).deletingLastPathComponent)
        let total = rows.count
        var done = 0
        try rows.forEachRow(slot(of: direction.readout)) { row in
            let (vector, scale) = categories.category(of: row.row).map { own[$0] } ?? (unit, .identity)
            if let chosen = row.vector(0), let rejected = row.vector(1) {
                let projections = (projection(of: chosen, on: vector), projection(of: rejected, on: vector))
                try scores.set((scale.score(projections.0), scale.score(projections.1)), of: row.row)
            } else {
                try scores.set(nil, of: row.row)
            }
            done += 1
            if done % 4096 == 0 { progress(done, total) }
        }
        return try OutputStep(
            definition: definition, ledger: ledger, direction: direction, model: model, survey: nil,
            output: (path, errorsPath)
        ).run { row in
            guard let result = try scores.result(of: row) else {
                throw Problem("the store has no embeddings of row \(row)")
            }
            return result
        }
    }
}
