internal import CommandLineTool
internal import Foundation
internal import Logging
internal import Synchronization
internal import Transport

/// Starts `legend-worker` processes on this machine and starts anew those that fail before the job ends.
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
        var process: ChildProcess?
        /// Starts in a row after which it never became ready. What ends it later is for the scheduler to judge.
        var failedStarts = 0
        var hasFailed = false

        /// Bytes of the log before this start.
        var logStart: UInt64 = 0
    }

    private struct State {
        var children: [Child] = []
        var isStopping = false
    }

    private let count: Int
    private let lanes: Int?
    private let endpoint: String
    private let keys: ClientKeys?
    private let folder: String
    private let logger: Logger
    private let topology = MachineTopology()
    private let failed: @Sendable (PermanentFailure) -> Void
    private let state = Mutex(State())

    private static let failedStartsMax = 5
    private static let restartDelayMax = 30.0

    /// - Parameters:
    ///   - count: nil for one on each NUMA node.
    ///   - lanes: of each worker; nil for its share of the cores.
    ///   - keys: theirs, where the coordinator asks for keys; they read them from a file in `folder`.
    ///   - folder: for their logs, too.
    ///   - failed: called on any thread.
    init(
        count: Int?, lanes: Int?, endpoint: String, keys: ClientKeys?, folder: String, logger: Logger,
        failed: @escaping @Sendable (PermanentFailure) -> Void
    ) {
        self.count = count ?? topology.workerCount
        self.lanes = lanes
        self.endpoint = endpoint
        self.keys = keys
        self.folder = folder
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
        if let keys {
            do {
                try KeyFile.replace(keyPath, worker: "local", keys)
            } catch {
                throw Failure("\(error)")
            }
        }
        logger.info("starting local workers", metadata: ["workers": "\(count)", "logs": "\(folder)/worker-*.log"])
        for index in 0..<count { try launch(index) }
    }

    /// Ends all workers: those of a finished job end by themselves, others when their standard input is closed.
    func stop(isFinished: Bool) async {
        let processes = state.withLock { state in
            state.isStopping = true
            return state.children.compactMap(\.process)
        }
        if !isFinished { processes.forEach { $0.closeInput() } }
        for process in processes where await !process.ends(within: .seconds(10)) {
            process.kill()
            _ = await process.ends(within: .seconds(10))
        }
    }

    /// The worker of that name, which may be none of ours, has its model in memory.
    func becameReady(_ name: String) {
        state.withLock { state in
            for index in state.children.indices where Self.name(index) == name {
                state.children[index].failedStarts = 0
            }
        }
    }

    private static func name(_ index: Int) -> String { "local-\(index + 1)" }

    private func launch(_ index: Int) throws {
        let binding = topology.binding(ofWorker: index, of: count)
        let command =
            [
                try Self.program(), "--connect", endpoint, "--name", Self.name(index), "--lanes", "\(lanesEach)",
                "--exit-with-parent",
            ] + (keys == nil ? [] : ["--key", keyPath])
        try state.withLock { state in
            guard !state.isStopping else { return }
            state.children[index].failedStarts += 1
            state.children[index].logStart = logSize(index)
            do {
                state.children[index].process = try ChildProcess(binding + command, log: logPath(index)) {
                    [weak self] in
                    self?.ended(index, $0)
                }
            } catch {
                throw Failure("cannot start \((binding + command)[0]): \(error)")
            }
        }
    }

    private var lanesEach: Int { lanes ?? max(1, topology.coreCount / count) }

    private var keyPath: String { "\(folder)/local-worker.key" }

    private func logPath(_ index: Int) -> String { "\(folder)/worker-\(index + 1).log" }

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

    private func ended(_ index: Int, _ ending: ChildProcess.Ending) {
        let cause =
            switch ending {
            case .exit(let status): "exit status \(status)"
            case .signal(let signal): "signal \(signal)"
            }
        let (delay, failure) = state.withLock { state -> (Double?, PermanentFailure?) in
            state.children[index].process = nil
            guard !state.isStopping, ending != .exit(status: ExitStatus.success.rawValue) else { return (nil, nil) }
            let starts = state.children[index].failedStarts
            guard ending == .exit(status: ExitStatus.usage.rawValue) || starts >= Self.failedStartsMax else {
                return (min(Double(1 << starts) / 2, Self.restartDelayMax), nil)
            }
            state.children[index].hasFailed = true
            // One that was killed could say nothing.
            let said: String? =
                if case .exit = ending { lastError(index, from: state.children[index].logStart) } else { nil }
            let reason = said ?? "it ended with \(cause)"
            let isLastOne = state.children.allSatisfy(\.hasFailed)
            return (nil, PermanentFailure(reason: reason, log: logPath(index), isLastOne: isLastOne))
        }
        if let failure { failed(failure) }
        guard let delay else { return }
        logger.warning(
            "a local worker ended; it is started again",
            metadata: ["worker": "\(Self.name(index))", "cause": "\(cause)", "seconds": "\(delay)"])
        DispatchQueue.global().asyncAfter(deadline: .now() + delay) { [self] in
            do {
                try launch(index)
            } catch {
                failed(PermanentFailure(reason: "\(error)", log: logPath(index), isLastOne: true))
            }
        }
    }

    private func logSize(_ index: Int) -> UInt64 {
        var status = stat()
        return stat(logPath(index), &status) == 0 ? UInt64(status.st_size) : 0
    }

    /// What the worker said last of why it ended, since that place of its log.
    private func lastError(_ index: Int, from start: UInt64) -> String? {
        guard let file = FileHandle(forReadingAtPath: logPath(index)), (try? file.seek(toOffset: start)) != nil,
            let data = try? file.readToEnd()
        else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        guard let range = text.range(of: "error: ", options: .backwards) else { return nil }
        return text[range.upperBound...].trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
