internal import ArgumentParser
internal import CommandLineTool
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Logging
internal import Monitoring
internal import Protocol
internal import Reports
internal import Transport
internal import UnixSignals

/// How a job is run: what `run` and `up` have in common.
struct JobOptions: ParsableArguments {
    @OptionGroup
    var configuration: ConfigurationOptions

    @Option(help: "Workers to start on this machine (default: cluster.local_workers, or one for each NUMA node).")
    var localWorkers: Int?

    @Flag(help: "Forget what an earlier run of this job has done, and begin anew.")
    var restart = false

    @Flag(help: "Print no progress, only log lines and the result.")
    var quiet = false

    @Option(help: "The least severe messages to print.")
    var logLevel: LogLevel = .info

    func validate() throws {
        if let localWorkers, !(0...1024).contains(localWorkers) {
            throw ValidationError("--local-workers: expected a number from 0 to 1024, found \(localWorkers)")
        }
    }

    /// - Parameter source: of the configuration, for the message.
    /// - Throws: `ConfigurationError` where workers are to be started on other machines and none is named.
    static func requireHosts(_ cluster: Configuration.Cluster, in source: String) throws(ConfigurationError) {
        guard cluster.hosts.isEmpty else { return }
        throw ConfigurationError(problems: [
            "\(source): cluster.hosts is empty: list the machines to start workers on"
        ])
    }

    /// Runs the job to its end.
    ///
    /// - Parameters:
    ///   - startsHosts: whether workers are started on `cluster.hosts`.
    ///   - prepared: what the job is.
    func run(startsHosts: Bool, _ prepared: () throws -> any PreparedJob) async throws {
        let console = Console(showsProgress: !quiet)
        var logger = Logger(label: "legend-coordinator") { _ in LogThrottle(ConsoleLogHandler(console)) }
        logger.logLevel = logLevel.level
        let mailbox = Mailbox<CoordinatorEvent>()
        let (state, service) = try prepare(startsHosts: startsHosts, prepared, mailbox, console, logger)
        let signals = Task {
            for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                mailbox.post(.stop(reason: "\(signal)"))
            }
        }
        defer { signals.cancel() }
        let ending: CoordinatorService.Ending
        do {
            ending = try await service.run()
        } catch {
            throw Failure(ending: error, state: state)
        }
        switch ending {
        case .stopped(let reason):
            throw Failure("stopped by \(reason) before the job was finished; run the same command to go on with it")
        case .finished(let result):
            print(result.text)
            if result.failedRows > 0 { throw ExitCode(ExitStatus.finishedWithFailedRows.rawValue) }
        }
    }

    /// All that can be wrong before any work is done.
    private func prepare(
        startsHosts: Bool, _ prepared: () throws -> any PreparedJob, _ mailbox: Mailbox<CoordinatorEvent>,
        _ console: Console, _ logger: Logger
    ) throws -> (state: String, CoordinatorService) {
        let definition: any PreparedJob
        do {
            definition = try prepared()
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        let state = definition.state
        do {
            DescriptorLimit.raise()
            try definition.makeOutputFolders()
            // SQLite sorts the prompts in files: where the ledger is there is room for them, in /tmp perhaps not.
            setenv("SQLITE_TMPDIR", state, 0)
            let ledger = try Ledger(folder: state, startsAnew: restart)
            let job = try definition.job(ledger)
            let service = try CoordinatorService(
                job, ledger: ledger, localWorkers: localWorkers ?? job.cluster.localWorkers, startsHosts: startsHosts,
                mailbox: mailbox, console: console, logger: logger)
            return (state, service)
        } catch {
            throw Failure(ending: error, state: state)
        }
    }
}
