internal import FileSystem
internal import Foundation
internal import Protocol
internal import Yams

extension Configuration {
    /// Reads `cluster.yaml`.
    ///
    /// - Parameters:
    ///   - yaml: the file's text.
    ///   - path: the file's path, for messages and as the start of relative paths.
    ///   - overrides: `section.key=value`, each in place of what the file says.
    ///   - formats: nil takes any, for who does not read the rows.
    ///   - environment: of the variables in paths.
    /// - Throws: `ConfigurationError` with every problem of the file.
    package init(
        yaml: String, path: String, overrides: [String] = [], formats: FormatNames? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let file = ConfigurationFile(path: path, environment: environment)
        let root = overrides.reduce(into: try file.compose(yaml)) { file.apply($1, to: &$0) }
        let reader = ConfigurationReader(file: file, mapping: root, path: [])
        reader.pass(over: InductionConfiguration.ownSections)
        self = Self.read(reader, formats, source: file.source)
        reader.rejectUnknownKeys()
        file.check(self)
        guard file.problems.isEmpty else { throw ConfigurationError(problems: file.problems) }
    }

    /// Reads the configuration file at `path`.
    ///
    /// - Throws: `ConfigurationError`, also where the file cannot be read.
    package init(contentsOf path: String, overrides: [String] = [], formats: FormatNames? = nil) throws {
        let yaml = try ConfigurationFile.text(ofFile: path)
        try self.init(yaml: yaml, path: path, overrides: overrides, formats: formats)
    }

    private static func read(
        _ root: ConfigurationReader, _ formats: FormatNames?, source: String
    ) -> Configuration {
        Configuration(
            job: readJob(root.section("job", required: true)),
            dataset: readDataset(root.section("dataset"), formats?.rows),
            anchors: readAnchors(root.section("anchors"), formats?.anchors),
            model: readModel(root.section("model", required: true)),
            embedding: readEmbedding(root.section("embedding")),
            direction: readDirection(root.section("direction")),
            margin: Margin(root.section("margin")),
            evaluation: Evaluation(root.section("evaluation")),
            rerank: Rerank(root.section("rerank")),
            cluster: readCluster(root.section("cluster")),
            source: source)
    }

    private static func readJob(_ section: ConfigurationReader) -> Job {
        let output = section.path("output") ?? section.missing("output", "")
        let anchors = readAnchorSources(section)
        let saved = section.path("direction")
        if saved != nil, anchors != nil {
            section.report("\"anchors\" and \"direction\" exclude each other; found both", at: "direction")
        }
        return Job(
            name: section.string("name") ?? (Job.path(beside: output, ending: "") as NSString).lastPathComponent,
            input: section.path("input") ?? section.missing("input", ""),
            output: output,
            errors: section.path("errors") ?? Job.path(beside: output, ending: Job.errorsEnding),
            directionSource: saved.map { .saved($0) } ?? .fitted(on: anchors ?? [.own]),
            directionOutput: section.path("direction_output")
                ?? Job.path(beside: output, ending: Job.directionEnding),
            state: section.path("state") ?? Job.path(beside: output, ending: ".state"),
            embeddings: section.path("embeddings") ?? Job.path(beside: output, ending: ".embeddings"))
    }

    /// nil where none is named.
    private static func readAnchorSources(_ section: ConfigurationReader) -> [AnchorSource]? {
        section.paths("anchors", orWord: AnchorSource.ownName, countMax: AnchorSource.countMax).map { paths in
            paths.map { $0.map { .file($0) } ?? .own }
        }
    }

