internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Prompting
internal import Protocol
internal import Scheduling

/// What is measured of a job's margins: which of its rows are embedded, and to what.
struct EvaluationDefinition: Sendable, PreparedJob {
    /// The job whose margins they are.
    let job: JobDefinition
    let settings: Configuration.Evaluation

    /// Where the figures go, the heads that are trained on all rows, and where what is done so far is.
    let output: String
    let headsOutput: String
    let state: String

    /// Where the finished job chose to read the model, where that is left to it.
    let chosenPlace: Readout?

    /// - Parameter file: the configuration's.
    /// - Throws: `ConfigurationError` with every problem.
    init(_ configuration: Configuration, file: String) throws {
        job = try JobDefinition(configuration)
        settings = configuration.evaluation
        chosenPlace = Self.chosenPlace(job)
        output = Configuration.Job.path(beside: configuration.job.output, ending: Configuration.Job.evaluationEnding)
        headsOutput = Configuration.Job.path(beside: configuration.job.output, ending: Configuration.Job.headsEnding)
        state = Configuration.Job.path(beside: configuration.job.output, ending: ".evaluation.state")
        var problems = ProblemList()
        var paths = configuration.paths(ofFile: FilePlace.absolute(file)).besides(
            writing: Configuration.written("the evaluation of job.output", output)
                + Configuration.written("the reward heads of job.output", headsOutput))
        paths.folders.append(.init("the evaluation's state", state))
        problems.add(paths.collisions)
        for path in [output, headsOutput] { _ = problems.attempt { try OutputPlace.check(path) } }
        guard problems.isEmpty else { throw problems.error }
    }

    /// As the direction says that the job left beside its output, where it is this job's.
    private static func chosenPlace(_ job: JobDefinition) -> Readout? {
        let configuration = job.configuration
        guard configuration.embedding.layer == nil || configuration.embedding.token == nil,
            job.savedDirection == nil, FileStatus(path: configuration.job.directionOutput) != nil,
            let saved = try? JobDefinition.readDirection(configuration.job.directionOutput),
            saved.provenance.template == job.template.identity, saved.provenance.compatibility == job.compatibility
        else { return nil }
        let own = Set([job.inputDigest] + job.anchorFiles.map(\.digest))
        let fittedOn = saved.provenance.anchorsSHA256.components(separatedBy: ", ")
        return own.isSuperset(of: fittedOn) ? saved.readout : nil
    }

    func makeOutputFolders() throws { try OutputPlace.makeFolder(of: output) }

    func job(_ ledger: Ledger) throws -> any ClusterJob { try EvaluationJob(self, ledger: ledger) }

    /// What decides the states, but for what they are used for.
    var fingerprint: JobFingerprint {
        var values = job.fingerprint
        for key in Self.keysAfterEmbedding + ["embedding.keep_embeddings"] { values[key] = nil }
        values["evaluation.rows"] = "\(settings.rows)"
        values["embedding.token"] = pooling.rawValue
        return JobFingerprint(values)
    }
}

extension EvaluationDefinition {
    /// What decides the reward heads, of a job with this fingerprint, but for how exactly states are computed.
    static func headsFingerprint(_ job: JobDefinition) -> JobFingerprint {
        let others = ["embedding.keep_embeddings", "model.precision", "model.backend", "dataset.max_row_mib"]
        return JobFingerprint(job.fingerprint.filter { !others.contains($0.key) })
    }

    var headsFingerprint: JobFingerprint { Self.headsFingerprint(job) }

    /// Of a job's fingerprint, what decides nothing of the hidden states.
    static let keysAfterEmbedding = ["direction.estimator", "direction.rows", "direction.by", "anchors.kind"]
}

// MARK: - What is embedded

extension EvaluationDefinition {
    /// Where Legend reads the model.
    static let legendReadout = Readout(-1, .lastToken)

    /// The job's place: as configured; where that is left open, the mean over the response, and every layer, of which the
    /// default one is taken.
    var readouts: [Readout] {
        let place = job.savedDirection?.readout
        let layer = job.configuration.embedding.layer ?? place?.layer
        return [Self.legendReadout] + (layer.map { [Readout($0, pooling)] } ?? [])
    }

    private var pooling: Pooling {
        job.configuration.embedding.token ?? (job.savedDirection?.readout ?? chosenPlace)?.pooling ?? .meanResponse
    }

    var everyLayer: [Pooling] { readouts.count > 1 ? [] : [pooling] }

    /// The place of the job's readout, and of Legend's, among all that a model is asked for.
    func places(_ readouts: [Readout], layerCount: Int) -> (own: Int, legend: Int) {
        func place(_ readout: Readout) -> Int? {
            readouts.firstIndex(of: readout.resolved(layerCount: layerCount))
        }
        guard let legend = place(Self.legendReadout) else { preconditionFailure("it was asked for") }
        if self.readouts.count > 1, let own = place(self.readouts[1]) { return (own, legend) }
        let candidates = readouts.indices.filter {
            readouts[$0].pooling == pooling && readouts[$0].layer.number < layerCount
        }
        guard !candidates.isEmpty else { return (legend, legend) }
        if let layer = chosenPlace?.layer, let own = place(Readout(layer, pooling)) { return (own, legend) }
        return (
            candidates[SurveyFit.defaultPlace(among: candidates.map { readouts[$0] }, layerCount: layerCount)], legend
        )
    }

    func specification(ofRun run: String) -> JobSpecification {
        var specification = job.specification(ofRun: run)
        specification.readouts = readouts
        specification.everyLayer = everyLayer
        specification.choosesReadouts = false
        specification.keptReadouts = []
        return specification
    }

    /// Whether Legend's harmful responses are those of the job's anchors, and not the rows' rejected ones.
    var hasAnchors: Bool { !job.anchorFiles.isEmpty }

    /// Texts of a row before its own: a refusal, where the rows' rejected responses are compared with it.
    var rowReferences: Int { hasAnchors ? 0 : 1 }

    /// What embeds a file of anchors, each with a refusal before its own texts.
    func step(of file: AnchorFile) -> WorkStep {
        WorkStep(
            id: file.step.id, name: file.step.name, work: .embed,
            responses: file.step.responses.map { ["refusal"] + $0 })
    }

    var rowStep: WorkStep {
        WorkStep(
            id: .survey, name: "rows", work: .embed,
            responses: (rowReferences > 0 ? ["refusal"] : []) + ["chosen", "rejected"])
    }

    var workSteps: [WorkStep] { job.anchorFiles.map(step) + [rowStep] }

    func input(of step: WorkStep) -> StepInput? {
        var input: StepInput?
        if let file = job.anchorFiles.first(where: { $0.step.id == step.id }) {
            input = StepInput(
                step: step, path: file.path, options: file.options, part: .all, template: job.template,
                compatibility: job.compatibility, refusals: file.refusals)
            input?.reference = Configuration.legendRefusal
        } else if step.id == rowStep.id {
            input = StepInput(
                step: step, path: job.configuration.job.input, options: job.inputOptions,
                part: .sample(
                    rows: settings.rows, unlike: job.anchorFiles.map(\.step.id),
                    known: job.savedDirection?.fittedOn?.prompts ?? []),
                template: job.template, compatibility: job.compatibility)
            input?.reference = rowReferences > 0 ? Configuration.legendRefusal : nil
        }
        return input
    }
}
