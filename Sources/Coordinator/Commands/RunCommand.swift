internal import ArgumentParser

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a job to its end, or go on with it where it was interrupted.",
        discussion: """
            Listens on cluster.listen for workers. By default it starts one worker on each NUMA node of this machine, \
            with a lane for each core; workers on other machines join with `legend-worker --connect`, or are started by \
            `legend-coordinator up`. What is done is kept in job.state: after Ctrl-C, a crash or a kill, the same \
            command goes on and computes nothing twice.

            With cluster.secret_key and cluster.allowed_keys (see keygen) only workers whose key is allowed can join, and \
            everything between them and the coordinator is encrypted. The file of the allowed keys is read again \
            whenever it changes: a new worker can join at once, one whose line is gone is not listened to any more, and \
            its units go to others. Workers that the coordinator starts get a key by themselves.

            Workers that it starts have its niceness, processors (taskset, cgroups) and limits, and end with it.

            EXAMPLES
              legend-coordinator run cluster.yaml
              legend-coordinator run cluster.yaml --local-workers 0     only workers that join from elsewhere

            EXIT STATUS
              0 all rows are annotated (or dropped by margin.negative); 3 finished, and some rows have an error; 2 \
            the command line, the configuration or a file that it names must be changed; 1 else: a disk, a lock or a network \
            failed, or the job was stopped, and the same command goes on with it.
            """)

    @OptionGroup
    var options: JobOptions

    func run() async throws {
        try await options.run(startsHosts: false) { try JobDefinition(options.configuration.read()) }
    }
}
