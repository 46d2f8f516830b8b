import Foundation
import Synchronization
import TestEnvironment
import Testing

/// A keyed coordinator and workers that reach it through a relay; whoever ends is started again, until the job ends.
final class ChaosCluster: Sendable {
    enum Role: Hashable, CustomStringConvertible {
        case coordinator
        case worker(Int)

        var description: String {
            switch self {
            case .coordinator: "coordinator"
            case .worker(let number): "worker-\(number)"
            }
        }
    }

    private struct State {
        var isOver = false
        var started: [(role: Role, program: RunningProgram)] = []
        var committed: [LedgerView.Result] = []
        var violations: [String] = []
    }

    private let folder: JobFolder
    private let port: UInt16
    private let relay: StallingRelay
    /// nil where this process may not mount one.
    private let disk: SmallDisk?
    private let state = Mutex(State())

    init() async throws {
        folder = try JobFolder()
        disk = SmallDisk.isAvailable ? try SmallDisk(under: folder) : nil
        port = try FreePort().number
        relay = try StallingRelay(to: port)
        try folder.configure(
            embedding: UndisturbedRun.shallow.embedding,
            cluster: """
                {listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 256, \(JobFolder.Timing.alert),
                attempts: 100, secret_key: keys/coordinator.key, allowed_keys: keys/allowed.keys}
                """)
        try await keygen(folder.path("keys"))
        let allowed = try Data(contentsOf: URL(filePath: folder.path("keys/allowed.keys")))
        try await keygen("--worker", "stranger", folder.path("keys"))
        try allowed.write(to: URL(filePath: folder.path("keys/allowed.keys")))
        try await keygen(folder.path("foreign"))
    }

    private func keygen(_ arguments: String...) async throws {
        let program = try RunningProgram(Programs.coordinator, ["keygen"] + arguments)
        guard await program.exit().status == 0 else { throw ChaosError("keygen: \(program.errors)") }
    }

    /// What must not happen, and did.
    var violations: [String] { state.withLock { $0.violations } }
    var committed: [LedgerView.Result] { state.withLock { $0.committed } }
    var output: Data { get throws { try folder.output } }

