internal import ArgumentParser
internal import CommandLineTool
internal import JobConfiguration
internal import Protocol

struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run a job with workers on other machines, which are started over ssh and stopped at the end.",
        discussion: """
            Does what `run` does, and starts workers on the machines of cluster.hosts. `ssh HOST` must get in \
            without a question, and legend-worker be there (cluster.hosts: command). The workers' messages go \
            through their ssh connections, unless cluster.advertise gives them an address: no port has to be open, \
            and who cannot log in to one of these machines cannot join. A worker ends with its connection, also when \
            the coordinator is killed. One that fails is started again after a while; a host where no worker ever \
            came up is given up after five attempts. What the workers print is in job.state, in HOST.log.

            EXAMPLES
              legend-coordinator up cluster.yaml --dry-run      show the ssh commands
              legend-coordinator up cluster.yaml
            """)

    @OptionGroup
    var options: JobOptions

    @Flag(help: "Print the ssh commands and do nothing.")
    var dryRun = false

    func run() async throws {
        let configuration: Configuration
        do {
            configuration = try options.configuration.read()
            try JobOptions.requireHosts(configuration.cluster, in: configuration.source)
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        let cluster = configuration.cluster
        guard dryRun else {
            return try await options.run(startsHosts: true) { try JobDefinition(configuration) }
        }
        // Where the port is chosen at the start it is not known now.
        let endpoint = cluster.reachableEndpoint ?? cluster.listen
        for worker in RemoteWorker.all(cluster, endpoint: endpoint) {
            print(worker.command(token: "TOKEN").map(\.quotedForShell).joined(separator: " "))
        }
    }
}
