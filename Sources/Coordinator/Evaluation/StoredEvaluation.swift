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

    /// - Throws: `Missing` where the job has not run to its end with this configuration; `Problem` where another process has
    ///   its state; a ledger error.
    init(_ definition: EvaluationDefinition) throws {
        let job = definition.job
        let state = job.configuration.job.state
        guard FileManager.default.fileExists(atPath: state + "/ledger.sqlite") else {
            throw Missing(reason: "it has not run")
        }
        ledger = try Ledger(folder: state)
        guard let changes = try JobFingerprint(job.fingerprint).changes(in: ledger) else {
            throw Missing(reason: "it never began")
        }
        // What is made of states does not decide them.
        let changed = changes.filter { !EvaluationDefinition.keysAfterEmbedding.contains($0) }
        guard changed.isEmpty else {
            throw Missing(reason: "it ran with other settings; changed since: \(changed.joined(separator: ", "))")
        }
        guard try ledger.ingestion(of: .rows).isComplete,
            try ledger.openUnits(of: .rows, after: UnitID(0), limit: 1).isEmpty
        else { throw Missing(reason: "it is not finished") }
        let known = try JobState(ledger)
        guard let model = known.model, let layout = EmbeddingLayout(job, model: model, run: known.run) else {
            throw Missing(reason: "it had no rows to keep")
        }
        (self.model, self.definition, self.layout) = (model, definition, layout)
    }

    /// Why there are no kept states to use.
    struct Missing: Error {
        let reason: String
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
                    legend: try areRefused ? anchors.legend?.differences(anchorGroups) : nil)
            ]
        }
        return try EvaluatedRows(
            rows: rows.own, prompts: prompts, failed: chosen.count - rows.own.rows.count,
            legendRows: sources[0].legend == nil ? nil : rows.legend?.differences(prompts), legendReferences: nil,
            sources: sources,
            knownRows: rows.own.rows.count { known.contains($0) },
            fittedOn: EvaluatedRows.known(job, ledger),
            readout: own, of: .rows, ledger: ledger)
    }

    /// Whether the harmless side of every anchor is Legend's refusal: then what was kept of them is what Legend's direction is
    /// fitted on.
    private var areRefused: Bool {
        get throws {
            var areRefused = true
            try ledger.forEachItem(of: .anchors) { item in
                areRefused = areRefused && item.text.responses.first?.text == Configuration.legendRefusal
            }
            return areRefused
        }
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

    /// Of rows whose states are finite at both places, in the order of the input.
    private func states(
        of step: WorkStep, _ slot: Int, _ legendSlot: Int?, _ isIncluded: (UInt64) -> Bool
    ) throws -> (own: PlaceStates, legend: PlaceStates?) {
        let folder = definition.job.configuration.job.embeddings
        let stored = try StoredStates(step, folder: folder, layout, ledger: ledger)
        var finite: [Int: Set<UInt64>] = [:]
        for slot in [slot, legendSlot].compactMap(\.self) {
            finite[slot] = []
            try stored.forEachRow(slot) { row in
                if row.vector(0) != nil, row.vector(1) != nil { finite[slot]?.insert(row.row) }
            }
        }
        func read(_ slot: Int) throws -> PlaceStates {
            var states = PlaceStates(rows: [], hiddenSize: model.hiddenSize)
            try stored.forEachRowInOrder(slot) { row in
                guard isIncluded(row.row), finite.values.allSatisfy({ $0.contains(row.row) }),
                    let preferred = row.vector(0), let other = row.vector(1)
                else { return }
                states.append(row.row, preferred: preferred[...], other: other[...])
            }
            return states
        }
        return (try read(slot), try legendSlot.map(read))
    }
}
