internal import ArgumentParser
internal import CommandLineTool
internal import Foundation
internal import Logging
internal import Protocol
internal import Transport
internal import UnixSignals

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a job to its end, or go on with it where it was interrupted.",
        discussion: """
            Listens on cluster.listen for workers. By default it starts one worker on each NUMA node of this machine, \
            with a lane for each core; workers on other machines join with `legend-worker --connect`. What is done is \
            kept in job.state: after Ctrl-C, a crash or a kill, the same command goes on and computes nothing twice.

            With cluster.secret_key and cluster.allowed_keys (see keygen) only workers whose key is allowed can join, and \
            everything between them and the coordinator is encrypted. The file of the allowed keys is read again \
            whenever it changes: a new worker can join at once, one whose line is gone is not listened to any more, and \
            its units go to others. Local workers get a key by themselves.

            EXAMPLES
              legend-coordinator run cluster.yaml
              legend-coordinator run cluster.yaml --local-workers 0     only workers that join from elsewhere
            """)

    @Argument(help: "The job's configuration.", completion: .file(extensions: ["yaml", "yml"]))
    var configuration: String

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

    func run() async throws {
        let console = Console(showsProgress: !quiet)
        var logger = Logger(label: "legend-coordinator") { _ in LogThrottle(ConsoleLogHandler(console)) }
        logger.logLevel = logLevel.level
        let mailbox = Mailbox<CoordinatorEvent>()
        let (definition, service) = try prepare(mailbox, console, logger)
        let signals = Task {
            for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
                mailbox.post(.stop(reason: "\(signal)"))
            }
        }
        defer { signals.cancel() }
        let ending: CoordinatorService.Ending
        do {
            ending = try await service.run()
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure("\(error)")
        }
        switch ending {
        case .stopped(let reason):
            throw Failure("stopped by \(reason) before the job was finished; run the same command to go on with it")
        case .finished(let result):
            let job = definition.configuration.job
            let directionFile = definition.savedDirection == nil ? job.directionOutput : nil
            print(result.text(output: job.output, directionFile: directionFile))
            if result.summary.failedRows > 0 { throw ExitCode(ExitStatus.finishedWithFailedRows.rawValue) }
        }
    }

    /// All that can be wrong before any work is done.
    private func prepare(
        _ mailbox: Mailbox<CoordinatorEvent>, _ console: Console, _ logger: Logger
    ) throws -> (JobDefinition, CoordinatorService) {
        do {
            let definition = try JobDefinition(Configuration(contentsOf: configuration))
            DescriptorLimit.raise()
            try definition.makeOutputFolders()
            // SQLite sorts the prompts in files: where the ledger is there is room for them, in /tmp perhaps not.
            setenv("SQLITE_TMPDIR", definition.configuration.job.state, 0)
            let ledger = try Ledger(folder: definition.configuration.job.state, startsAnew: restart)
            try definition.claim(ledger)
            let service = try CoordinatorService(
                definition, ledger: ledger, localWorkers: localWorkers ?? definition.configuration.cluster.localWorkers,
                mailbox: mailbox, console: console, logger: logger)
            return (definition, service)
        } catch let error as LedgerError {
            throw Failure("\(error)")
        } catch let error as OutputError {
            throw Failure("\(error)")
        } catch {
            throw Failure("\(error)", status: .usage)
        }
    }
}
