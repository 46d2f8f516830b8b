internal import Diagnostics
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol
internal import Reports

/// What a finished job kept of its rows and anchors, to evaluate without a worker.
struct StoredEvaluation {
    let model: LoadedModel
    private let definition: EvaluationDefinition
    private let ledger: Ledger
    private let layout: EmbeddingLayout

    /// - Returns: nil where the job has not run to its end with this configuration.
    /// - Throws: `Problem` where another process has its state; a ledger error.
    init?(_ definition: EvaluationDefinition) throws {
        let job = definition.job
        let state = job.configuration.job.state
        guard FileManager.default.fileExists(atPath: state + "/ledger.sqlite") else { return nil }
        ledger = try Ledger(folder: state)
        guard let fingerprint = try ledger.setting("fingerprint"),
            try JobFingerprint(job.fingerprint).changes(since: fingerprint).isEmpty,
            try ledger.ingestion(of: .rows).isComplete,
            try ledger.openUnits(of: .rows, after: UnitID(0), limit: 1).isEmpty
        else { return nil }
        let known = try JobState(ledger)
        guard let model = known.model, let layout = EmbeddingLayout(job, model: model, run: known.run) else {
            return nil
        }
        (self.model, self.definition, self.layout) = (model, definition, layout)
    }

    /// About as many rows as are asked for: all rows of some prompts, drawn at random.
    ///
    /// - Throws: `Problem` where a shard is damaged; `FileError` where one is missing; a ledger error.
    func rows() throws -> EvaluatedRows {
        let job = definition.job
        let own = (job.savedDirection?.readout ?? job.readouts[0]).resolved(layerCount: model.layerCount)
        guard let slot = layout.slot(of: own) else {
            throw Problem(
                "layer \(own.layer), \(own.pooling) is not among the kept embeddings", isOfConfiguration: true)
        }
        let legendSlot = layout.slot(of: EvaluationDefinition.legendReadout.resolved(layerCount: model.layerCount))
        let numbers = try ledger.rowPrompts(of: [.rows], common: ledger.commonPrompt()).numbers
        let known = try EvaluatedRows.knownRows(of: .rows, job, ledger)
        let others = numbers.filter { !known.contains($0.key) }
        let areEnough = TrustFigures.Agreement.isEnough(rows: others.count, prompts: Set(others.values).count)
        let chosen = Self.sample(areEnough ? others : numbers, rows: definition.settings.rows)
        let rows = try states(of: .rows, slot, legendSlot) { chosen.contains($0) }
        let prompts = rows.own.rows.map { numbers[$0] ?? 0 }
        var sources = [EvaluatedRows.Source(name: Configuration.AnchorSource.ownName)]
        if let file = job.anchors {
            let groups = try ledger.prompts(of: .anchors)
            let anchors = try states(of: .anchors, slot, legendSlot) { _ in true }
            let anchorGroups = anchors.own.rows.map { groups[$0] ?? 0 }
            sources = [
                .init(
                    name: job.name(of: file), anchors: anchors.own.differences(anchorGroups),
                    legend: anchors.legend?.differences(anchorGroups))
            ]
        }
        return EvaluatedRows(
            rows: rows.own, prompts: prompts, failed: chosen.count - rows.own.rows.count,
            legendRows: job.anchors == nil ? nil : rows.legend?.differences(prompts), legendReferences: nil,
            sources: sources,
            knownRows: rows.own.rows.count { known.contains($0) },
            readout: own)
    }

    /// - Parameter numbers: of each row's prompt.
    private static func sample(_ numbers: [UInt64: Int], rows: Int) -> Set<UInt64> {
        var ofPrompt: [Int: [UInt64]] = [:]
        for (row, number) in numbers { ofPrompt[number, default: []].append(row) }
        let order = ofPrompt.keys.map { (seededHash($0, seed: 13), $0) }.sorted { $0 < $1 }
        var chosen: Set<UInt64> = []
        for (_, prompt) in order where chosen.count < rows {
            chosen.formUnion(ofPrompt[prompt, default: []].sorted().prefix(rows - chosen.count))
        }
        return chosen
    }

    /// Of rows whose states are all finite, in the order of the input.
    private func states(
        of step: WorkStep, _ slot: Int, _ legendSlot: Int?, _ isIncluded: (UInt64) -> Bool
    ) throws -> (own: PlaceStates, legend: PlaceStates?) {
        let folder = definition.job.configuration.job.embeddings
        let stored = try StoredStates(step, folder: folder, layout, ledger: ledger)
        func read(_ slot: Int) throws -> PlaceStates {
            var states = PlaceStates(rows: [], hiddenSize: model.hiddenSize)
            try stored.forEachRowInOrder(slot) { row in
                guard isIncluded(row.row), let preferred = row.vector(0), let other = row.vector(1) else { return }
                states.append(row.row, preferred: preferred[...], other: other[...])
            }
            return states
        }
        let own = try read(slot)
        let legend = try legendSlot.map(read)
        guard legend.map({ $0.rows == own.rows }) ?? true else {
            throw Problem("the kept embeddings of some rows are finite at one place and not at another")
        }
        return (own, legend)
    }
}