    private static func readDataset(_ section: ConfigurationReader, _ formats: [String]?) -> Dataset {
        let columns = section.section("columns")
        section.retire(
            "replace_existing",
            """
            it is dataset.existing_columns now: replace in place of true, refuse (the default) in place of false, or \
            rename, which keeps the columns under other names
            """)
        let prompt = columns.string("prompt")
        let (chosen, rejected) = (columns.string("chosen"), columns.string("rejected"))
        let sides = [chosen.map { _ in "chosen" }, rejected.map { _ in "rejected" }].compactMap(\.self)
        return Dataset(
            format: readFormat(section, formats),
            prompt: prompt,
            chosen: chosen,
            rejected: rejected,
            ranked: Dataset.Ranked(columns, besides: sides),
            pairs: section.choice("pairs"),
            ignoredColumns: section.strings("ignore_columns") ?? [],
            promptInResponses: section.choice("prompt_in_responses", of: ["auto", "strip", "keep"]) ?? "auto",
            maxRowBytes: (section.integer("max_row_mib", in: 1...128) ?? 16) << 20,
            existingColumns: section.choice("existing_columns") ?? .refuse,
            strength: Dataset.Strength(section),
            votes: Dataset.Votes(section))
    }

    private static func readFormat(_ section: ConfigurationReader, _ names: [String]?) -> String {
        guard let names else { return section.string("format") ?? anyFormat }
        return section.choice("format", of: [anyFormat] + names) ?? anyFormat
    }

    private static func readAnchors(_ section: ConfigurationReader, _ formats: [String]?) -> Anchors {
        let columns = section.section("columns")
        return Anchors(
            format: readFormat(section, formats),
            prompt: columns.string("prompt"),
            harmless: columns.string("harmless"),
            harmful: columns.string("harmful"),
            ignoredColumns: section.strings("ignore_columns") ?? [],
            promptInResponses: section.choice("prompt_in_responses", of: ["auto", "strip", "keep"]) ?? "auto",
            refusal: section.string("refusal"),
            kind: section.string("kind"))
    }

