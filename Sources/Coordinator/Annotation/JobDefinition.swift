internal import CommandLineTool
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

/// A configuration whose files were found and whose texts were understood: all that a job needs to begin.
struct JobDefinition: Sendable {
    let configuration: JobConfiguration.Configuration
    let template: Template
    let inputOptions: DatasetOptions

    /// In the order of the configuration; none where a saved direction is given, or the rows' own labels are to decide.
    let anchorFiles: [AnchorFile]
    let savedDirection: SavedDirection?

    /// Columns that say how strongly rows were labelled; none where Legend's margins are computed, which know no labels.
    let labels: LabelColumns

    /// Whether margins are given in a unit that the rows' labels decide.
    let calibrates: Bool

    /// nil where no keys are asked for.
    let access: ClusterAccess?

    /// SHA-256 of the input, which must stay as it is until the output is written.
    let inputDigest: String

    /// Everything that decides the results, by the name of its key in the configuration.
    let fingerprint: [String: String]

    /// - Parameter formats: those that its files may have.
    /// - Throws: `ConfigurationError` with every problem.
    init(
        _ configuration: JobConfiguration.Configuration, formats: [DatasetFormat] = DatasetFormat.all
    ) throws {
        var problems = ProblemList()
        let job = configuration.job
        let embedding = configuration.embedding
        let template = problems.attempt(of: configuration.source) {
            try Template.configured(
                embedding.template, of: configuration.model, compatibility: embedding.compatibility,
                readsControlTokensOfRows: embedding.readsControlTokensOfRows)
        }
        let inputOptions = problems.attempt(of: configuration.source) {
            try DatasetOptions(configuration.dataset, formats: formats).checked(by: template)
        }
        let inputDigest = problems.attempt { try SHA256Digest(ofDataset: job.input).description }
        let anchorOptions = problems.attempt(of: configuration.source) {
            try DatasetOptions(
                configuration.anchors, maxRowBytes: configuration.dataset.maxRowBytes, formats: formats
            ).checked(by: template)
        }
        let anchorFiles = job.directionSource.anchors.compactMap(\.path).enumerated().compactMap { number, path in
            anchorOptions.flatMap { options in
                problems.attempt { try AnchorFile(path, number: number, configuration, options) }
            }
        }
        let sources = anchorFiles.reduce(job.directionSource.anchors.contains(.own) ? 1 : 0) {
            $0 + max($1.kinds.count, 1)
        }
        if configuration.direction.estimator == .ensemble, sources == 1 {
            problems.add([
                """
                \(configuration.source): direction.estimator: ensemble needs two or more sources, found one: all anchors \
                are of one kind (anchors.kind)
                """
            ])
        }
        var savedDirection: SavedDirection?
        if case .saved(let path) = job.directionSource {
            savedDirection = problems.attempt { try Self.readDirection(path) }
            problems.add(
                savedDirection.map { saved in
                    saved.conflicts(
                        modelSHA256: configuration.model.sha256, template: template?.identity ?? "",
                        compatibility: embedding.compatibility,
                        readout: Readout(
                            embedding.layer ?? saved.readout.layer, embedding.token ?? saved.readout.pooling)
                    ).map { "\(configuration.source): \($0) (\(path))" }
                } ?? [])
        }
        let calibrates = configuration.embedding.compatibility != .legend
        var labels: LabelColumns?
        if let inputOptions, inputDigest != nil {
            labels = problems.attempt {
                try calibrates ? LabelColumns(configuration.dataset, of: job.input, inputOptions) : LabelColumns()
            }
            _ = problems.attempt { try Self.checkOutput(of: configuration, inputOptions) }
            let known = savedDirection?.categories.map { ($0.column, "job.direction has directions by category") }
            if let (column, key) = configuration.direction.by.map({ ($0, "direction.by") }) ?? known {
                _ = problems.attempt { try Self.checkCategories(column, of: job.input, inputOptions, key: key) }
            }
        }
        let access = problems.attempt { try configuration.cluster.keys.map(ClusterAccess.init) } ?? nil
        let besideOutput = [
            JobConfiguration.Configuration.Job.trustEnding, JobConfiguration.Configuration.Job.reportEnding,
        ].map { JobConfiguration.Configuration.Job.path(beside: job.output, ending: $0) }
        for path in [job.output, job.errors, job.directionOutput] + besideOutput {
            _ = problems.attempt { try OutputPlace.check(path) }
        }
        guard problems.isEmpty, let template, let inputOptions, let inputDigest, let labels else {
            throw problems.error
        }
        self.configuration = configuration
        self.access = access
        self.template = template
        self.inputOptions = inputOptions
        self.inputDigest = inputDigest
        self.anchorFiles = anchorFiles
        self.savedDirection = savedDirection
        self.labels = labels
        self.calibrates = calibrates
        fingerprint = Self.fingerprint(
            configuration, template: template, input: inputDigest,
            direction: savedDirection?.scorer.digest
                ?? Self.digests(of: job.directionSource, anchorFiles, own: "own").joined(separator: ", "))
    }

