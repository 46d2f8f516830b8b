internal import ArgumentParser
internal import CommandLineTool
internal import Protocol

@main
struct LegendCoordinator: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "legend-coordinator",
        abstract: "Gives the rows of a preference dataset safety margins, computed by a cluster of workers.",
        discussion: """
            A job is described by a configuration file, cluster.yaml: the dataset, the anchors that the safety direction \
            is fitted on, the model, the cluster. The output has the rows and columns of the input, plus margin, \
            score_chosen and score_rejected; rows that cannot be annotated are in a file of their own beside it, \
            with the reason.

            EXAMPLES
              Check a configuration and its files:
                legend-coordinator validate cluster.yaml
              See what the model would read:
                legend-coordinator texts cluster.yaml --limit 3
              Run it on this machine alone:
                legend-coordinator run cluster.yaml
              Run it on the machines of cluster.hosts, over ssh:
                legend-coordinator up cluster.yaml
              Let the model answer questions, for anchors of its own:
                legend-coordinator induce cluster.yaml
              Watch it from another terminal:
                legend-coordinator status cluster.yaml --watch
              Make keys for workers on other machines:
                legend-coordinator keygen keys
              Look at the result:
                legend-coordinator summary out/annotated.jsonl
              Write a page about it, for a browser: whether the margins mean anything, and which rows to look at:
                legend-coordinator report out/annotated.jsonl
              Measure whether margins help a reward model, before you train one:
                legend-coordinator evaluate cluster.yaml
              Write the rows as a trainer takes them:
                legend-coordinator export out/annotated.jsonl --to trl-conversational
              Rank several responses to each prompt, and keep the best:
                legend-coordinator rerank cluster.yaml --candidates pool.jsonl --output best.jsonl --best 1
              Try another layer, where the job kept its embeddings:
                legend-coordinator project cluster.yaml --output layer20.jsonl --layer 20

            EXIT STATUS
              0 all rows are annotated; 3 finished, and some rows could not be; 2 usage or configuration; 1 else.
            """,
        version: ProtocolVersion.software,
        subcommands: [
            RunCommand.self, UpCommand.self, InduceCommand.self, EvaluateCommand.self, RerankCommand.self,
            StatusCommand.self,
            ValidateCommand.self,
            TextsCommand.self,
            SummaryCommand.self, ReportCommand.self, ExportCommand.self, ProjectCommand.self, KeygenCommand.self,
        ])

    static func main() async {
        await runAsTool()
    }
}
