internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Logging
internal import Margins
internal import Prompting
internal import Protocol
internal import Scheduling

/// Generates responses: the harmful side of anchors as a rule, and whatever else the configuration asks for.
final class InductionJob: ClusterJob {
    private let definition: InductionDefinition
    private let ledger: Ledger
    private let run: String

    /// - Throws: `ConfigurationError` where the ledger is another job's.
    init(_ definition: InductionDefinition, ledger: Ledger) throws {
        try definition.claim(ledger)
        self.definition = definition
        self.ledger = ledger
        run = try JobState(ledger).run
    }

    var name: String {
        let output = definition.configuration.induction.output
        return Configuration.Job.path(beside: output, ending: "").split(separator: "/").last.map(String.init) ?? output
    }

    var cluster: Configuration.Cluster { definition.configuration.cluster }
    var modelSource: Configuration.Model { definition.configuration.model }
    var access: ClusterAccess? { definition.access }
    var state: String { definition.state }
    var workSteps: [WorkStep] { definition.workSteps }
    var store: EmbeddingStore? { nil }
    var scorer: Scorer? { nil }
    var countsMargins: Bool { false }

    var readsControlTokens: Bool {
        definition.configuration.compatibility == .legend || definition.configuration.readsControlTokensOfRows
    }

    var specification: JobSpecification {
        let model = definition.configuration.model
        return JobSpecification(
            job: "\(name) (\(run))", modelPath: model.path, modelDigest: model.sha256 ?? "",
            precision: model.precision, backend: .native, attention: model.precision == .f32 ? .f32 : .automatic,
            readouts: [], maxTokens: model.maxTokens,
            heartbeatMilliseconds: Int(cluster.heartbeatSeconds * 1000), generation: definition.room)
    }

    var pipeline: Pipeline {
        Pipeline(workSteps, then: .writeOutput, named: "output", id: .output)
    }

    func input(of step: WorkStep) -> StepInput? { definition.input(of: step) }
    func textsPerUnitMax(of step: WorkStep) -> Int { definition.textsPerUnitMax }
    func resume() {}

    func begin(
        _ work: Pipeline.LocalWork, of step: Pipeline.Step, model: LoadedModel?
    ) throws -> @Sendable () throws -> any LocalOutcome {
        { [definition, ledger] in try InductionOutput(definition: definition, ledger: ledger, model: model).run() }
    }

    func take(
        _ outcome: any LocalOutcome, model: LoadedModel?, notices: JobNotices, _ logger: Logger
    ) throws -> LocalConsequence {
        guard let summary = outcome as? InductionOutput.Summary else {
            preconditionFailure("an outcome of another job")
        }
        let warnings = (model?.namedWarnings ?? []) + notices.lines(margins: .init())
        return .finished(
            FinishedJob(
                text: summary.text(definition, warnings: warnings),
                summary: "\(summary.rows) rows of \(summary.prompts) prompts", failedRows: summary.failedPrompts))
    }

    func describe(in report: inout StatusReport) {}
}