    private static func fingerprint(
        _ configuration: JobConfiguration.Configuration, template: Template, input: String, direction: String
    ) -> [String: String] {
        let dataset = configuration.dataset
        let anchors = configuration.anchors
        var fingerprint = [
            "job.input (SHA-256)": input,
            "job.anchors or job.direction (SHA-256)": direction,
            "dataset": """
            \(dataset.format) \([dataset.prompt, dataset.chosen, dataset.rejected].map { $0 ?? "" }) \
            \(dataset.ignoredColumns) \(dataset.promptInResponses)
            """,
            "anchors": """
            \(anchors.format) \([anchors.prompt, anchors.harmless, anchors.harmful].map { $0 ?? "" }) \
            \(anchors.ignoredColumns) \(anchors.promptInResponses)
            """,
            "anchors.refusal": AnchorFile.refusals(configuration).map { "\($0) varied" } ?? anchors.refusal
                ?? JobConfiguration.Configuration.legendRefusal,
            "model.sha256": configuration.model.sha256 ?? "",
            "model.precision": configuration.model.precision.rawValue,
            "model.backend": configuration.model.backend.rawValue,
            "model.max_tokens": "\(configuration.model.maxTokens)",
            "embedding.template": template.identity,
            "embedding.layer": configuration.embedding.layer?.description ?? "auto",
            "embedding.token": configuration.embedding.token?.rawValue ?? "auto",
            "direction.estimator": configuration.direction.estimator.rawValue,
            "direction.rows": configuration.surveys ? "\(configuration.direction.surveyRows)" : "",
            "embedding.compat": configuration.embedding.compatibility.rawValue,
            "dataset.max_row_mib": "\(dataset.maxRowBytes >> 20)",
        ]
        if configuration.model.truncation != .error {
            fingerprint["model.truncation"] = configuration.model.truncation.rawValue
        }
        if let ranked = dataset.ranked {
            fingerprint["dataset.columns"] = "\(ranked.responses) \(ranked.judgement.text)"
        }
        if let pairs = dataset.pairs, pairs != .all { fingerprint["dataset.pairs"] = pairs.rawValue }
        if let kind = anchors.kind { fingerprint["anchors.kind"] = kind }
        if let column = configuration.direction.by { fingerprint["direction.by"] = column }
        if let kept = configuration.embedding.kept {
            fingerprint["embedding.keep_embeddings"] = "\(kept.layers) \(kept.tokens)"
        }
        return fingerprint
    }

    static func readDirection(_ path: String) throws -> SavedDirection {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Problem(
                "\(path): cannot read the direction: no such file, or not readable", isOfConfiguration: true)
        }
        return try SavedDirection(serialized: [UInt8](data), path: path)
    }
}

