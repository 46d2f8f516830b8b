internal import ArgumentParser
internal import CommandLineTool
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Protocol
internal import Reports

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure whether a job's margins help a reward model, before you spend a training run.",
        discussion: """
            Trains reward heads (linear, and a small MLP) on the model's frozen states of the job's labelled rows, with the \
            loss that reward models have, -log sigmoid(r_chosen - r_rejected - margin), and tests them on rows of prompts that \
            they never saw:

              no margin         what all others are compared with
              constant margin   the same for every pair: the mean of ours
              Legend's margins  last token, last layer: a refusal against harm
              our margins       as configured, fitted on what is trained on
              ... as written    in the unit of the job's output
              ... shuffled      each at another pair
              RewardEnsemble's  the mean margin of heads on bootstrap samples
              averaged          the head without a margin, and our score
              the scores alone  no head

            Of each: held-out accuracy with a 95 % interval, the difference to no margin on the same rows, clustered by \
            prompt, adjusted by Holm for all that is compared, and how far its probabilities are off. Nulls are reported as \
            nulls. What comes out is printed, is in OUTPUT.evaluation.json beside job.output, and on the job's page \
            (OUTPUT.report.html) where the job has run.

            It needs the job's configuration and no run of the job. Where the job kept its embeddings \
            (embedding.keep_embeddings) and is finished, they are used, and no worker. Else about evaluation.rows rows are \
            embedded by the workers, as `run` does it: with progress, `status`, and after Ctrl-C or a crash the same command \
            goes on. What is embedded is kept: with other seeds or heads the same command needs no worker.

            EXAMPLES
              legend-coordinator evaluate cluster.yaml
              legend-coordinator evaluate cluster.yaml --seeds 20
              legend-coordinator evaluate cluster.yaml --set embedding.layer=22 --set 'evaluation.heads=[linear]'

            EXIT STATUS
              0 it is measured, whatever came out; 2 the configuration or a file that it names must be changed, or there are \
            fewer than 100 rows of 30 prompts; 1 else, as of `run`.
            """)

    @OptionGroup
    var options: JobOptions

    @Flag(help: "Start workers on the machines of cluster.hosts as well, over ssh, as `up` does.")
    var hosts = false

    @Option(help: "How often prompts are parted into folds and heads are trained (default: evaluation.seeds, 5).")
    var seeds: Int?

    func run() async throws {
        let definition: EvaluationDefinition
        do {
            let configuration = try options.configuration.read(
                overriding: seeds.map { ["evaluation.seeds=\($0)"] } ?? [])
            if hosts { try JobOptions.requireHosts(configuration.cluster, in: configuration.source) }
            definition = try EvaluationDefinition(configuration, file: options.configuration.configuration)
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        if try await evaluateStored(definition) { return }
        var options = options
        if let changed = try changes(definition), !changed.isEmpty {
            StandardError.write(
                "rows are embedded anew; changed since the last evaluation: \(changed.joined(separator: ", "))\n")
            options.restart = true
        }
        try await options.run(startsHosts: hosts) { definition }
    }

    /// What is not as it was when rows were embedded for this; nil where none were.
    private func changes(_ definition: EvaluationDefinition) throws -> [String]? {
        guard FileManager.default.fileExists(atPath: definition.state + "/ledger.sqlite") else { return nil }
        do {
            let ledger = try Ledger(folder: definition.state)
            return try definition.fingerprint.changes(in: ledger)
        } catch {
            // Whatever is wrong with it, who opens it to go on says so.
            return nil
        }
    }

    /// Where the job kept its embeddings.
    ///
    /// - Returns: whether it did.
    private func evaluateStored(_ definition: EvaluationDefinition) async throws -> Bool {
        let job = definition.job.configuration.job
        guard definition.job.configuration.embedding.kept != nil else { return false }
        let console = Console(showsProgress: !options.quiet)
        let progress = EvaluationProgress(total: definition.settings.seeds)
        do {
            let stored = try StoredEvaluation(definition)
            try definition.makeOutputFolders()
            progress.begin()
            let ticker = Task {
                while !Task.isCancelled {
                    console.show(progress.report(job: job.name))
                    try await Task.sleep(for: .milliseconds(500))
                }
            }
            defer { ticker.cancel() }
            // Not on a thread that tasks share: what is minutes long would keep them from all else.
            let summary = try await withCheckedThrowingContinuation { continuation in
                Thread.detachNewThread {
                    continuation.resume(
                        with: Result {
                            try EvaluationOutput(definition: definition, progress: progress).run(
                                stored.rows(), model: stored.model)
                        })
                }
            }
            ticker.cancel()
            console.endProgress()
            print(
                "from the embeddings that the job kept\n"
                    + summary.text(definition, warnings: stored.model.namedWarnings + progress.warnings))
        } catch let missing as StoredEvaluation.Missing {
            StandardError.write(
                "no kept embeddings of the job can be used (\(job.state): \(missing.reason)): rows are embedded for this alone\n"
            )
            return false
        } catch {
            console.endProgress()
            throw Failure(ending: error, state: job.state)
        }
        return true
    }
}
