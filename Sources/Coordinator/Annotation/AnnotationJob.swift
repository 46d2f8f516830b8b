internal import Diagnostics
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Logging
internal import Margins
internal import Protocol
internal import Reports
internal import Scheduling

/// Gives rows margins: fits a direction, unless one is given, and projects the rows on it.
final class AnnotationJob: ClusterJob {
    let definition: JobDefinition
    let ledger: Ledger
    private let run: String
    let store: EmbeddingStore?
    private let hasFitted: Bool
    private(set) var direction: SavedDirection?

    /// nil where there was none, or it is not known yet.
    private(set) var survey: SurveyReport?

    /// The figures of trust that there are, for a status; empty before there is a direction.
    private var trust = ""

    /// - Throws: `Problem`; `ConfigurationError` where the ledger is another job's.
    init(_ definition: JobDefinition, ledger: Ledger) throws {
        try JobFingerprint(definition.fingerprint).claim(
            ledger, state: (definition.configuration.job.state, "job.state"))
        let state = try JobState(ledger)
        self.definition = definition
        self.ledger = ledger
        run = state.run
        store = try definition.store(ofRun: run, ledger: ledger)
        let fitted = try JobState.direction(in: ledger)
        hasFitted = fitted != nil
        direction = definition.savedDirection ?? fitted
        survey = try JobState.survey(in: ledger)
        trust = Self.trust(definition, direction, state.model, survey)
    }

    var name: String { definition.configuration.job.name }
    var cluster: Configuration.Cluster { definition.configuration.cluster }
    var modelSource: Configuration.Model { definition.configuration.model }
    var access: ClusterAccess? { definition.access }
    var state: String { definition.configuration.job.state }
    var specification: JobSpecification { definition.specification(ofRun: run) }
    var workSteps: [WorkStep] { definition.workSteps }
    var scorer: Scorer? { direction?.scorer }
    var readsControlTokens: Bool { definition.readsControlTokens }
    var countsMargins: Bool { direction?.categories == nil }

    func input(of step: WorkStep) -> StepInput? { definition.input(of: step) }
    func textsPerUnitMax(of step: WorkStep) -> Int { definition.textsPerUnitMax(of: step) }

    var pipeline: Pipeline {
        .annotation(
            fittedOn: definition.fitSteps, hasDirection: hasFitted, choosesReadouts: definition.choosesReadouts)
    }

    func resume() throws { try saveDirection() }

    /// Writes the direction's file, unless it is where the direction came from.
    private func saveDirection() throws {
        guard definition.savedDirection == nil, let direction else { return }
        try direction.write(to: definition.configuration.job.directionOutput)
    }
}

// MARK: - The coordinator's own work

extension AnnotationJob {
    private enum Outcome: LocalOutcome {
        /// The direction is fitted; with what the survey says where there was one, and then it is in the ledger.
        case fitted(SavedDirection, failedAnchors: Int, SurveyReport?)
        case written(OutputStep.Summary)
    }

    func begin(
        _ work: Pipeline.LocalWork, of step: Pipeline.Step, model: LoadedModel?
    ) throws -> @Sendable () throws -> any LocalOutcome {
        let seal = sealing(step, model)
        switch work {
        case .fitDirection:
            guard let model else {
                let anchors = definition.anchorFiles.map(\.path).joined(separator: ", ")
                let (path, what) = anchors.isEmpty ? (definition.configuration.job.input, "row") : (anchors, "anchor")
                throw Problem(
                    "\(path): no \(what) can be used: no direction can be fitted", isOfConfiguration: true)
            }
            return { [ledger, definition] in
                try seal()
                guard definition.configuration.surveys else {
                    let fit = try DirectionFit(ledger: ledger, definition: definition, model: model)
                    return Outcome.fitted(fit.saved, failedAnchors: fit.failedAnchors, nil)
                }
                let fit = try SurveyFit(ledger: ledger, definition: definition, model: model)
                var settings = [JobState.directionName: try fit.saved.serialized()]
                settings[JobState.surveyName] = fit.report.map { JobState.serialized($0) }
                try ledger.move(fit.outcomes, from: .survey, to: .rows, settings: settings)
                return Outcome.fitted(fit.saved, failedAnchors: fit.failedAnchors, fit.report)
            }
        case .trainHeads: preconditionFailure("no step of this job")
        case .writeOutput:
            return { [ledger, definition, direction, survey] in
                try seal()
                let output = OutputStep(
                    definition: definition, ledger: ledger, direction: direction, model: model, survey: survey)
                return Outcome.written(try output.run())
            }
        }
    }

