/// What every worker of a job must do alike.
package struct JobSpecification: Hashable, Sendable {
    /// Names this beginning of the job: units of another one, even of the same configuration, have nothing to do with it.
    package var job: String

    /// Where the coordinator's configuration has the model; a worker may have it elsewhere.
    package var modelPath: String

    /// The model's SHA-256 in lower-case hexadecimal, as ``ModelOffer`` has it; empty until the first worker has
    /// named it.
    package var modelDigest: String

    /// Automatic while no worker was asked.
    package var precision: Precision
    package var backend: Backend

    /// Automatic while no worker was asked.
    package var attention: AttentionPrecision

    /// What the steps ask for of each text, in this order, each once; with ``everyLayer``, at least one,
    /// but for a job that generates texts.
    package var readouts: [Readout]

    /// Poolings that they ask for of every layer from 1 on besides: who makes the job need not know how many there are.
    package var everyLayer: [Pooling]

    /// Whether the scorer is of only some of what the steps ask for, and its making decides of which. Then a text to be
    /// projected is embedded to these alone, once the scorer is there; else it may be embedded before.
    package var choosesReadouts: Bool

    /// Longest sequence in tokens; 0 for the model's context length.
    package var maxTokens: Int

    /// What becomes of texts with more of them; a job that generates texts goes on with none that is cut.
    package var truncation: Truncation
    package var heartbeatMilliseconds: Int

    /// What goes into the store, besides what the steps ask for; empty where there is none.
    package var keptReadouts: [Readout]

    /// What lanes have for texts that are generated; nil for a job that generates none. One that does does nothing else.
    package var generation: GenerationRoom?

    package init(
        job: String, modelPath: String, modelDigest: String, precision: Precision, backend: Backend,
        attention: AttentionPrecision = .f32, readouts: [Readout], everyLayer: [Pooling] = [],
        choosesReadouts: Bool = false, maxTokens: Int, truncation: Truncation = .error, heartbeatMilliseconds: Int,
        keptReadouts: [Readout] = [], generation: GenerationRoom? = nil
    ) {
        self.job = job
        self.modelPath = modelPath
        self.modelDigest = modelDigest
        self.precision = precision
        self.backend = backend
        self.attention = attention
        self.readouts = readouts
        self.everyLayer = everyLayer
        self.choosesReadouts = choosesReadouts
        self.maxTokens = maxTokens
        self.truncation = truncation
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.keptReadouts = keptReadouts
        self.generation = generation
    }

    /// What is asked for of a model, in the order of results, with layers counted from the front: those that are named,
    /// also where the model does not have them, then what every layer adds, ascending.
    package func readouts(layerCount: Int) -> [Readout] {
        let named = readouts.map { $0.resolved(layerCount: layerCount) }
        let poolings = Pooling.allCases.filter(everyLayer.contains)
        guard !poolings.isEmpty, layerCount > 0 else { return named }
        return named
            + (1...layerCount).flatMap { layer in poolings.map { Readout(LayerChoice(layer), $0) } }
            .filter { !named.contains($0) }
    }

    /// What is kept of a model's states, as it lies in results and in the store: ascending, each once, with layers counted
    /// from the front. Those that the model does not have are among them.
    package func keptReadouts(layerCount: Int) -> [Readout] {
        Set(keptReadouts.map { $0.resolved(layerCount: layerCount) }).sorted()
    }
}

/// What a worker computes with. Workers of one job must agree in all of it but the last three.
package struct LoadedModel: Codable, Hashable, Sendable {
    /// That of the largest models of the architecture.
    package static let hiddenSizeMax = 16_384

    /// More texts are not embedded ahead, whatever memory there is.
    package static let textsAheadMax = 131_072

    /// Nor more units, however few texts they have: each heartbeat lists them.
    package static let unitsAheadMax = 65_536

    /// Nor are more units taken into its hands.
    package static let creditMax = 4096

    /// The model's SHA-256 in lower-case hexadecimal, as ``ModelOffer`` has it.
    package var digest: String
    package var name: String

    /// The family, by its name in GGUF. Workers always say it; nil where the ledger is of a software that did not ask.
    package var architecture: String?
    package var tokenizer: String
    package var layerCount: Int
    package var hiddenSize: Int
    package var contextLength: Int

    /// Never automatic.
    package var precision: Precision

    /// As the job has it: a CPU that cannot do that says so in its numeric build.
    package var attention: AttentionPrecision

    /// Everything that may change a bit of a result: precision, library, its version, instruction set.
    package var numericBuild: String

    /// How many units the worker takes into its hands at a time, besides those that wait for the scorer.
    package var credit: Int

    /// How many texts, in units, the worker embeds before the scorer is there, and keeps until it is.
    package var textsAhead: Int

    /// What a person must know of the model file to trust its numbers, each a sentence about the model.
    package var warnings: [String]

    /// More, and longer ones, are not sent.
    package static let warningsMax = 16

    /// Whether a text can be a model's `digest`, which becomes a part of a file's name.
    package static func isDigest(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy("0123456789abcdef".utf8.contains)
    }

    package init(
        digest: String, name: String, architecture: String?, tokenizer: String, layerCount: Int, hiddenSize: Int,
        contextLength: Int, precision: Precision, attention: AttentionPrecision = .f32, numericBuild: String,
        credit: Int, textsAhead: Int, warnings: [String] = []
    ) {
        self.digest = digest
        self.name = name
        self.architecture = architecture
        self.tokenizer = tokenizer
        self.layerCount = layerCount
        self.hiddenSize = hiddenSize
        self.contextLength = contextLength
        self.precision = precision
        self.attention = attention
        self.numericBuild = numericBuild
        self.credit = credit
        self.textsAhead = textsAhead
        self.warnings = warnings
    }

    /// The warnings, each with the model's name.
    package var namedWarnings: [String] { warnings.map { "\(name): \($0)" } }
}