extension JobDefinition {
    var compatibility: Compatibility { configuration.embedding.compatibility }

    /// Whether texts that are too long are cut.
    var truncates: Bool { configuration.model.truncation != .error }

    /// Whether control tokens that the rows spell are the model's.
    var readsControlTokens: Bool { compatibility == .legend || template.readsControlTokensOfRows }

    /// - Throws: `FileError` where one cannot be made.
    func makeOutputFolders() throws {
        let job = configuration.job
        for path in [job.output, job.errors, job.directionOutput] { try OutputPlace.makeFolder(of: path) }
    }
}

extension JobDefinition {
    /// What workers are told.
    ///
    /// - Parameter run: tells this beginning of the job from others.
    func specification(ofRun run: String) -> JobSpecification {
        let embedding = configuration.embedding
        let model = configuration.model
        return JobSpecification(
            job: "\(configuration.job.name) (\(run))", modelPath: model.path,
            modelDigest: model.sha256 ?? savedDirection?.provenance.modelSHA256 ?? "", precision: precision,
            backend: model.backend, attention: precision == .f32 ? .f32 : .automatic,
            readouts: readouts, everyLayer: everyLayer, choosesReadouts: choosesReadouts, maxTokens: model.maxTokens,
            truncation: model.truncation, heartbeatMilliseconds: Int(configuration.cluster.heartbeatSeconds * 1000),
            keptReadouts: embedding.kept?.readouts ?? [])
    }

    /// As configured. Where that leaves it to a machine, a given direction has its own: the rows' states are to be like
    /// those that it was fitted on.
    private var precision: Precision {
        let asked = configuration.model.precision
        return asked == .automatic ? savedDirection?.provenance.precision ?? asked : asked
    }

    /// What the steps ask for of each text by name; where the fit chooses the layer, none.
    var readouts: [Readout] {
        let embedding = configuration.embedding
        if let saved = savedDirection?.readout {
            return [Readout(embedding.layer ?? saved.layer, embedding.token ?? saved.pooling)]
        }
        return embedding.layer.map { layer in poolings.map { Readout(layer, $0) } } ?? []
    }

    /// What they ask for of every layer.
    var everyLayer: [Pooling] { savedDirection == nil && configuration.embedding.layer == nil ? poolings : [] }

    private var poolings: [Pooling] { configuration.embedding.token.map { [$0] } ?? Pooling.allCases }

    /// Whether the fit decides to what rows are embedded.
    var choosesReadouts: Bool { readouts.count != 1 }

    func textsPerUnitMax(of step: WorkStep) -> Int {
        let asked = everyLayer.isEmpty ? readouts.count : Self.readoutsExpected
        return UnitPayload.textsMax(
            readouts: step.work.needsScorer ? 1 : asked, kept: configuration.embedding.kept?.readouts.count ?? 0)
    }

    /// Of every layer: nobody has looked into the model when units are cut.
    static let readoutsExpected = 128

    /// Where the job's embeddings go; nil where it keeps none.
    ///
    /// - Throws: `Problem`.
    func store(ofRun run: String, ledger: Ledger) throws -> EmbeddingStore? {
        guard let kept = configuration.embedding.kept else { return nil }
        // Room for the longest that JSON makes of the texts, and for names and numbers.
        let headerBytes = 8200 + 6 * template.identity.utf8.count + 512 * (kept.readouts.count - 1)
        return try EmbeddingStore(
            folder: configuration.job.embeddings, steps: workSteps, run: run, state: configuration.job.state,
            rowsHeld: try workSteps.reduce(0) { try $0 + ledger.storedCount(of: $1.id) },
            headerBytes: (headerBytes + 4095) / 4096 * 4096)
    }
}

extension Array where Element: Hashable {
    /// Without repetitions, in the order of the first ones.
    func uniqued() -> [Element] {
        var seen: Set<Element> = []
        return filter { seen.insert($0).inserted }
    }
}
