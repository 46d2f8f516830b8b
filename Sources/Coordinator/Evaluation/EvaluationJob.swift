internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Logging
internal import Margins
internal import Protocol
internal import Reports
internal import Scheduling

/// Embeds some of a job's rows, and its anchors, and measures what the job's margins are worth to a reward model.
final class EvaluationJob: ClusterJob {
    private let definition: EvaluationDefinition
    private let ledger: Ledger
    private let run: String
    private let progress: EvaluationProgress

    /// - Throws: `ConfigurationError` where the ledger is another evaluation's.
    init(_ definition: EvaluationDefinition, ledger: Ledger) throws {
        try definition.fingerprint.claim(
            ledger, state: (definition.state, "job.output"))
        self.definition = definition
        self.ledger = ledger
        run = try JobState(ledger).run
        progress = EvaluationProgress(total: definition.settings.seeds)
    }

    var name: String { "\(definition.job.configuration.job.name) (evaluation)" }
    var cluster: Configuration.Cluster { definition.job.configuration.cluster }
    var modelSource: Configuration.Model { definition.job.configuration.model }
    var access: ClusterAccess? { definition.job.access }
    var state: String { definition.state }
    var specification: JobSpecification { definition.specification(ofRun: run) }
    var workSteps: [WorkStep] { definition.workSteps }
    var store: EmbeddingStore? { nil }
    var scorer: Scorer? { nil }
    var readsControlTokens: Bool { definition.job.readsControlTokens }
    var countsMargins: Bool { false }

    func input(of step: WorkStep) -> StepInput? { definition.input(of: step) }

    func textsPerUnitMax(of step: WorkStep) -> Int {
        UnitPayload.textsMax(
            readouts: definition.everyLayer.isEmpty ? definition.readouts.count : JobDefinition.readoutsExpected,
            kept: 0)
    }

    var pipeline: Pipeline {
        Pipeline(workSteps, then: .trainHeads, named: "reward heads", id: .output)
    }

    func resume() {}

    func begin(
        _ work: Pipeline.LocalWork, of step: Pipeline.Step, model: LoadedModel?
    ) throws -> @Sendable () throws -> any LocalOutcome {
        guard let model else {
            throw Problem(
                "\(definition.job.configuration.job.input): no row can be used: there is nothing to evaluate",
                isOfConfiguration: true)
        }
        progress.begin()
        return { [definition, ledger, progress] in
            try EvaluationOutput(definition: definition, progress: progress, ledger: ledger).run(
                EvaluatedRows(definition, ledger: ledger, model: model), model: model)
        }
    }

    func take(
        _ outcome: any LocalOutcome, model: LoadedModel?, notices: JobNotices, _ logger: Logger
    ) throws -> LocalConsequence {
        guard let summary = outcome as? EvaluationOutput.Summary else {
            preconditionFailure("an outcome of another job")
        }
        let warnings = (model?.namedWarnings ?? []) + notices.lines(margins: .init()) + progress.warnings
        return .finished(
            FinishedJob(
                text: summary.text(definition, warnings: warnings),
                summary: "\(summary.figures.arms.count) arms, \(progress.total) seeds", failedRows: 0))
    }

    func describe(in report: inout StatusReport) {
        progress.describe(in: &report)
    }
}

extension EvaluationOutput.Summary {
    /// For a person.
    func text(_ definition: EvaluationDefinition, warnings: [String]) -> String {
        var lines = figures.lines
        lines += warnings.map { "warning: \($0)" }
        lines += ["figures: \(definition.output)", "linear heads: \(definition.headsOutput)"]
        if let report { lines.append("report: \(report)") }
        return lines.joined(separator: "\n")
    }
}
