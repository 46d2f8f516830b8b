internal import CommandLineTool
internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import Logging
internal import Synchronization
internal import Transport

/// Starts `legend-worker` processes, here and over ssh, and starts anew those that fail before the job ends.
///
/// Each has one end of a pipe as its standard input; the other end is closed when this process ends, however it does,
/// and then the worker ends too.
final class WorkerSupervisor: Sendable {
    /// A worker that cannot run, however often it is started.
    struct PermanentFailure: Error, Sendable {
        let worker: String
        let reason: String
        let log: String

        /// Whether it said that a person must change something.
        let isOfConfiguration: Bool

        /// No other worker that was started is left.
        let isLastOne: Bool
    }

    private struct Child {
        var process: ChildProcess?
        /// Starts in a row after which it never became ready. What ends it later is for the scheduler to judge.
        var failedStarts = 0
        var wasEverReady = false
        var hasFailed = false

        /// Bytes of the log before this start.
        var logStart: UInt64 = 0
    }

    private struct State {
        var children: [Child] = []
        var isStopping = false
    }

    private let launches: [WorkerLaunch]
    private let logger: Logger
    private let failed: @Sendable (PermanentFailure) -> Void
    private let state = Mutex(State())

    /// How long workers have to end by themselves.
    private static let farewell = Duration.seconds(10)

    /// - Parameter failed: called on any thread.
    init(_ launches: [WorkerLaunch], logger: Logger, failed: @escaping @Sendable (PermanentFailure) -> Void) {
        self.launches = launches
        self.logger = logger
        self.failed = failed
    }

    /// Starts all workers; nothing when they were started before.
    ///
    /// - Throws: `Problem` where one cannot be started.
    func start() throws {
        let isFirst = state.withLock { state in
            defer { if state.children.isEmpty { state.children = launches.map { _ in Child() } } }
            return state.children.isEmpty
        }
        guard isFirst, let first = launches.first else { return }
        let folder = URL(filePath: first.log).deletingLastPathComponent().path
        let local = launches.count { $0.host == nil }
        if local > 0 {
            logger.info("starting local workers", metadata: ["workers": "\(local)", "logs": "\(folder)/worker-*.log"])
        }
        if local < launches.count {
            let hosts = launches.compactMap(\.host).reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
            logger.info(
                "starting workers over ssh",
                metadata: [
                    "workers": "\(launches.count - local)", "hosts": "\(hosts.joined(separator: " "))",
                    "logs": "\(folder)/HOST.log",
                ])
        }
        for index in launches.indices { try launch(index) }
    }

    /// Ends all workers: those of a finished job end by themselves, others when their standard input is closed.
    func stop(isFinished: Bool) async {
        let children = state.withLock { state in
            state.isStopping = true
            return zip(launches, state.children).map { $0 }
        }
        for (launch, child) in children where !isFinished || child.failedStarts > 0 {
            // One that is not ready yet does not know that the job is finished; an ssh that connects hears nothing.
            if isFinished, launch.host != nil { child.process?.kill() } else { child.process?.closeInput() }
        }
        let processes = children.compactMap(\.1.process)
        let deadline = ContinuousClock.now + Self.farewell
        for process in processes where await !process.ends(within: deadline - .now) { process.kill() }
        for process in processes { _ = await process.ends(within: Self.farewell) }
    }

    /// The worker of that name, which may be none of ours, has its model in memory.
    func becameReady(_ name: String) {
        state.withLock { state in
            for index in state.children.indices where launches[index].name == name {
                state.children[index].failedStarts = 0
                state.children[index].wasEverReady = true
            }
        }
    }

    private func launch(_ index: Int) throws {
        let launch = launches[index]
        let command = launch.command()
        try state.withLock { state in
            guard !state.isStopping else { return }
            state.children[index].failedStarts += 1
            state.children[index].logStart = logSize(index)
            do {
                // Ctrl-C is for the coordinator: it tells ssh what to do.
                state.children[index].process = try ChildProcess(
                    command, log: launch.log,
                    input: launch.keys.map { KeyFile.text(ofWorker: launch.name, $0) + "\n" } ?? "",
                    isInOwnGroup: launch.host != nil
                ) { [weak self] in self?.ended(index, $0) }
            } catch {
                throw Problem("cannot start \(command[0]): \(error)")
            }
        }
    }

    private func ended(_ index: Int, _ ending: ChildProcess.Ending) {
        let child = state.withLock { state -> Child? in
            state.children[index].process = nil
            return state.isStopping ? nil : state.children[index]
        }
        guard let child, ending != .exit(status: ExitStatus.success.rawValue) else { return }
        let launch = launches[index]
        let reason = reason(of: ending, launch, logStart: child.logStart)
        let verdict = RestartPolicy.verdict(
            on: ending, failedStarts: child.failedStarts, wasEverReady: child.wasEverReady, isRemote: launch.host != nil
        )
        guard case .restart(let delay) = verdict else {
            return giveUp(
                index, reason, isOfConfiguration: RestartPolicy.isUsage(ending, isRemote: launch.host != nil))
        }
        logger.warning(
            "a worker ended; it is started again",
            metadata: ["worker": "\(launch.name)", "cause": "\(reason)", "seconds": "\(delay)"])
        DispatchQueue.global().asyncAfter(deadline: .now() + delay) { [self] in
            do {
                try self.launch(index)
            } catch {
                giveUp(index, "\(error)", isOfConfiguration: false)
            }
        }
    }

    private func giveUp(_ index: Int, _ reason: String, isOfConfiguration: Bool) {
        let isLastOne = state.withLock { state in
            state.children[index].hasFailed = true
            return state.children.allSatisfy(\.hasFailed)
        }
        let launch = launches[index]
        failed(
            PermanentFailure(
                worker: launch.name, reason: reason, log: launch.log, isOfConfiguration: isOfConfiguration,
                isLastOne: isLastOne))
    }

    /// One that was killed could say nothing; ssh and a shell say what they have to say in their last line.
    private func reason(of ending: ChildProcess.Ending, _ launch: WorkerLaunch, logStart: UInt64) -> String {
        switch ending {
        case .signal(let signal): return "signal \(signal)"
        case .exit(let status):
            let said = text(ofLog: launch.log, from: logStart)
            if let range = said.range(of: "error: ", options: .backwards) { return String(said[range.upperBound...]) }
            if launch.host != nil, let line = said.split(separator: "\n").last {
                let isMissing = RestartPolicy.commandMissing.contains(status)
                return "\(line)" + (isMissing ? " (cluster.hosts: command says what to run there)" : "")
            }
            return "exit status \(status)"
        }
    }

    private func logSize(_ index: Int) -> UInt64 {
        FileStatus(path: launches[index].log)?.byteCount ?? 0
    }

    private func text(ofLog path: String, from start: UInt64) -> String {
        guard let file = FileHandle(forReadingAtPath: path), (try? file.seek(toOffset: start)) != nil,
            let data = try? file.readToEnd()
        else { return "" }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
