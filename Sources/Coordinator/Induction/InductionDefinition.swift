internal import Dataset
internal import Diagnostics
internal import Digest
internal import FileSystem
internal import JobConfiguration
internal import JobStore
internal import Prompting
internal import Protocol
internal import Scheduling

/// A configuration of texts to generate whose files were found and whose templates were understood.
struct InductionDefinition: Sendable, PreparedJob {
    let configuration: InductionConfiguration
    let access: ClusterAccess?
    let options: DatasetOptions
    let sides: [Side]

    /// SHA-256 of the prompts' file, which must stay as it is until the output is written.
    let promptsDigest: String
    private let fingerprint: JobFingerprint

    /// A side and, where it is generated, how.
    struct Side: Sendable {
        let side: InductionConfiguration.Side
        let step: WorkStep?
        let template: Template?
        let responses: Int
        let settings: GenerationSettings

        var system: String? {
            if case .generated(let system, _) = side.origin { system } else { nil }
        }

        /// All that its texts depend on; nothing of a side that is not generated.
        fileprivate var generation: String {
            guard let template else { return "" }
            return
                "\(responses) × \(template.identity.quoted) after \(system?.quoted ?? "nothing"), seed \(settings.seed)"
        }
    }

    /// Rows of a unit have so many texts together, at most: few, so that they end at about the same time.
    private static let textsPerUnit = 8

    /// - Throws: `ConfigurationError` with every problem.
    init(_ configuration: InductionConfiguration) throws {
        var problems = ProblemList()
        let induction = configuration.induction
        var options = DatasetOptions(
            purpose: .prompt, columns: induction.promptColumn.map { DatasetColumns(prompt: $0) },
            ignoredColumns: induction.ignoredColumns, maxRowBytes: induction.maxRowBytes)
        let digest = problems.attempt { try SHA256Digest(ofDataset: induction.prompts).description }
        if digest != nil { _ = problems.attempt { try Self.checkColumns(of: induction, options) } }
        let sides = induction.sides.all.enumerated().compactMap { index, named in
            problems.attempt(of: configuration.source) {
                try Side(named.side, number: index, responses: induction.sides.count, configuration)
            }
        }
        options.check = Self.check(sides)
        let access = problems.attempt { try configuration.cluster.keys.map(ClusterAccess.init) } ?? nil
        for path in [induction.output, induction.errors] {
            _ = problems.attempt { try OutputPlace.check(path) }
            if digest != nil {
                _ = problems.attempt { try OutputPlace.check(path, outsideOfDataset: induction.prompts) }
            }
        }
        _ = problems.attempt { try RowFileFormat.check(induction.output, columns: false) }
        _ = problems.attempt { try RowFileFormat.check(errorsPath: induction.errors) }
        guard problems.isEmpty, let digest else { throw problems.error }
        self.configuration = configuration
        self.access = access
        self.options = options
        self.sides = sides
        promptsDigest = digest
        fingerprint = Self.fingerprint(configuration, sides, prompts: digest)
    }

    /// That the templates of all sides take a prompt, each with its side's system message.
    private static func check(_ sides: [Side]) -> ConversationCheck? {
        let refusing = sides.filter { $0.template?.check(.prompt) != nil }
        guard !refusing.isEmpty else { return nil }
        return ConversationCheck(refusing.map(\.generation).joined(separator: "\n")) { pair in
            for side in refusing {
                var pair = pair
                if let system = side.system { pair.prompt = pair.prompt.withSystem(system) }
                if let reason = side.template?.refusal(of: pair, .prompt) { return reason }
            }
            return nil
        }
    }

    /// A column that a side is from is there: one that is called otherwise would be found missing when all else is generated.
    private static func checkColumns(of induction: InductionConfiguration.Induction, _ options: DatasetOptions) throws {
        var reader = try DatasetReader(path: induction.prompts, options: options)
        let columns = induction.sides.all.compactMap { name, side -> (name: String, column: String)? in
            if case .column(let column) = side.origin { (name, column) } else { nil }
        }
        guard !columns.isEmpty else { return }
        var known: [String] = []
        var rows = 0
        while rows < 100, let record = try reader.next() {
            rows += 1
            known += record.columnNames.filter { !known.contains($0) }
        }
        for (name, column) in columns where rows > 0 && !known.contains(column) {
            throw FileError(
                path: induction.prompts,
                problem: "\(name): there is no column \(column.quoted) (columns: \(known.joined(separator: ", ")))")
        }
    }

