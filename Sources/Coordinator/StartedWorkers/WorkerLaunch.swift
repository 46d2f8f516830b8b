internal import Transport

/// A worker that the coordinator starts and keeps running.
struct WorkerLaunch: Sendable {
    /// Of the worker in logs and status.
    let name: String

    /// A file that its standard output and error are appended to.
    let log: String

    /// Where it runs; nil: on this machine.
    let host: String?

    /// What it reads from its standard input with `--key -`, where the coordinator asks for keys: so nobody sees them in
    /// a command line, an environment or a file.
    let keys: ClientKeys?

    /// The program, found in the `PATH` where it has no slash, and its arguments; made for each start.
    let command: @Sendable () -> [String]
}
