package import Protocol

/// A job that generates texts, and the cluster that runs it: what `cluster.yaml` says of it. Other jobs that the file
/// describes are not looked at.
///
/// Every path is absolute after reading; in the file, relative paths start from the file's own folder.
package struct InductionConfiguration: Hashable, Sendable {
    package var induction: Induction
    package var generation: Generation
    package var model: Configuration.Model

    /// As `embedding.template` and `embedding.control_tokens` have it.
    package var template: String
    package var readsControlTokensOfRows: Bool
    package var compatibility: Compatibility
    package var cluster: Configuration.Cluster

    /// Where it is from, for messages.
    package var source: String

    /// What is generated of which prompts.
    package struct Induction: Hashable, Sendable {
        /// A file with prompts.
        package var prompts: String

        /// The column that they are in; nil: one of the known names.
        package var promptColumn: String?
        package var ignoredColumns: [String]
        package var maxRowBytes: Int
        package var output: String
        package var errors: String

        /// A folder for the ledger, from which an interrupted job goes on.
        package var state: String
        package var sides: Sides

        /// Where a file goes that is in the output's place and is not this job's.
        package var previousOutput: String {
            let compression = [".gz", ".zst"].first(where: output.hasSuffix) ?? ""
            return Configuration.Job.path(beside: output, ending: ".previous.jsonl" + compression)
        }
    }

    package enum Sides: Hashable, Sendable {
        /// Pairs of one harmful response and one harmless response of each of these kinds, for each prompt.
        case anchors(harmful: Side, harmless: [Side])

        /// So many responses for each prompt.
        case candidates(Side, count: Int)

        /// At most: each is a step, or a file's column.
        package static let countMax = 17

        /// All, each with its name in the configuration.
        package var all: [(name: String, side: Side)] {
            switch self {
            case .anchors(let harmful, let harmless):
                [("induction.harmful", harmful)]
                    + harmless.enumerated().map { ("induction.harmless[\($0.offset)]", $0.element) }
            case .candidates(let side, _): [("induction.candidates", side)]
            }
        }
    }

    /// Responses to rank or to choose from.
    package struct Candidates: Hashable, Sendable {
        /// Of each prompt.
        package var count: Int

        /// The column that the prompts are in; nil: one of the known names.
        package var column: String?

        package init(count: Int, column: String? = nil) {
            self.count = count
            self.column = column
        }
    }

    /// Where the responses of one side are from.
    package struct Side: Hashable, Sendable {
        /// What a person calls them: a column of the output.
        package var kind: String
        package var origin: Origin

        package enum Origin: Hashable, Sendable {
            /// From the model: its system message, where there is one, and its template, where it is not the job's.
            case generated(system: String?, template: String?)

            /// Refusals of ours, one chosen by the prompt.
            case refusals

            /// A column of the prompts' file.
            case column(String)
        }

        package init(kind: String, origin: Origin) {
            self.kind = kind
            self.origin = origin
        }
    }

    /// How texts are generated.
    package struct Generation: Hashable, Sendable {
        package var settings: GenerationSettings

        /// In each lane at the same time.
        package var sequences: Int

        /// Bytes of keys and values in each lane.
        package var cacheBytes: Int

        /// What becomes of texts that the limit cut off.
        package var cutOff: CutOff

        package enum CutOff: String, Choice {
            /// They are as good as others, and the output says that they were.
            case keep

            /// Their row is an error.
            case error
        }
    }

    /// The sections that no other job reads.
    static let ownSections = ["induction", "generation"]

    /// Sides of a job that names none: as the released procedure of Legend has them, with refusals that vary.
    package static let harmful = Side(kind: "harmful", origin: .generated(system: nil, template: nil))
    package static let refusals = Side(kind: "refusal", origin: .refusals)
}
