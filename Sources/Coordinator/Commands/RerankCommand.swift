internal import ArgumentParser
internal import CommandLineTool
internal import Dataset
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import Protocol

struct RerankCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerank",
        abstract: "Rank several responses to each prompt by how safe they are; with labels, show the best-of-n curve.",
        discussion: """
            Takes rows of a prompt and one response to it, such as `induce --prompts` writes, and adds to each its rank \
            among the responses to that prompt (1 is the best), how many there are, and the scores. Rows keep their columns \
            and their order; --best 1 keeps the best of each prompt alone. What cannot be scored is in \
            OUTPUT.errors.jsonl, with the reason. Equal scores have equal ranks; of these --best takes the first ones.

            Scores are those that `evaluate` left beside the job's output (X.heads.safetensors): ours, a reward head without a \
            margin that was trained on the job's rows, both of them averaged by their spread (head+ours), and Legend's. Where \
            `evaluate` did not run it is the job's own direction (X.direction.safetensors) alone.

            Where rows have labels (--label; else a column harmful, is_harmful or unsafe, of 0 and 1 or false and true), it \
            prints how often the best of n responses has the label, chosen by each score, at random and by being the \
            shortest: from all responses of a prompt, and from those of about equal length, among which length cannot \
            tell (each group of such counts by its size). It is the mean over all ways to draw n (unbiased), with 95 % \
            intervals over the prompts; prompts that the scores were fitted on are left out. OUTPUT.rerank.json has the curve for all n = 1, 2, 4, 8, …

            It is a job like `run`: with workers here or elsewhere, progress, `status`, and after Ctrl-C or a crash the same \
            command goes on.

            EXAMPLES
              legend-coordinator rerank cluster.yaml --candidates pool.jsonl \\
                --output ranked.jsonl
              legend-coordinator rerank cluster.yaml --candidates pool.jsonl \\
                --output best.jsonl --best 1 --by head+ours

            EXIT STATUS
              0 all responses are ranked; 3 finished, and some cannot be scored; 2 the command line, the configuration or a \
            file must be changed; 1 else, as of `run`.
            """)

    @OptionGroup
    var options: JobOptions

    @Flag(help: "Start workers on the machines of cluster.hosts as well, over ssh, as `up` does.")
    var hosts = false

    @Option(
        help: "Rows of a prompt and a response.", completion: .file(extensions: DatasetContainer.completions))
    var candidates: String

    @Option(
        help: "Where the ranked rows go, as JSON Lines; Parquet, of Parquet or Arrow, if it ends with .parquet.",
        completion: .file(extensions: ["jsonl", "gz", "zst", "parquet"]))
    var output: String

    @Option(help: "The column that the prompts are in (default: rerank.columns, or prompt, question, …).")
    var promptColumn: String?

    @Option(help: "The column that the responses are in (default: rerank.columns, or response).")
    var responseColumn: String?

    @Option(help: "What the rank is by: ours, head, head+ours, legend or shortest.")
    var by = "ours"

    @Option(help: "Write only so many responses of each prompt, the best ones.")
    var best: Int?

    @Option(help: "The column that says which responses are harmful: 0 or 1, false or true.")
    var label: String?

    @Flag(help: "Drop columns of the rows that are called as those that are added.")
    var replace = false

    @Option(help: "What `evaluate` wrote, in place of the job's.", completion: .file(extensions: ["safetensors"]))
    var heads: String?

    @Option(
        help: "A direction that a job saved, in place of what `evaluate` wrote.",
        completion: .file(extensions: ["safetensors"]))
    var direction: String?

    func validate() throws {
        try options.validate()
        guard ranker != nil else {
            throw ValidationError("--by: expected ours, head, head+ours, legend or shortest, found \(by)")
        }
        guard RowFiles.endings.contains(where: output.hasSuffix) || RowFileFormat(path: output) == .parquet else {
            throw ValidationError(
                """
                --output: expected a name that ends with .jsonl or .json, each also with .gz or .zst, or with .parquet, found \
                \(output)
                """)
        }
        guard best ?? 1 > 0 else { throw ValidationError("--best: expected 1 or more, found \(best ?? 0)") }
        guard heads == nil || direction == nil else {
            throw ValidationError("--heads and --direction exclude each other")
        }
    }

    private var ranker: Ranker? { Ranker.all.first { $0.name == by && $0 != .random } }

    func run() async throws {
        try await options.run(startsHosts: hosts) {
            let configuration = try options.configuration.read()
            if hosts { try JobOptions.requireHosts(configuration.cluster, in: configuration.source) }
            func absolute(_ path: String) -> String {
                FilePlace.absolute((path as NSString).expandingTildeInPath)
            }
            return try RerankDefinition(
                configuration,
                .init(
                    candidates: absolute(candidates), output: absolute(output), promptColumn: promptColumn,
                    responseColumn: responseColumn, labelColumn: label, ranker: ranker, best: best,
                    replacesColumns: replace, heads: heads.map(absolute), direction: direction.map(absolute)),
                file: options.configuration.configuration)
        }
    }
}
