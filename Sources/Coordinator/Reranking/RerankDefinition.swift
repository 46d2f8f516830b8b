internal import Dataset
internal import Diagnostics
internal import Digest
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Prompting
internal import Protocol
internal import Scheduling

/// Candidates to rank: files that were found, columns that were understood, and what they are ranked by.
struct RerankDefinition: Sendable, PreparedJob {
    /// What the command line asks for.
    struct Request: Hashable, Sendable {
        var candidates: String
        var output: String
        var promptColumn: String?
        var responseColumn: String?

        /// A column of 0 and 1, or false and true; nil: one of the usual names, where there is one.
        var labelColumn: String?

        /// What decides the rank; nil: ours.
        var ranker: Ranker?

        /// Rows of a higher rank are not written; nil: all are.
        var best: Int?
        var replacesColumns = false

        /// What is to be used in place of what `evaluate` or `run` left beside the job's output.
        var heads: String?
        var direction: String?

        /// Where the candidates go that cannot be scored, the curve, and what is done so far.
        var errors: String { Configuration.Job.path(beside: output, ending: Configuration.Job.errorsEnding) }
        var figures: String { Configuration.Job.path(beside: output, ending: ".rerank.json") }
        var state: String { Configuration.Job.path(beside: output, ending: ".state") }
    }

    let configuration: Configuration
    let request: Request
    let template: Template
    let options: DatasetOptions
    let access: ClusterAccess?
    let scorers: ResponseScorers
    let ranker: Ranker
    let labelColumn: String?

    /// SHA-256 of the candidates, which must stay as they are until the output is written.
    let digest: String

    var errors: String { request.errors }
    var figures: String { request.figures }
    var state: String { request.state }

    /// - Parameter file: the configuration's.
    /// - Throws: `ConfigurationError` with every problem.
    init(_ configuration: Configuration, _ request: Request, file: String) throws {
        var problems = ProblemList()
        let embedding = configuration.embedding
        let template = problems.attempt(of: configuration.source) {
            try Template.configured(
                embedding.template, of: configuration.model, compatibility: embedding.compatibility,
                readsControlTokensOfRows: embedding.readsControlTokensOfRows)
        }
        var options = DatasetOptions(
            purpose: .candidate, ignoredColumns: configuration.rerank.ignoredColumns,
            maxRowBytes: configuration.dataset.maxRowBytes
        ).checked(by: template)
        let columns = (
            prompt: request.promptColumn ?? configuration.rerank.promptColumn,
            response: request.responseColumn ?? configuration.rerank.responseColumn
        )
        if columns.prompt != nil || columns.response != nil {
            options.columns = DatasetColumns(prompt: columns.prompt, response: columns.response ?? "response")
        }
        let digest = problems.attempt { try SHA256Digest(ofDataset: request.candidates).description }
        let scorers = template.flatMap { template in
            problems.attempt { try Self.scorers(configuration, request, template) }
        }
        let ranker = request.ranker ?? .score(.ours)
        if let scorers, let missing = ranker.kinds.first(where: { !scorers.kinds.contains($0) }) {
            problems.add(["--by \(ranker.name): \(scorers.path) has no \(missing.rawValue) to rank by"])
        }
        var labelColumn = request.labelColumn
        if digest != nil {
            let survey = problems.attempt {
                try CandidateSurvey(request.candidates, options, label: request.labelColumn)
            }
            let found = survey?.columns ?? []
            if let survey {
                _ = problems.attempt { try RowFileFormat.check(request.output, columns: survey.hasSchema) }
                _ = problems.attempt { try OutputPlace.check(request.output, outsideOfDataset: request.candidates) }
            }
            labelColumn = labelColumn ?? Self.labelNames.first(where: found.contains)
            if let problem = survey?.labelProblem(in: request.labelColumn) {
                problems.add(["\(request.candidates): \(problem)"])
            }
            if !request.replacesColumns,
                let taken = RankedRow.Column.allCases.first(where: { found.contains($0.rawValue) })
            {
                problems.add([
                    """
                    \(request.candidates): it has a column \(taken.rawValue.quoted) already, which is added to rows: rename it, or \
                    --replace it
                    """
                ])
            }
        }
        let access = problems.attempt { try configuration.cluster.keys.map(ClusterAccess.init) } ?? nil
        problems.add(Self.collisions(configuration, request, scorers?.path, file: FilePlace.absolute(file)))
        for path in [request.output, request.errors, request.figures] {
            _ = problems.attempt { try OutputPlace.check(path) }
        }
        guard problems.isEmpty, let template, let digest, let scorers else { throw problems.error }
        (self.configuration, self.request) = (configuration, request)
        (self.template, self.options, self.access, self.scorers) = (template, options, access, scorers)
        (self.ranker, self.labelColumn, self.digest) = (ranker, labelColumn, digest)
    }

    private static let labelNames = ["harmful", "is_harmful", "unsafe"]