    private static func fingerprint(
        _ configuration: InductionConfiguration, _ sides: [Side], prompts: String
    ) -> JobFingerprint {
        let induction = configuration.induction
        let settings = configuration.generation.settings
        var values = [
            "induction.prompts (SHA-256)": prompts,
            "induction.columns": "\(induction.promptColumn ?? "") \(induction.ignoredColumns)",
            "induction.max_row_mib": "\(induction.maxRowBytes >> 20)",
            "induction (what is generated)": sides.map(\.generation).joined(separator: "\n"),
            "embedding.compat": configuration.compatibility.rawValue,
            "generation": """
            \(settings.maxNewTokens) \(settings.temperature) \(settings.topP) \(settings.seed) \(settings.stops)
            """,
            "model.precision": configuration.model.precision.rawValue,
            "model.max_tokens": "\(configuration.model.maxTokens)",
            "cluster.mixed_numerics": "\(configuration.cluster.mixedNumerics)",
        ]
        if let digest = configuration.model.sha256 { values["model.sha256"] = digest }
        return JobFingerprint(values)
    }

    var state: String { configuration.induction.state }

    func makeOutputFolders() throws {
        for path in [configuration.induction.output, configuration.induction.errors] {
            try OutputPlace.makeFolder(of: path)
        }
    }

    func job(_ ledger: Ledger) throws -> any ClusterJob { try InductionJob(self, ledger: ledger) }

    func claim(_ ledger: Ledger) throws {
        try fingerprint.claim(ledger, state: (configuration.induction.state, "induction.state"))
    }

    var workSteps: [WorkStep] { sides.compactMap(\.step) }

    func input(of step: WorkStep) -> StepInput? {
        guard let side = sides.first(where: { $0.step?.id == step.id }), let template = side.template else {
            return nil
        }
        var input = StepInput(
            step: step, path: configuration.induction.prompts, options: options, part: .all, template: template,
            compatibility: configuration.compatibility)
        input.generated = .init(responses: side.responses, system: side.system)
        return input
    }

    var textsPerUnitMax: Int { Self.textsPerUnit }

    /// What each lane of a worker has: units enough that others' texts take the places of those that end early.
    var room: GenerationRoom {
        let generation = configuration.generation
        let units = (2 * generation.sequences + Self.textsPerUnit - 1) / Self.textsPerUnit
        return GenerationRoom(
            sequences: generation.sequences, cacheBytes: generation.cacheBytes,
            units: min(max(units, 2), GenerationRoom.unitsAllowed.upperBound))
    }
}

extension InductionDefinition.Side {
    /// - Parameter number: of the side, from 0: sides draw different random numbers.
    fileprivate init(
        _ side: InductionConfiguration.Side, number: Int, responses: Int, _ configuration: InductionConfiguration
    ) throws {
        self.side = side
        self.responses = responses
        var settings = configuration.generation.settings
        settings.seed = settings.seed << 8 + UInt64(number)
        self.settings = settings
        guard case .generated(_, let template) = side.origin else {
            (step, self.template) = (nil, nil)
            return
        }
        self.template = try Template.configured(
            template ?? configuration.template, of: configuration.model, compatibility: configuration.compatibility,
            readsControlTokensOfRows: configuration.readsControlTokensOfRows)
        step = WorkStep(
            id: StepID(UInt8(number + 1)), name: side.kind, work: .generate(settings),
            responses: responses == 1 ? [side.kind] : nil)
    }
}

extension InductionConfiguration.Sides {
    /// Responses of each prompt and side.
    var count: Int {
        switch self {
        case .anchors: 1
        case .candidates(_, let count): count
        }
    }
}