    static func readModel(_ section: ConfigurationReader) -> Model {
        Model(
            path: section.path("path") ?? section.missing("path", ""),
            sha256: section.string("sha256", matching: #/[0-9a-f]{64}/#, "64 lower-case hexadecimal digits"),
            precision: section.choice("precision") ?? .automatic,
            backend: section.choice("backend") ?? .automatic,
            maxTokens: section.integer("max_tokens", in: 0...1_000_000) ?? 0,
            truncation: section.choice("truncation") ?? .error,
            serve: section.boolean("serve") ?? true)
    }

    private static func readEmbedding(_ section: ConfigurationReader) -> Embedding {
        let template = section.string("template") ?? "auto"
        let compatibility = section.choice("compat") ?? Compatibility.none
        let isLegend = compatibility == .legend
        let (layer, token): (LayerChoice?, Pooling?) = (
            section.isWord("auto", at: "layer")
                ? nil
                : section.integer("layer", in: LayerChoice.numbers, orWord: "auto").map { LayerChoice($0) }
                    ?? (isLegend ? -1 : nil),
            section.isWord("auto", at: "token")
                ? nil : section.choice("token", orWord: "auto") ?? (isLegend ? .lastToken : nil)
        )
        var embedding = Embedding(
            template: template,
            layer: layer,
            token: token,
            compatibility: compatibility,
            readsControlTokensOfRows: section.choice("control_tokens", of: ["text", "tokens"]) == "tokens")
        let keeps = section.boolean("keep_embeddings") ?? false
        let layers = section.integers("keep_layers", in: LayerChoice.numbers)
        let tokens: [Pooling]? = section.choices("keep_tokens")
        if keeps {
            let keptLayers = Set((layers ?? []) + [embedding.layer?.number].compactMap(\.self)).sorted()
            let keptTokens = Set((tokens ?? []) + [embedding.token].compactMap(\.self))
            let count = keptLayers.count * keptTokens.count
            if count > Readout.keptMax {
                section.report(
                    """
                    keep_layers and keep_tokens: expected at most \(Readout.keptMax) embeddings of each text, found \
                    \(keptLayers.count) layers × \(keptTokens.count) tokens
                    """)
            }
            embedding.kept = .init(
                layers: keptLayers.map { LayerChoice($0) }, tokens: Pooling.allCases.filter(keptTokens.contains))
        } else if layers != nil || tokens != nil {
            section.report("keep_layers and keep_tokens need keep_embeddings: true")
        }
        return embedding
    }

    private static func readDirection(_ section: ConfigurationReader) -> Direction {
        Direction(
            estimator: section.choice("estimator") ?? .automatic,
            surveyRows: section.integer("rows", in: 10...10_000) ?? 2000,
            by: section.string("by"))
    }

    static func readCluster(_ section: ConfigurationReader) -> Cluster {
        Cluster(
            listen: section.string("listen", matching: #/tcp://.+:([0-9]+|\*)/#, "tcp://HOST:PORT") ?? defaultListen,
            insecure: section.boolean("insecure") ?? false,
            keys: readKeys(section),
            localWorkers: section.integerOrAuto("local_workers", in: 0...1024),
            lanes: section.integerOrAuto("lanes", in: 1...1024),
            unitTokens: section.integer("unit_tokens", in: 1...10_000_000) ?? 2048,
            heartbeatSeconds: section.number("heartbeat_seconds", in: 0.05...3600) ?? 2,
            silenceSeconds: section.number("silence_seconds", in: 0.1...86_400) ?? 15,
            stallSeconds: section.number("stall_seconds", in: 0.1...86_400) ?? 120,
            attempts: section.integer("attempts", in: 1...100) ?? 3,
            mixedNumerics: section.boolean("mixed_numerics") ?? false,
            advertise: section.string("advertise", matching: #/tcp://.+:[0-9]+/#, "tcp://HOST:PORT"),
            hosts: readHosts(section))
    }

    private static func readHosts(_ section: ConfigurationReader) -> [Cluster.Host] {
        let defaults = readHost(section.section("host_defaults"), address: "", defaults: plainHost)
        return section.list("hosts", shorthand: "host").map { item in
            let address = item.string("host", matching: hostPattern, "HOST or USER@HOST") ?? item.missing("host", "")
            return readHost(item, address: address, defaults: defaults)
        }
    }

    private static func readHost(_ section: ConfigurationReader, address: String, defaults: Cluster.Host)
        -> Cluster.Host
    {
        Cluster.Host(
            address: address,
            port: section.integer("port", in: 1...65535) ?? defaults.port,
            workers: section.integer("workers", in: 1...1024) ?? defaults.workers,
            lanes: section.integerOrAuto("lanes", in: 1...1024) ?? defaults.lanes,
            command: section.string("command") ?? defaults.command,
            model: section.remotePath("model") ?? defaults.model,
            sshOptions: section.strings("ssh_options") ?? defaults.sshOptions)
    }

    private static let plainHost = Cluster.Host(
        address: "", port: nil, workers: 1, lanes: nil, command: "legend-worker", model: nil, sshOptions: [])

    /// Nothing that ssh could take for an option.
    private static var hostPattern: Regex<(Substring, Substring?)> {
        #/([A-Za-z0-9_.][A-Za-z0-9_.\-]*@)?[A-Za-z0-9_.:][A-Za-z0-9_.:%\-]*/#
    }
}

extension Configuration {
    private static func readKeys(_ section: ConfigurationReader) -> Keys? {
        switch (section.path("secret_key"), section.path("allowed_keys")) {
        case (nil, nil): return nil
        case (let secretKey?, let allowedKeys?): return Keys(secretKey: secretKey, allowedKeys: allowedKeys)
        case (_?, nil):
            section.report("\"secret_key\" needs \"allowed_keys\", the workers' public keys", at: "secret_key")
        case (nil, _?):
            section.report("\"allowed_keys\" needs \"secret_key\", the coordinator's own key", at: "allowed_keys")
        }
        return nil
    }
}
