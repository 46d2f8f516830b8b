internal import CommandLineTool
internal import Foundation
internal import Logging
internal import Synchronization

/// Starts `legend-worker` processes on this machine and starts anew those that end before the job does.
///
/// Each has one end of a pipe as its standard input; the other end is closed when this process ends, however it does,
/// and then the worker ends too.
final class LocalWorkers: Sendable {
    /// A worker that cannot run, however often it is started.
    struct PermanentFailure: Error, Sendable {
        let reason: String
        let log: String

        /// No other local worker is left.
        let isLastOne: Bool
    }

    private struct Child {
        var process: Process?
        var input: Pipe?
        var quickEndings = 0
        var startedAt = ContinuousClock.now
        var hasFailed = false
    }

    private struct State {
        var children: [Child] = []
        var isStopping = false
    }

    private let count: Int
    private let lanes: Int?
    private let endpoint: String
    private let logFolder: String
    private let logger: Logger
    private let topology = MachineTopology()
    private let failed: @Sendable (PermanentFailure) -> Void
    private let state = Mutex(State())

    /// A worker that ends sooner than this was of no use.
    private static let quick = Duration.seconds(10)
    private static let quickEndingsMax = 5
    private static let restartDelayMax = 30.0

    /// - Parameters:
    ///   - count: nil for one on each NUMA node.
    ///   - lanes: of each worker; nil for its share of the cores.
    ///   - failed: called on any thread.
    init(
        count: Int?, lanes: Int?, endpoint: String, logFolder: String, logger: Logger,
        failed: @escaping @Sendable (PermanentFailure) -> Void
    ) {
        self.count = count ?? topology.workerCount
        self.lanes = lanes
        self.endpoint = endpoint
        self.logFolder = logFolder
        self.logger = logger
        self.failed = failed
    }

    /// Starts all workers; nothing when they were started before.
    ///
    /// - Throws: `Failure` where the program is not found or cannot be started.
    func start() throws {
        let isFirst = state.withLock { state in
            defer { if state.children.isEmpty { state.children = Array(repeating: Child(), count: count) } }
            return state.children.isEmpty
        }
        guard isFirst, count > 0 else { return }
        logger.info("starting local workers", metadata: ["workers": "\(count)", "logs": "\(logFolder)/worker-*.log"])
        for index in 0..<count { try launch(index) }
    }

    /// Ends all workers: those of a finished job end by themselves, others give their units back and leave.
    func stop(isFinished: Bool) async {
        let children = state.withLock { state in
            state.isStopping = true
            return state.children.map { ($0.process, $0.input) }
        }
        for (process, input) in children {
            guard let process, process.isRunning else { continue }
            if !isFinished { try? input?.fileHandleForWriting.close() }
            if await !process.ends(within: .seconds(10)) {
                kill(process.processIdentifier, SIGKILL)
                _ = await process.ends(within: .seconds(10))
            }
        }
    }

    private func launch(_ index: Int) throws {
        let (process, input) = try makeProcess(index)
        process.terminationHandler = { [weak self] in self?.ended(index, $0) }
        try state.withLock { state in
            guard !state.isStopping else { return }
            state.children[index].process = process
            state.children[index].input = input
            state.children[index].startedAt = .now
            do {
                try process.run()
            } catch {
                throw Failure("cannot start \(process.executableURL?.path ?? ""): \(error.localizedDescription)")
            }
        }
    }

    private func makeProcess(_ index: Int) throws -> (Process, Pipe) {
        let process = Process()
        let input = Pipe()
        let log = logPath(index)
        let descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure("cannot write \(log): \(String(cString: strerror(errno)))") }
        let output = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let command = [
            try Self.program(), "--connect", endpoint, "--name", "local-\(index + 1)", "--lanes", "\(lanesEach)",
            "--exit-with-parent",
        ]
        let binding = topology.binding(ofWorker: index, of: count)
        process.executableURL = URL(filePath: (binding + command)[0])
        process.arguments = Array((binding + command).dropFirst())
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        return (process, input)
    }

    private var lanesEach: Int { lanes ?? max(1, topology.coreCount / count) }

    private func logPath(_ index: Int) -> String { "\(logFolder)/worker-\(index + 1).log" }

    /// `legend-worker` beside this program, or in the `PATH`.
    private static func program() throws -> String {
        let own = URL(filePath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "")
        let folders =
            [own.deletingLastPathComponent().path]
            + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let candidates = folders.map { "\($0)/legend-worker" }
        guard let path = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw Failure("legend-worker is neither beside this program (\(own.path)) nor in the PATH", status: .usage)
        }
        return path
    }

    private func ended(_ index: Int, _ process: Process) {
        let isSignal = process.terminationReason == .uncaughtSignal
        let cause = isSignal ? "signal \(process.terminationStatus)" : "exit status \(process.terminationStatus)"
        let (delay, failure) = state.withLock { state -> (Double?, PermanentFailure?) in
            state.children[index].process = nil
            guard !state.isStopping, isSignal || process.terminationStatus != 0 else { return (nil, nil) }
            let wasQuick = ContinuousClock.now - state.children[index].startedAt < Self.quick
            state.children[index].quickEndings = wasQuick ? state.children[index].quickEndings + 1 : 0
            let endings = state.children[index].quickEndings
            let isUsage = !isSignal && process.terminationStatus == ExitStatus.usage.rawValue
            guard isUsage || endings >= Self.quickEndingsMax else {
                return (min(Double(1 << endings) / 2, Self.restartDelayMax), nil)
            }
            state.children[index].hasFailed = true
            let reason = lastError(index) ?? "it ended with \(cause)"
            let isLastOne = state.children.allSatisfy(\.hasFailed)
            return (nil, PermanentFailure(reason: reason, log: logPath(index), isLastOne: isLastOne))
        }
        if let failure { failed(failure) }
        guard let delay else { return }
        logger.warning(
            "a local worker ended; it is started again",
            metadata: ["worker": "local-\(index + 1)", "cause": "\(cause)", "seconds": "\(delay)"])
        DispatchQueue.global().asyncAfter(deadline: .now() + delay) { [self] in
            do {
                try launch(index)
            } catch {
                failed(PermanentFailure(reason: "\(error)", log: logPath(index), isLastOne: true))
            }
        }
    }

    /// What the worker said last of why it ended.
    private func lastError(_ index: Int) -> String? {
        let text = try? String(contentsOfFile: logPath(index), encoding: .utf8)
        guard let range = text?.range(of: "error: ", options: .backwards), let text else { return nil }
        return text[range.upperBound...].trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension Process {
    /// Waits for the process's end; false where the time is over before.
    fileprivate func ends(within limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while isRunning {
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return true
    }
}