    /// How often which process was started.
    var starts: String {
        let roles = state.withLock { $0.started.map(\.role.description) }
        return Dictionary(grouping: roles, by: \.self).sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value.count)x" }.joined(separator: ", ")
    }

    /// The ends of everything that was printed, in the order of the starts.
    var logs: String {
        state.withLock { $0.started }.map { role, program in
            let lines = (program.errors + program.output).split(separator: "\n").suffix(25)
            return "--- \(role), process \(program.processID), \(program.hasEnded ? "ended" : "running")\n"
                + lines.joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// Runs the job to its end, for which it has a test's patience, while the plan's faults happen.
    func run(_ plan: ChaosPlan) async throws {
        let watchdog = Task {
            try await Patience.end()
            report("the job, or a process of it, does not end")
            end(SIGKILL)
        }
        defer { watchdog.cancel() }
        try await withThrowingTaskGroup { group in
            group.addTask { try await self.keepRunning(.coordinator) }
            for number in 0..<plan.workers { group.addTask { try await self.keepRunning(.worker(number)) } }
            group.addTask { try await self.watchLedger() }
            group.addTask { try await self.inflict(plan) }
            try await group.waitForAll()
        }
        let now = try LedgerView(folder: folder.path("out.state")).results()
        compare(now)
        for (role, program) in state.withLock({ $0.started }) where role == .coordinator {
            if program.errors.contains("stranger") { report("a stranger was let in") }
        }
    }

    private func report(_ violation: String) { state.withLock { $0.violations.append(violation) } }

    private var isOver: Bool { state.withLock { $0.isOver } }

    /// Starts nothing any more, and asks everything that still runs to end.
    private func end(_ signal: Int32) {
        let programs = state.withLock { state in
            state.isOver = true
            return state.started.map(\.program)
        }
        for program in programs {
            program.kill(SIGCONT)
            program.kill(signal)
        }
    }
}

struct ChaosError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

// MARK: - Starting everything again

extension ChaosCluster {
    /// As an init system does.
    private static let restartDelay = Duration.milliseconds(100)

    private func keepRunning(_ role: Role) async throws {
        while let program = try start(role) {
            let exit = await program.exit()
            judge(exit, of: program, role)
            if role == .coordinator, exit == .init(status: 0, isSignal: false) { return end(SIGTERM) }
            try await Task.sleep(for: Self.restartDelay)
        }
    }

    /// Returns nil once the job has ended.
    private func start(_ role: Role) throws -> RunningProgram? {
        try state.withLock { state in
            guard !state.isOver else { return nil }
            let program =
                switch role {
                case .coordinator: try folder.start(workers: 0)
                case .worker: try worker(named: "\(role)", key: "keys/worker.key")
                }
            state.started.append((role, program))
            return program
        }
    }

    private func worker(named name: String, key: String?) throws -> RunningProgram {
        try RunningProgram(
            Programs.worker,
            [
                "--connect", "tcp://127.0.0.1:\(relay.port)", "--model", Programs.model, "--lanes", "1", "--name", name,
                // Who is stopped while nobody takes its results waits that long.
                "--drain-limit", "5",
            ]
                + (key.map { ["--key", folder.path($0)] } ?? []))
    }

    /// Processes end because they are killed, asked to or done; the coordinator also because its disk is full, and says so.
    private func judge(_ exit: RunningProgram.Exit, of program: RunningProgram, _ role: Role) {
        if exit.isSignal, [SIGKILL, SIGTERM].contains(exit.status) { return }
        if !exit.isSignal, exit.status == 0 { return }
        if role == .coordinator, !exit.isSignal, exit.status == 1 {
            let reason = program.errors.split(separator: "\n").last ?? ""
            if reason.contains("run the same command to go on with it") { return }
            if disk != nil, reason.contains("disk is full") || reason.contains("No space left on device") { return }
        }
        report("\(role), process \(program.processID), ended with \(exit)")
    }

    private func running(_ role: Role) -> RunningProgram? {
        state.withLock { $0.started.last { $0.role == role }?.program }
    }
}

// MARK: - What is committed

extension ChaosCluster {
    /// Looks again and again, until the job ends.
    private func watchLedger() async throws {
        while !isOver {
            compare(try folder.results)
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// What was committed once stays as it was.
    private func compare(_ now: [LedgerView.Result]) {
        // None: the ledger cannot be read at this moment, which the last look at it does not forgive.
        guard !now.isEmpty else { return }
        let lost = Set(committed).subtracting(now)
        if !lost.isEmpty { report("committed before, and not any more: \(lost)") }
        state.withLock { $0.committed = now }
    }
}

// MARK: - Faults

extension ChaosCluster {
    private func inflict(_ plan: ChaosPlan) async throws {
        let units = try await UndisturbedRun.shallow.results.count
        try await withThrowingTaskGroup { group in
            for moment in plan.moments {
                let goal = Int(moment.progress * Double(units))
                _ = try await eventually { isOver || committed.count >= goal }
                try await Task.sleep(for: moment.delay)
                guard !isOver else { break }
                // The next one does not wait until this one is over.
                group.addTask { try await self.inflict(moment.fault) }
            }
            try await group.waitForAll()
        }
    }

    private func inflict(_ fault: ChaosPlan.Fault) async throws {
        switch fault {
        case .killCoordinator: running(.coordinator)?.kill()
        case .killWorker(let number): running(.worker(number))?.kill()
        case .stopCoordinator: running(.coordinator)?.kill(SIGTERM)
        case .stopWorker(let number): running(.worker(number))?.kill(SIGTERM)
        case .pauseCoordinator(let time): try await pause(.coordinator, for: time)
        case .pauseWorker(let number, let time): try await pause(.worker(number), for: time)
        case .cut: relay.cut()
        case .stall(let time, let cuts):
            relay.stall(for: time)
            try await Task.sleep(for: time)
            if cuts { relay.cut() }
        case .delay(let delay, let time): relay.delay(delay, for: time)
        case .attack(let time):
            let attack = Attack(port: port)
            defer { _ = attack.stop() }
            try await Task.sleep(for: time)
        case .stranger(let stranger, let time):
            let key: String? =
                switch stranger {
                case .hasNoKey: nil
                case .hasAKeyThatIsNotAllowed: "keys/stranger.key"
                case .hasAKeyForAnotherCoordinator: "foreign/worker.key"
                }
            let program = try worker(named: "stranger", key: key)
            defer { program.kill() }
            try await Task.sleep(for: time)
        case .fullDisk(let time):
            let end = ContinuousClock.now + time
            while ContinuousClock.now < end, !isOver {
                // Again and again: who ends there gives room back.
                try disk?.fill()
                try await Task.sleep(for: .milliseconds(20))
            }
            try disk?.free()
        }
    }

    private func pause(_ role: Role, for time: Duration) async throws {
        let program = running(role)
        program?.kill(SIGSTOP)
        defer { program?.kill(SIGCONT) }
        try await Task.sleep(for: time)
    }
}