    private static func scorers(
        _ configuration: Configuration, _ request: Request, _ template: Template
    ) throws -> ResponseScorers {
        let job = configuration.job
        if let path = request.direction { return try direction(path, configuration, template) }
        let heads = request.heads ?? Configuration.Job.path(beside: job.output, ending: Configuration.Job.headsEnding)
        if request.heads != nil || FileManager.default.fileExists(atPath: heads) {
            let scorers = try ResponseScorers(headsAt: heads, configuration, template: template.identity)
            if request.heads == nil { try check(scorers, areOf: configuration) }
            return scorers
        }
        if case .saved(let path) = job.directionSource { return try direction(path, configuration, template) }
        guard FileManager.default.fileExists(atPath: job.directionOutput) else {
            throw Problem(
                """
                there is nothing to rank by: expected \(heads), which `legend-coordinator evaluate` writes, or \
                \(job.directionOutput), which `run` does; or give --heads or --direction
                """, isOfConfiguration: true)
        }
        return try direction(job.directionOutput, configuration, template)
    }

    /// That what `evaluate` left is of the job as it is now. Where its files are elsewhere, nobody knows it.
    private static func check(_ scorers: ResponseScorers, areOf configuration: Configuration) throws(Problem) {
        guard let settings = scorers.settings, let job = try? JobDefinition(configuration),
            let changed = EvaluationDefinition.headsFingerprint(job).changes(fromSerialized: settings), !changed.isEmpty
        else { return }
        throw Problem(
            """
            \(scorers.path) is of a job with other settings; changed since: \(changed.joined(separator: ", ")). Run \
            `legend-coordinator evaluate` again, or name the file with --heads, which takes it as it is
            """, isOfConfiguration: true)
    }

    private static func direction(
        _ path: String, _ configuration: Configuration, _ template: Template
    ) throws -> ResponseScorers {
        let saved = try JobDefinition.readDirection(path)
        let conflicts = saved.conflicts(
            modelSHA256: configuration.model.sha256, template: template.identity,
            compatibility: configuration.embedding.compatibility,
            readout: Readout(
                configuration.embedding.layer ?? saved.readout.layer,
                configuration.embedding.token ?? saved.readout.pooling))
        guard conflicts.isEmpty else {
            throw Problem(conflicts.map { "\($0) (\(path))" }.joined(separator: "\n"), isOfConfiguration: true)
        }
        return ResponseScorers(saved, path: path)
    }

    /// - Parameter scorers: what is ranked by.
    private static func collisions(
        _ configuration: Configuration, _ request: Request, _ scorers: String?, file: String
    ) -> [String] {
        func beside(_ ending: String) -> String {
            Configuration.Job.path(beside: configuration.job.output, ending: ending)
        }
        let read = [
            ("--candidates", request.candidates), ("what is ranked by", scorers),
            ("the evaluation of job.output", beside(Configuration.Job.evaluationEnding)),
        ].compactMap { (name: String, path: String?) in path.map { Configuration.NamedPath(name, $0) } }
        var all = configuration.paths(ofFile: file).besides(
            reading: read,
            writing: Configuration.written("--output", request.output)
                + Configuration.written("the errors of --output", request.errors)
                + Configuration.written("the curve of --output", request.figures))
        all.folders += [
            .init("the evaluation's state", beside(".evaluation.state")), .init("the state of --output", request.state),
        ]
        return all.collisions
    }

    func makeOutputFolders() throws { try OutputPlace.makeFolder(of: request.output) }

    func job(_ ledger: Ledger) throws -> any ClusterJob { try RerankJob(self, ledger: ledger) }

    var fingerprint: JobFingerprint {
        var values = [
            "--candidates (SHA-256)": digest, "--heads or --direction": scorers.scorer.digest,
            "the candidates' columns": "\(options.columns.map { "\($0.prompt ?? "") \($0.other)" } ?? "")",
            "rerank.ignore_columns": "\(options.ignoredColumns)",
            "model.sha256": scorers.modelSHA256, "model.precision": configuration.model.precision.rawValue,
            "model.max_tokens": "\(configuration.model.maxTokens)", "embedding.template": template.identity,
            "embedding.compat": configuration.embedding.compatibility.rawValue,
            "dataset.max_row_mib": "\(configuration.dataset.maxRowBytes >> 20)",
        ]
        if configuration.model.truncation != .error {
            values["model.truncation"] = configuration.model.truncation.rawValue
        }
        return JobFingerprint(values)
    }

    /// Scores the candidates, one response each.
    static let step = WorkStep(id: .rows, name: "candidates", work: .project, responses: ["response"])

    var input: StepInput {
        StepInput(
            step: Self.step, path: request.candidates, options: options, part: .all, template: template,
            compatibility: configuration.embedding.compatibility)
    }
}

/// What decides which response is better.
enum Ranker: Hashable, Sendable {
    /// Which one was drawn first.
    case random
    case shortest
    case score(ResponseScorers.Kind)

    /// The mean of the head's and ours, each divided by its spread among responses to one prompt.
    case headAndOurs

    static let all: [Ranker] = [.random, .shortest, .score(.legend), .score(.ours), .score(.head), .headAndOurs]

    var name: String {
        switch self {
        case .random: "random"
        case .shortest: "shortest"
        case .score(let kind): kind.rawValue
        case .headAndOurs: "head+ours"
        }
    }

    /// Those that it needs.
    var kinds: [ResponseScorers.Kind] {
        switch self {
        case .random, .shortest: []
        case .score(let kind): [kind]
        case .headAndOurs: [.head, .ours]
        }
    }
}
