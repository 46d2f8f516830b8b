internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Logging
internal import Margins
internal import Prompting
internal import Protocol
internal import Scheduling

/// Scores candidates, the responses that prompts have, and ranks those of each prompt.
final class RerankJob: ClusterJob {
    private let definition: RerankDefinition
    private let ledger: Ledger
    private let run: String

    /// - Throws: `ConfigurationError` where the ledger is another job's.
    init(_ definition: RerankDefinition, ledger: Ledger) throws {
        try definition.fingerprint.claim(ledger, state: (definition.state, "--output"))
        self.definition = definition
        self.ledger = ledger
        run = try JobState(ledger).run
    }

    var name: String { Configuration.Job.path(beside: definition.request.output, ending: "").fileName }
    var cluster: Configuration.Cluster { definition.configuration.cluster }
    var modelSource: Configuration.Model { definition.configuration.model }
    var access: ClusterAccess? { definition.access }
    var state: String { definition.state }
    var workSteps: [WorkStep] { [RerankDefinition.step] }
    var store: EmbeddingStore? { nil }
    var scorer: Scorer? { definition.scorers.scorer }
    var countsMargins: Bool { false }

    var readsControlTokens: Bool {
        definition.configuration.embedding.compatibility == .legend || definition.template.readsControlTokensOfRows
    }

    var specification: JobSpecification {
        let model = definition.configuration.model
        // Where nobody says otherwise, in what the scores were fitted on.
        let precision = model.precision == .automatic ? definition.scorers.precision : model.precision
        return JobSpecification(
            job: "\(name) (\(run))", modelPath: model.path, modelDigest: definition.scorers.modelSHA256,
            precision: precision, backend: model.backend, attention: precision == .f32 ? .f32 : .automatic,
            readouts: definition.scorers.scorer.parts.map(\.readout), maxTokens: model.maxTokens,
            truncation: model.truncation, heartbeatMilliseconds: Int(cluster.heartbeatSeconds * 1000))
    }

    var pipeline: Pipeline { Pipeline(workSteps, then: .writeOutput, named: "output", id: .output) }

    func input(of step: WorkStep) -> StepInput? { step.id == RerankDefinition.step.id ? definition.input : nil }

    func textsPerUnitMax(of step: WorkStep) -> Int {
        UnitPayload.textsMax(readouts: definition.scorers.scorer.parts.count, kept: 0)
    }

    func resume() {}

    func begin(
        _ work: Pipeline.LocalWork, of step: Pipeline.Step, model: LoadedModel?
    ) throws -> @Sendable () throws -> any LocalOutcome {
        { [definition, ledger] in try RerankOutput(definition: definition, ledger: ledger).run() }
    }

    func take(
        _ outcome: any LocalOutcome, model: LoadedModel?, notices: JobNotices, _ logger: Logger
    ) throws -> LocalConsequence {
        guard let summary = outcome as? RerankOutput.Summary else { preconditionFailure("an outcome of another job") }
        var warnings = (model?.namedWarnings ?? []) + notices.lines(margins: .init())
        if let model, model.precision != definition.scorers.precision {
            warnings.append(
                """
                the candidates are computed in \(model.precision), and the scores were fitted on states in \
                \(definition.scorers.precision) (model.precision)
                """)
        }
        return .finished(
            FinishedJob(
                text: summary.text(definition, warnings: warnings),
                summary: "\(summary.ranked) responses of \(summary.prompts) prompts", failedRows: summary.failed))
    }

    func describe(in report: inout StatusReport) {}
}

extension String {
    /// The last component of a path.
    fileprivate var fileName: String { split(separator: "/").last.map(String.init) ?? self }
}
