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
        for step in definition.workSteps { try notices.read(ingestions[step.id] ?? .init(), of: step) }
        if direction != nil { try saveDirection() }
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

    /// - Throws: `Problem` where nothing to fit on was usable, so that no worker ever had one.
    func begin(_ work: Pipeline.LocalWork, of step: Pipeline.Step) throws {
        let seal = sealing(step)
        switch work {
        case .fitDirection:
            guard let model else {
                let anchors = definition.anchorFiles.map(\.path).joined(separator: ", ")
                let (path, what) = anchors.isEmpty ? (definition.configuration.job.input, "row") : (anchors, "anchor")
                throw Problem(
                    "\(path): no \(what) can be used: no direction can be fitted", isOfConfiguration: true)
            }
            onThread("legend-direction") { [ledger, definition] in
                try seal()
                guard definition.configuration.surveys else {
                    let fit = try DirectionFit(ledger: ledger, definition: definition, model: model)
                    return .directionFitted(step.id, fit.saved, failedAnchors: fit.failedAnchors, nil)
                }
                let fit = try SurveyFit(ledger: ledger, definition: definition, model: model)
                var settings = [JobState.directionName: try fit.saved.serialized()]
                settings[JobState.surveyName] = fit.report.map { JobState.serialized($0) }
                try ledger.move(fit.outcomes, from: .survey, to: .rows, settings: settings)
                return .directionFitted(step.id, fit.saved, failedAnchors: fit.failedAnchors, fit.report)
            }
        case .writeOutput:
            onThread("legend-output") { [ledger, definition, direction, model, survey] in
                try seal()
                let output = OutputStep(
                    definition: definition, ledger: ledger, direction: direction, model: model, survey: survey)
                return .outputWritten(step.id, try output.run())
            }
        }
    }

    /// What makes the stored states of the step's input files that others can read.
    private func sealing(_ step: Pipeline.Step) -> @Sendable () throws -> Void {
        guard case .output(let sources) = step.input, let store, let model,
            let layout = EmbeddingLayout(definition, model: model, run: run)
        else { return {} }
        let stored = sources.compactMap { loop.pipeline[$0]?.workStep }
        return { [ledger] in for step in stored { try store.seal(step, layout, ledger: ledger) } }
    }

    /// Reads the steps' files one after another on a thread of their own, while workers embed what is read.
    func readInput() {
        let ingestors = loop.pipeline.readingSteps.compactMap(\.workStep).compactMap { step in
            definition.input(of: step).map { input in
                let unitTokens = definition.configuration.cluster.unitTokens
                return (
                    step,
                    Ingestor(
                        ledger: ledger, input: input, unitTokens: unitTokens,
                        textsPerUnitMax: definition.textsPerUnitMax(of: step))
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

    /// Writes the direction's file, unless it is where the direction came from.
    func saveDirection() throws {
        guard definition.savedDirection == nil, let direction else { return }
        try direction.write(to: definition.configuration.job.directionOutput)
    }
}

extension JobProgress.Step {
    fileprivate init(_ step: Pipeline.Step) {
        let work: Work =
            switch step.work {
            case .units(let work, _): .units(work)
            case .local(.fitDirection): .local(doing: "fitting the")
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
