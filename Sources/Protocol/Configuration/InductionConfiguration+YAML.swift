internal import FileSystem
internal import Foundation
internal import Protocol

extension InductionConfiguration {
    /// Reads the configuration file at `path`.
    ///
    /// - Parameters:
    ///   - overrides: `section.key=value`, each in place of what the file says.
    ///   - candidates: what is to be generated in place of anchors; nil for anchors.
    /// - Throws: `ConfigurationError` with every problem, also where the file cannot be read.
    package init(contentsOf path: String, overrides: [String] = [], candidates: Candidates? = nil) throws {
        try self.init(
            yaml: ConfigurationFile.text(ofFile: path), path: path, overrides: overrides, candidates: candidates)
    }

    /// - Parameters:
    ///   - yaml: the file's text.
    ///   - path: the file's path, for messages and as the start of relative paths.
    ///   - environment: of the variables in paths.
    package init(
        yaml: String, path: String, overrides: [String] = [], candidates: Candidates? = nil,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let file = ConfigurationFile(path: path, environment: environment)
        let mapping = overrides.reduce(into: try file.compose(yaml)) { file.apply($1, to: &$0) }
        let root = ConfigurationReader(file: file, mapping: mapping, path: [])
        let section = root.section("induction", required: true)
        let output = section.path("output") ?? section.missing("output", "")
        let columns = section.section("columns")
        let (errors, state) = (section.path("errors"), section.path("state"))
        // Those of the file belong to its anchors.
        let areOwn = candidates == nil
        let (column, ignored) = (columns.string("prompt"), section.strings("ignore_columns") ?? [])
        induction = Induction(
            prompts: section.path("prompts") ?? section.missing("prompts", ""),
            promptColumn: areOwn ? column : candidates?.column, ignoredColumns: areOwn ? ignored : [],
            maxRowBytes: (section.integer("max_row_mib", in: 1...128) ?? 16) << 20, output: output,
            errors: (areOwn ? errors : nil) ?? Self.beside(output, ".errors.jsonl"),
            state: (areOwn ? state : nil) ?? Self.beside(output, ".state"),
            sides: Self.readSides(section, candidates: candidates))
        generation = Self.readGeneration(root.section("generation"))
        model = Configuration.readModel(root.section("model", required: true))
        let embedding = root.section("embedding")
        template = embedding.string("template") ?? "auto"
        readsControlTokensOfRows = embedding.choice("control_tokens", of: ["text", "tokens"]) == "tokens"
        compatibility = embedding.choice("compat") ?? .none
        embedding.passOverOthers()
        cluster = Configuration.readCluster(root.section("cluster"))
        root.pass(over: Configuration.sectionsOfRows)
        source = file.source
        root.rejectUnknownKeys()
        file.check(self)
        guard file.problems.isEmpty else { throw ConfigurationError(problems: file.problems) }
    }

    private static func beside(_ output: String, _ ending: String) -> String {
        Configuration.Job.path(beside: output, ending: ending)
    }

    private static func readSides(_ section: ConfigurationReader, candidates: Candidates?) -> Sides {
        let harmful = section.section("harmful", orElse: "a section").map { readSide($0, kind: "harmful") }
        let own = section.section("candidates", orElse: "a section").map { readSide($0, kind: "candidate") }
        let harmless = section.list("harmless", shorthand: "system").enumerated().map { index, side in
            readSide(side, kind: index == 0 ? "harmless" : "harmless \(index + 1)")
        }
        if let candidates {
            return .candidates(
                own ?? Side(kind: "candidate", origin: .generated(system: nil, template: nil)), count: candidates.count)
        }
        let sides = [harmful ?? Self.harmful] + (harmless.isEmpty ? [refusals] : harmless)
        if Set(sides.map(\.kind)).count < sides.count {
            section.report("expected another kind for each side, found one twice", at: "harmless")
        }
        if sides.dropFirst().contains(where: { $0.origin == sides[0].origin }) {
            section.report(
                """
                expected another system message, template or column than the harmful side's, found one that is from the same: \
                both sides would be the same texts
                """, at: "harmless")
        }
        if sides.count > Sides.countMax {
            section.report("expected at most \(Sides.countMax - 1), found \(sides.count - 1)", at: "harmless")
        }
        return .anchors(harmful: sides[0], harmless: Array(sides.dropFirst()))
    }

