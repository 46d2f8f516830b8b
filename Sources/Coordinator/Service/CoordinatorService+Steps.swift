internal import CommandLineTool
internal import Diagnostics
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Monitoring
internal import Protocol
internal import Scheduling
internal import Transport

extension CoordinatorService {
    /// Begins the steps that need nothing that is not there.
    func begin() throws {
        for step in job.workSteps { try notices.read(ingestions[step.id] ?? .init(), of: step) }
        try job.resume()
        try take([.started])
    }

    /// Shows a person the first open step, where that is another one now.
    func showCurrentStep() throws {
        guard let current = loop.pipeline.current, progress.step?.id != current.id else { return }
        let tally = try ledger.tally(of: current.id)
        progress.began(
            .init(current), input: .init(ingestions[current.id] ?? .init()), rowsDone: tally.rows,
            rowsFailed: tally.failedRows)
    }

    /// - Throws: `Problem` where there is nothing to do it with.
    func begin(_ work: Pipeline.LocalWork, of step: Pipeline.Step) throws {
        let body = try job.begin(work, of: step, model: model)
        onThread("legend-\(step.name)") { .localWorkDone(step.id, try body()) }
    }

    /// Reads the steps' files one after another on a thread of their own, while workers embed what is read.
    func readInput() {
        let ingestors = loop.pipeline.readingSteps.compactMap(\.workStep).compactMap { step in
            job.input(of: step).map { input in
                (
                    step,
                    Ingestor(
                        ledger: ledger, input: input, unitTokens: job.cluster.unitTokens,
                        textsPerUnitMax: job.textsPerUnitMax(of: step))
                )
            }
        }
        let thread = Thread { [mailbox] in
            do {
                for (step, ingestor) in ingestors {
                    try ingestor.run { mailbox.post(.ingested(step, $0)) }
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
}

extension JobProgress.Step {
    fileprivate init(_ step: Pipeline.Step) {
        let work: Work =
            switch step.work {
            case .units(let work, _): .units(work)
            case .local(.fitDirection): .local(doing: "fitting the")
            case .local(.trainHeads): .local(doing: "training")
            case .local(.writeOutput): .local(doing: "writing the")
            }
        self.init(id: step.id, name: step.name, work: work)
    }
}

extension JobProgress.Input {
    init(_ ingestion: Ledger.Ingestion) {
        let phase: Phase =
            switch ingestion.phase {
            case .reading: .reading
            case .sorting: .sorting
            case .complete: .complete
            }
        self.init(phase: phase, rows: ingestion.rows)
    }
}
