package import Protocol

/// A job and the cluster that runs it, as `cluster.yaml` describes them.
///
/// Every path is absolute after reading; in the file, relative paths start from the file's own folder.
package struct Configuration: Hashable, Sendable {
    package var job: Job
    package var dataset: Dataset
    package var anchors: Anchors
    package var model: Model
    package var embedding: Embedding
    package var direction: Direction
    package var margin: Margin
    package var evaluation: Evaluation
    package var rerank: Rerank
    package var cluster: Cluster

    /// Where it is from, for messages: its file, and whether the command line has put values in place of the file's.
    package var source: String

    /// Whether some of the rows are embedded first. By their labels they say where the model is read, what the rows
    /// themselves would have for a direction, and whether anchors carry over to them.
    package var surveys: Bool {
        guard embedding.compatibility != .legend, embedding.kept == nil else { return false }
        return !job.directionSource.anchors.isEmpty
    }

    /// Whether there is something that nothing but the rows can decide.
    package var needsSurvey: Bool {
        switch job.directionSource {
        case .fitted(let sources):
            sources.count > 1 || sources == [.own] || anchors.kind != nil || embedding.layer == nil
                || embedding.token == nil
        case .saved: false
        }
    }

    /// What a file says of rows and of what is made of them: whoever lets a model write texts has no need of it.
    static let sectionsOfRows = ["job", "dataset", "anchors", "direction", "margin", "evaluation", "rerank"]

    /// The files that a job reads and writes.
    package struct Job: Hashable, Sendable {
        package var name: String
        package var input: String
        package var output: String

        /// Where the rows go that cannot be annotated; there is no file where all can.
        package var errors: String

        /// Where the safety direction comes from.
        package var directionSource: DirectionSource

        /// Where the fitted direction is saved.
        package var directionOutput: String

        /// A folder for the ledger, from which an interrupted job goes on.
        package var state: String

        /// A folder for the embeddings, where they are kept.
        package var embeddings: String

        /// How the name of the file of rows without a margin ends.
        package static let errorsEnding = ".errors.jsonl"

        /// How the name of a fitted direction ends.
        package static let directionEnding = ".direction.safetensors"

        /// How the name of the file ends that says whether margins mean anything.
        package static let trustEnding = ".trust.json"

        /// How the name of the file ends that says what margins are worth to a reward model.
        package static let evaluationEnding = ".evaluation.json"

        /// How the name of the file ends that has the linear reward heads of the evaluation.
        package static let headsEnding = ".heads.safetensors"

        /// How the name of a job's report ends.
        package static let reportEnding = ".report.html"

        /// The path of something that belongs to `output`: beside it, with `ending` in place of its own.
        package static func path(beside output: String, ending: String) -> String {
            let base = ["gz", "zst", "jsonl", "json", "parquet"].reduce(output) { name, ending in
                name.hasSuffix(".\(ending)") ? String(name.dropLast(ending.count + 1)) : name
            }
            return base + ending
        }
    }

    package enum DirectionSource: Hashable, Sendable {
        /// Fit it on these: one or more, none of them twice.
        case fitted(on: [AnchorSource])

        /// Take it from this file, which an earlier job saved.
        case saved(String)

        /// What it is fitted on, in the order of the configuration; empty where it is saved.
        package var anchors: [AnchorSource] {
            switch self {
            case .fitted(let sources): sources
            case .saved: []
            }
        }
    }

    /// Pairs of which one side is known to be the safer one.
    package enum AnchorSource: Hashable, Sendable {
        /// The rows, by their own labels.
        case own

        /// Those in this file.
        case file(String)

        /// The rows' own labels, where the configuration names them.
        package static let ownName = "own"

        /// How many a job has at most: each file is embedded in a step of its own.
        package static let countMax = 16

        /// nil for the rows.
        package var path: String? {
            switch self {
            case .own: nil
            case .file(let path): path
            }
        }
    }

    /// How the input's rows are read.
    package struct Dataset: Hashable, Sendable {
        package var format: String
        package var prompt: String?
        package var chosen: String?
        package var rejected: String?

        /// Where rows have several responses; nil where they are not named.
        package var ranked: Ranked?

        /// Which pairs are made of several responses; nil where nobody said it: all.
        package var pairs: Pairs?

        /// Columns that are not read.
        package var ignoredColumns: [String]

        /// auto, strip or keep.
        package var promptInResponses: String
        package var maxRowBytes: Int

        /// What becomes of columns that have the name of one that the output adds.
        package var existingColumns: ExistingColumns

        /// How strongly rows were labelled.
        package var strength = Strength.automatic

        /// nil: a row's label is all that is known of who preferred which response.
        package var votes: Votes?

        package enum ExistingColumns: String, Choice {
            /// The job does not begin, and a later row that has one is not annotated.
            case refuse

            /// They are kept as `original_<name>`.
            case rename
            case replace
        }
    }

    /// How the anchors' rows are read.
    package struct Anchors: Hashable, Sendable {
        package var format: String
        package var prompt: String?
        package var harmless: String?
        package var harmful: String?
        package var ignoredColumns: [String]
        package var promptInResponses: String

        /// The harmless response of anchors that have none of their own; nil: several refusals, which vary.
        package var refusal: String?

        /// The column that says of what kind an anchor is: each kind is a source of its own. nil: a file is one source.
        package var kind: String?
    }

    package struct Model: Hashable, Sendable {
        package var path: String

        /// Expected SHA-256 of the model; nil: the coordinator's own counts, or the first worker's.
        package var sha256: String?
        package var precision: Precision
        package var backend: Backend

        /// Longest sequence in tokens; 0 for the model's context length.
        package var maxTokens: Int
        package var truncation: Truncation

        /// Whether workers that do not have the model get it from the coordinator, where that has it.
        package var serve: Bool
    }

    /// Which hidden state stands for a response.
    package struct Embedding: Hashable, Sendable {
        package var template: String

        /// nil: the rows' labels choose; with a saved direction, the direction's.
        package var layer: LayerChoice?

        /// nil: the rows' labels choose; with a saved direction, the direction's.
        package var token: Pooling?
        package var compatibility: Compatibility

        /// Whether control tokens that the rows spell are the model's.
        package var readsControlTokensOfRows: Bool

        /// nil: none are kept.
        package var kept: Kept?

        /// Embeddings to keep, the job's own layer and token among them.
        package struct Kept: Hashable, Sendable {
            package var layers: [LayerChoice]
            package var tokens: [Pooling]

            /// Every token of every layer.
            package var readouts: [Readout] { layers.flatMap { layer in tokens.map { Readout(layer, $0) } } }
        }
    }

    /// How the direction is fitted.
    package struct Direction: Hashable, Sendable {
        package var estimator: EstimatorChoice

        /// About how many rows decide by their labels: those of some prompts, drawn at random.
        package var surveyRows: Int

        /// The column of the rows whose values may have a direction each; nil: one direction is for all rows.
        package var by: String?

        package enum EstimatorChoice: String, Choice {
            /// The mean difference on one file of anchors, ridge on the rows' own labels. Of several sources each by ridge, and
            /// all of them together, unless one alone is better.
            case automatic = "auto"
            case meanDifference = "mean-difference"
            case firstPrincipalComponent = "pca"
            case ridge
            case logistic
            case ledoitWolf = "lda"

            /// As automatic, and always all sources together.
            case ensemble
        }
    }

    /// What makes a coordinator ask for keys.
    package struct Keys: Hashable, Sendable {
        /// The coordinator's key file.
        package var secretKey: String

        /// The file of the public keys that are let in.
        package var allowedKeys: String
    }

    package struct Cluster: Hashable, Sendable {
        package var listen: String
        package var insecure: Bool

        /// nil where no keys are asked for.
        package var keys: Keys?

        /// Workers that the coordinator starts itself; nil: one for each NUMA node.
        package var localWorkers: Int?

        /// Compute lanes of each worker; nil: a worker's share of the machine's cores.
        package var lanes: Int?
        package var unitTokens: Int
        package var heartbeatSeconds: Double
        package var silenceSeconds: Double
        package var stallSeconds: Double
        package var attempts: Int
        package var mixedNumerics: Bool

        /// Where workers on other machines connect to; nil: through their ssh connection.
        package var advertise: String?

        /// Machines that `up` starts workers on.
        package var hosts: [Host] = []

        /// A machine that is reached with ssh.
        package struct Host: Hashable, Sendable {
            /// As ssh takes it: a name, or user@name.
            package var address: String
            package var port: Int?

            /// Worker processes there.
            package var workers: Int

            /// Of each worker; nil: its share of that machine's cores.
            package var lanes: Int?

            /// What starts a worker there: a shell command that options are added to.
            package var command: String

            /// The model's path there; nil: the job's.
            package var model: String?

            /// Further arguments of ssh.
            package var sshOptions: [String]
        }
    }
}

extension Configuration.Cluster {
    /// Where processes on this machine reach a coordinator that listens on `listen`; nil where the port is chosen only when
    /// the coordinator starts.
    package var reachableEndpoint: String? {
        guard !listen.hasSuffix(":*") else { return nil }
        // One that listens everywhere is reached by loopback.
        return listen.replacing(#/tcp://(\*|0\.0\.0\.0)/#, with: "tcp://127.0.0.1")
            .replacing("tcp://[::]:", with: "tcp://[::1]:")
    }
}

extension Configuration {
    package static let defaultListen = "tcp://127.0.0.1:5711"

    /// Legend's harmless response, with its typographic apostrophe.
    package static let legendRefusal = "I can\u{2019}t answer that."
}

/// All that is wrong with a configuration, found in one reading.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One sentence each, beginning with `file:line:column`.
    package var problems: [String]

    package init(problems: [String]) {
        self.problems = problems
    }

    package var description: String { problems.joined(separator: "\n") }
}