    private static func readSide(_ section: ConfigurationReader, kind: String) -> Side {
        let named = section.string("kind") ?? kind
        let (system, template) = (section.string("system"), section.string("template"))
        let column = section.string("column")
        let usesRefusals = section.boolean("refusals") ?? false
        let origins = [column != nil, usesRefusals, system != nil || template != nil].count { $0 }
        if origins > 1 {
            section.report(
                "expected one of \"column\", \"refusals: true\" and what is generated (\"system\", \"template\"); found several"
            )
        }
        if let column { return Side(kind: named, origin: .column(column)) }
        return Side(
            kind: named, origin: usesRefusals ? .refusals : .generated(system: system, template: template))
    }

    private static func readGeneration(_ section: ConfigurationReader) -> Generation {
        let seed = section.integer("seed", in: 0...Int(UInt32.max)) ?? 0
        let settings = GenerationSettings(
            maxNewTokens: section.integer("max_new_tokens", in: GenerationSettings.newTokens) ?? 1024,
            temperature: section.number("temperature", in: GenerationSettings.temperatures) ?? 0,
            topP: section.number("top_p", in: 0...1) ?? 1, seed: UInt64(seed), stops: section.strings("stop") ?? [])
        if let problem = settings.problem {
            section.report(
                "\(problem.setting): expected \(problem.expected), found \(problem.found)", at: problem.setting)
        }
        return Generation(
            settings: settings, sequences: section.integer("sequences", in: GenerationRoom.sequencesAllowed) ?? 64,
            cacheBytes: (section.integer("cache_mib", in: 1...1_048_576) ?? 1024) << 20,
            cutOff: section.choice("cut_off") ?? .keep)
    }

    /// What is read and written.
    package func paths(ofFile file: String) -> Configuration.Paths {
        var read = [
            Configuration.NamedPath("induction.prompts", induction.prompts), .init("model.path", model.path),
            .init("this configuration", file),
        ]
        if let keys = cluster.keys {
            read += [.init("cluster.secret_key", keys.secretKey), .init("cluster.allowed_keys", keys.allowedKeys)]
        }
        return Configuration.Paths(
            read: read,
            written: Configuration.written("induction.output", induction.output)
                + [.init("what induction.output was before", induction.previousOutput)]
                + Configuration.written("induction.errors", induction.errors),
            folders: [.init("induction.state", induction.state)])
    }
}

extension ConfigurationFile {
    fileprivate func check(_ configuration: InductionConfiguration) {
        check(configuration.cluster, configuration.model)
        if ![.automatic, .native].contains(configuration.model.backend) {
            report(
                """
                texts are generated with model.backend: native alone, or auto: of the others a text would depend on what \
                else is generated; found \(configuration.model.backend)
                """)
        }
        let sides = configuration.induction.sides
        if !sides.all.contains(where: { if case .generated = $0.side.origin { true } else { false } }) {
            report(
                "\(sides.all.count == 1 ? sides.all[0].name : "induction"): expected a side that is generated, found none"
            )
        }
        if case .candidates(_, let count) = sides, count > 1, configuration.generation.settings.temperature == 0 {
            report(
                """
                generation.temperature is 0, which gives the same text \(count) times to each prompt: expected more, such as \
                --set generation.temperature=0.8, or --responses 1
                """)
        }
        configuration.paths(ofFile: FilePlace.absolute(path)).collisions.forEach { report($0) }
    }
}
