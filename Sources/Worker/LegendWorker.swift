internal import ArgumentParser
internal import CommandLineTool
internal import Protocol

@main
struct LegendWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "legend-worker",
        abstract: "Computes embeddings and safety margins for a legend-coordinator.",
        discussion: """
            Start one worker on each machine (or NUMA node), with the coordinator's configuration or its address. It \
            loads the job's model, which it gets from the coordinator where this machine has none, computes the units \
            of work that the coordinator hands out, and ends with the job.

            EXAMPLES
              legend-worker cluster.yaml
              legend-worker --connect tcp://10.0.0.5:5711
              legend-worker bench models/model.gguf

            `legend-worker help join` lists the options of a worker at work.
            """,
        version: ProtocolVersion.software,
        subcommands: [JoinCommand.self, BenchCommand.self], defaultSubcommand: JoinCommand.self)

    static func main() async {
        await runAsTool()
    }
}
