internal import ArgumentParser
internal import CommandLineTool
internal import Foundation
internal import JobConfiguration
internal import Logging
internal import Protocol
internal import Transport
internal import UnixSignals

struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Join a coordinator and compute its units of work until the job ends (the default).",
        discussion: """
            It waits for a coordinator that is not there yet, as long as --give-up-after says (by default for ever), and \
            for one that is being restarted: without a word of it for half an hour, or --give-up-after, it gives up. \
            What it finds at the address is logged, at first often, then less and less. Ctrl-C or SIGTERM: finishes what \
            it computes, gives back the rest, and leaves; a second time: gives back everything at once.

            EXAMPLES
              On the coordinator's machine, with its configuration:
                legend-worker cluster.yaml
              On another machine, with a key of `legend-coordinator keygen`; the model comes from the coordinator:
                legend-worker --connect tcp://10.0.0.5:5711 --key worker.key
              On one that has a copy of it:
                legend-worker --connect tcp://10.0.0.5:5711 --key worker.key --model ~/models/model.gguf
              In a batch system that ends it in an hour:
                legend-worker --connect tcp://10.0.0.5:5711 --key worker.key --deadline 3600

            THE MODEL
              A GGUF file, all parts of a split one, or a Hugging Face folder. \
            Taken from the first of: --model; the path in the coordinator's configuration, and models/NAME, where this \
            machine has the job's model there; the cache; the coordinator, which keeps it in the cache. The workers of a \
            machine download it once; a download that is interrupted goes on where it was.

            EXIT STATUS
              0 the job is finished, or the worker was asked to stop; 2 usage, the model cannot be used, refused by the \
            coordinator, or one of another release; 1 else, among it no coordinator for --give-up-after, and a full disk. \
            (A key that is not allowed is tried again and again: it may be, later.)
            """)

    @Argument(
        help: "The job's configuration; the worker connects to its cluster.listen.",
        completion: .file(extensions: ["yaml", "yml"]))
    var configuration: String?

    @OptionGroup
    var replacements: ConfigurationReplacements

    @Option(
        help: ArgumentHelp(
            "The coordinator's address, or ipc:///path of a socket that is forwarded to it.",
            valueName: "tcp://host:port"))
    var connect: String?

    @Option(
        help: """
            A key file, where the coordinator asks for keys (default: cluster.secret_key of the configuration); - reads it \
            from standard input, up to an empty line.
            """,
        completion: .file())
    var key: String?

    @Option(
        help: "The model: a GGUF file, any part of a split one, or a Hugging Face folder; no other is looked for.",
        completion: .file())
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Where downloaded models are kept (default: $LEGEND_CACHE, or $XDG_CACHE_HOME/legend, or ~/.cache/legend).",
            valueName: "folder"),
        completion: .directory)
    var cache: String?

    @Option(help: "Units computed at a time, one thread each (default: one for each core that this process may use).")
    var lanes: Int?

    @Option(help: "A name for logs and status, unique in the cluster (default: host and process id).")
    var name: String?

    @Option(help: ArgumentHelp("Seconds to finish units in after SIGTERM.", valueName: "seconds"))
    var drainLimit: Int = 120

    @Option(
        help: ArgumentHelp(
            """
            Be gone by then: seconds from now, @ and seconds of Unix time, or an ISO 8601 time. Takes no more units the \
            drain limit before (of a short time, half of it), and is gone some seconds early.
            """, valueName: "time"))
    var deadline: Deadline?

    @Option(
        help: ArgumentHelp(
            """
            Give up after so long without a coordinator; 0 or never: wait for ever (default: never for one that was not \
            there yet, 1800 for one that was).
            """, valueName: "seconds"))
    var giveUpAfter: Patience?

    @Option(
        help: ArgumentHelp(
            "A file to touch every few seconds while all is well, for a supervisor to look at its age.",
            valueName: "file"), completion: .file())
    var alive: String?

    @Option(help: "The least severe messages to print.")
    var logLevel: LogLevel = .info

    @Flag(help: .hidden)
    var exitWithParent = false

    func validate() throws {
        if (configuration == nil) == (connect == nil) {
            throw ValidationError("give either a configuration file or --connect tcp://host:port")
        }
        try replacements.validate(configuration: configuration)
        if let lanes, !(1...1024).contains(lanes) {
            throw ValidationError("--lanes: expected a number from 1 to 1024, found \(lanes)")
        }
        if let connect, connect.wholeMatch(of: #/tcp://.+:[0-9]+|ipc://.+/#) == nil {
            throw ValidationError("--connect: expected tcp://host:port or ipc:///path, found \(connect)")
        }
        if !(0...86_400).contains(drainLimit) {
            throw ValidationError("--drain-limit: expected a number from 0 to 86400, found \(drainLimit)")
        }
        let nameBytesMax = WorkerMessage.Hello.nameBytesMax
        if let name, name.isEmpty || name.utf8.count > nameBytesMax || name.hasControlCharacters {
            throw ValidationError(
                "--name: expected 1 to \(nameBytesMax) bytes without control characters, found \(name.debugDescription)"
            )
        }
        if cache?.isEmpty == true { throw ValidationError("--cache: expected a folder, found nothing") }
    }

    func run() async throws {
        var logger = Logger(label: "legend-worker") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = logLevel.level
        let endpoint: String
        let keys: ClientKeys?
        var lanes = lanes
        do {
            (endpoint, keys, lanes) = try settings()
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        let host = ProcessInfo.processInfo.hostName
        let process = ProcessInfo.processInfo.processIdentifier
        let identity = Session.Identity(
            worker: name ?? "\(host)-\(process)", epoch: UInt64(Date().timeIntervalSince1970 * 1e9), host: host,
            processID: UInt32(process), lanes: lanes ?? ProcessorCount.available,
            preferences: NumericPreference.measured(logger))
        let mailbox = Mailbox<WorkerEvent>()
        let schedule = deadline?.schedule(drainLimit: .seconds(drainLimit), at: Date())
        let options = WorkerService.Options(
            endpoint: endpoint, keys: keys, identity: identity, model: model,
            cache: ModelCache(
                option: cache, environment: ProcessInfo.processInfo.environment, home: NSHomeDirectory()),
            drainLimit: schedule?.drainLimit ?? .seconds(drainLimit), patience: giveUpAfter,
            alive: alive)
        let service: WorkerService
        do {
            service = try WorkerService(options, mailbox: mailbox, logger: logger)
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        let signals = Task { await Self.forwardSignals(to: mailbox) }
        let timer = schedule.map { schedule in
            Task {
                try await Task.sleep(for: schedule.untilDrain)
                mailbox.post(.session(.drain(reason: "its deadline is near")))
            }
        }
        defer { timer?.cancel() }
        if exitWithParent { Self.watchParent(mailbox) }
        let ending = try await service.run()
        signals.cancel()
        try Self.report(ending, of: service, logger)
    }

    private func settings() throws -> (endpoint: String, keys: ClientKeys?, lanes: Int?) {
        if let connect { return (connect, try key.map(KeyFile.client), lanes) }
        let address = try CoordinatorAddress(contentsOf: configuration ?? "", overrides: replacements.overrides)
        let keys = try (key ?? address.cluster.keys?.secretKey).map(KeyFile.client)
        return (address.endpoint, keys, lanes ?? address.cluster.lanes)
    }

    private static func forwardSignals(to mailbox: Mailbox<WorkerEvent>) async {
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint) {
            mailbox.post(.session(.drain(reason: "\(signal)")))
        }
    }

    /// How long a worker without its coordinator may take to end.
    private static let orphanSeconds = 15.0

    /// The coordinator holds the other end of our standard input; it is closed when the coordinator ends, however.
    private static func watchParent(_ mailbox: Mailbox<WorkerEvent>) {
        Thread {
            while let data = try? FileHandle.standardInput.read(upToCount: 1), !data.isEmpty {}
            // Twice: nobody is there who would take a result.
            mailbox.post(.session(.drain(reason: "the coordinator ended")))
            mailbox.post(.session(.drain(reason: "the coordinator ended")))
            // Whatever hangs, nobody is there to kill this process.
            Thread.sleep(forTimeInterval: Self.orphanSeconds)
            StandardError.write("error: the coordinator ended, and this worker does not come to its own end\n")
            _exit(ExitStatus.failure.rawValue)
        }.start()
    }

    private static func report(_ ending: Session.Ending, of service: WorkerService, _ logger: Logger) throws {
        switch ending {
        case .jobFinished(let summary): logger.info("the job is finished", metadata: ["summary": "\(summary)"])
        case .drained(let reason): logger.info("stopped", metadata: ["reason": "\(reason)"])
        case .refused(let reason): throw Failure("the coordinator refused this worker: \(reason)", status: .usage)
        case .unusable(let reason): throw Failure(reason, status: .usage)
        case .failed(let reason): throw Failure(reason)
        case .gaveUp(let seconds):
            throw Failure("no coordinator for \(seconds) s (--give-up-after): \(service.lastFinding)")
        }
    }
}
