internal import CommandLineTool
internal import Foundation
internal import Protocol
internal import Transport

extension CoordinatorService {
    /// Opens the stages. Rows are open from the beginning: workers that have no anchors left embed them.
    func begin() throws {
        for stage in Stage.allCases {
            let ingestion = try ledger.ingestion(of: stage)
            ingestions[stage] = ingestion
            notices.read(ingestion, of: stage)
        }
        if direction != nil { try saveDirection() }
        let stages: [Stage] = direction == nil ? [.anchors, .rows] : [.rows]
        try show(stages[0])
        try perform(stages.flatMap { scheduler.handle(.stageBegan($0), at: now) })
    }

    func show(_ stage: Stage) throws {
        progress.began(stage, ingestion: ingestions[stage] ?? .init(), tally: try ledger.tally(of: stage))
    }

    /// - Throws: `Failure` where no anchor was usable, so that no worker ever had one.
    func complete(_ stage: Stage) throws {
        switch stage {
        case .anchors:
            progress.began(.fitting)
            guard let model else {
                throw Failure(
                    "\(definition.anchors?.path ?? ""): no anchor can be used: no direction can be fitted",
                    status: .usage)
            }
            let seal = sealing(stage)
            onThread("legend-direction") { [ledger, definition] in
                try seal()
                return .directionFitted(try DirectionFit(ledger: ledger, definition: definition, model: model))
            }
        case .rows:
            progress.began(.writing)
            let seal = sealing(stage)
            onThread("legend-output") { [ledger, definition] in
                try seal()
                return .outputWritten(try OutputStage(definition: definition, ledger: ledger).run())
            }
        }
    }

    /// What makes the stage's kept embeddings files that others can read.
    private func sealing(_ stage: Stage) -> @Sendable () throws -> Void {
        guard let store, let model, let layout = EmbeddingLayout(definition, model: model, run: run) else { return {} }
        return { [ledger] in try store.seal(stage, layout, ledger: ledger) }
    }

    /// Reads the anchors, then, while workers embed them, the rows, on a thread of their own.
    func readInput() {
        let needsAnchors = direction == nil
        let ingestors = Stage.allCases.filter { $0 == .rows || needsAnchors }.compactMap { stage in
            definition.input(of: stage).map { input in
                let unitTokens = definition.configuration.cluster.unitTokens
                return (
                    stage,
                    Ingestor(
                        ledger: ledger, input: input, unitTokens: unitTokens,
                        rowsPerUnitMax: definition.rowsPerUnitMax)
                )
            }
        }
        let thread = Thread { [mailbox] in
            do {
                for (stage, ingestor) in ingestors {
                    try ingestor.run { mailbox.post(.ingested(stage, $0)) }
                }
            } catch {
                mailbox.post(.failed(error))
            }
        }
        thread.name = "legend-ingest"
        thread.start()
    }

    func onThread(_ name: String, _ work: @escaping @Sendable () throws -> CoordinatorEvent) {
        let thread = Thread { [mailbox] in
            do {
                mailbox.post(try work())
            } catch {
                mailbox.post(.failed(error))
            }
        }
        thread.name = name
        thread.start()
    }

    /// Writes the direction's file, unless it is where the direction came from.
    func saveDirection() throws {
        guard definition.savedDirection == nil, let direction else { return }
        try direction.write(to: definition.configuration.job.directionOutput)
    }
}