    /// What makes the stored states of the step's input files that others can read.
    private func sealing(_ step: Pipeline.Step, _ model: LoadedModel?) -> @Sendable () throws -> Void {
        guard case .output(let sources) = step.input, let store, let model,
            let layout = EmbeddingLayout(definition, model: model, run: run)
        else { return {} }
        let stored = workSteps.filter { sources.contains($0.id) }
        return { [ledger] in for step in stored { try store.seal(step, layout, ledger: ledger) } }
    }

    func take(
        _ outcome: any LocalOutcome, model: LoadedModel?, notices: JobNotices, _ logger: Logger
    ) throws -> LocalConsequence {
        guard let outcome = outcome as? Outcome else { preconditionFailure("an outcome of another job") }
        switch outcome {
        case .fitted(let saved, let failedAnchors, let survey):
            if survey == nil { try ledger.set(JobState.directionName, to: saved.serialized()) }
            report(saved, failedAnchors: failedAnchors, survey, logger)
            (direction, self.survey) = (saved, survey)
            trust = Self.trust(definition, saved, model, survey)
            try saveDirection()
            return .scorer(saved.scorer)
        case .written(let summary):
            let result = JobResult(
                summary: summary, direction: direction, survey: survey,
                warnings: (model?.namedWarnings ?? []) + notices.lines(margins: summary.measured))
            let job = definition.configuration.job
            return .finished(
                FinishedJob(
                    text: result.text(
                        output: job.output, errors: job.errors,
                        directionFile: definition.savedDirection == nil ? job.directionOutput : nil),
                    summary: """
                        \(summary.rows) rows, \(summary.otherRows) of them in the errors file
                        """, failedRows: summary.failedRows))
        }
    }
}

// MARK: - What the operator reads

extension AnnotationJob {
    private func report(_ saved: SavedDirection, failedAnchors: Int, _ survey: SurveyReport?, _ logger: Logger) {
        var metadata: Logger.Metadata = [
            "pairs": "\(saved.provenance.anchorPairs)",
            "norm": "\(saved.direction.norm.rounded(toPlaces: 3))",
            "heldOut": "\(saved.heldOutText ?? "not measured")",
        ]
        if let survey { metadata["place"] = "\(survey.choiceText)" }
        logger.info("the safety direction is fitted", metadata: metadata)
        if failedAnchors > 0 {
            logger.warning("some anchors could not be embedded", metadata: ["anchors": "\(failedAnchors)"])
        }
        for warning in [saved.heldOutWarning].compactMap(\.self) + (survey?.warnings ?? []) {
            logger.warning("\(warning)")
        }
    }

    /// The whole table is for the trust file and the report.
    private static func trust(
        _ definition: JobDefinition, _ direction: SavedDirection?, _ model: LoadedModel?, _ survey: SurveyReport?
    ) -> String {
        guard let direction else { return "" }
        var trust = TrustFigures(
            definition, direction: direction, model: model, survey: survey, output: definition.configuration.job.output)
        trust.table = []
        return String(decoding: trust.serialized, as: UTF8.self)
    }

    func describe(in report: inout StatusReport) {
        report.trust = trust
        report.heldOut = direction?.heldOut.map {
            .init(pairs: $0.pairs, groups: $0.groups, right: $0.right, low: $0.low, high: $0.high)
        }
        report.warnings += [direction?.heldOutWarning].compactMap(\.self) + (survey?.warnings ?? [])
    }
}

extension JobDefinition: PreparedJob {
    var state: String { configuration.job.state }

    func job(_ ledger: Ledger) throws -> any ClusterJob { try AnnotationJob(self, ledger: ledger) }
}

extension JobState {
    static let directionName = "direction"
    static let surveyName = "survey"

    /// The direction, once it is fitted.
    static func direction(in ledger: Ledger) throws -> SavedDirection? {
        try ledger.setting(directionName).map { try SavedDirection(serialized: $0, path: "the ledger's direction") }
    }

    /// What the survey says, once the direction is fitted.
    static func survey(in ledger: Ledger) throws -> SurveyReport? {
        try ledger.setting(surveyName).map { try JSONDecoder().decode(SurveyReport.self, from: Data($0)) }
    }
}
