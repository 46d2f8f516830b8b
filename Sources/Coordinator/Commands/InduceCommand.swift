internal import ArgumentParser
internal import CommandLineTool
internal import Dataset
internal import JobConfiguration
internal import Protocol

struct InduceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "induce",
        abstract: "Let the model answer prompts, on the cluster: anchors of its own, or candidates to choose from.",
        discussion: """
            Anchors are pairs of a harmless and a harmful response to one question. From the questions of \
            induction.prompts this makes a file of them (induction.output) that a person can read and edit, and that \
            job.anchors takes. By default, as Legend does it, the harmful side is what the model itself answers (greedily, at \
            most 1024 new tokens) and the harmless side a refusal, one of ours for each prompt. Either side may come from \
            a system message of yours, or from a column of the questions' file; there may be several harmless sides, \
            each a kind of anchors of its own.

            With --prompts it generates candidates in place of anchors: so many responses to each prompt, to rank them or \
            to choose the best.

            Every row says what was generated, by which model, template, system message, seed and settings, with how many \
            tokens, and how it ended: by the model (end), before a stop text (stop), cut off after the most new tokens (limit) \
            or at the end of the model's context, or of model.max_tokens (context). The same configuration gives the same texts, whatever workers \
            there are and however often they are killed, on one kind of processor (see model.precision).

            It is a job like `run`: with workers on this machine or elsewhere, progress, `status`, and after Ctrl-C or a \
            crash the same command goes on. cluster.yaml explains the sections induction and generation.

            EXAMPLES
              legend-coordinator induce cluster.yaml
              legend-coordinator induce cluster.yaml --set generation.max_new_tokens=256
              legend-coordinator induce cluster.yaml --prompts prompts.jsonl --output pool.jsonl --responses 8 \\
                --set generation.temperature=0.8

            EXIT STATUS
              0 all prompts have their responses; 3 finished, and some have an error; 2 the command line, the \
            configuration or a file that it names must be changed; 1 else, as of `run`.
            """)

    @OptionGroup
    var options: JobOptions

    @Flag(help: "Start workers on the machines of cluster.hosts as well, over ssh, as `up` does.")
    var hosts = false

    @Option(
        help: "Generate candidates for the prompts of this file, in place of anchors.",
        completion: .file(extensions: DatasetContainer.completions))
    var prompts: String?

    @Option(help: "Where the candidates go (with --prompts).", completion: .file(extensions: ["jsonl", "gz", "zst"]))
    var output: String?

    @Option(help: "The column that the prompts are in (with --prompts; default: prompt, question, …).")
    var column: String?

    @Option(help: "Candidates for each prompt (with --prompts; default: 4).")
    var responses: Int?

    func validate() throws {
        try options.validate()
        guard prompts != nil || (output == nil && responses == nil && column == nil) else {
            throw ValidationError("--output, --column and --responses need --prompts; anchors go to induction.output")
        }
        guard prompts == nil || output != nil else { throw ValidationError("--prompts needs --output") }
        guard (1...UnitPayload.responsesMax).contains(responses ?? 1) else {
            throw ValidationError(
                "--responses: expected a number from 1 to \(UnitPayload.responsesMax), found \(responses ?? 0)")
        }
    }

    func run() async throws {
        try await options.run(startsHosts: hosts) {
            let configuration = try read()
            if hosts { try JobOptions.requireHosts(configuration.cluster, in: configuration.source) }
            return try InductionDefinition(configuration)
        }
    }

    private func read() throws -> InductionConfiguration {
        guard let prompts, let output else { return try options.configuration.readInduction() }
        return try options.configuration.readInduction(
            .init(count: responses ?? 4, column: column), of: prompts, output: output)
    }
}
