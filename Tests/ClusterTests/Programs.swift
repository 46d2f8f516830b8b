import Foundation
import Synchronization

/// The built programs, the model and the sample data that whole-cluster tests run with.
enum Programs {
    private static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let model = packageRoot.appending(path: "models/SmolLM2-135M-Instruct.Q4_1.gguf").path
    static let demoAnchors = packageRoot.appending(path: "Examples/demo/anchors.jsonl").path
    static let demoRows = packageRoot.appending(path: "Examples/demo/preferences.jsonl").path
    static let python = packageRoot.appending(path: "Tests/Python").path
    static let pythonEnvironment = packageRoot.appending(path: "Tests/.venv").path
    static let golden = packageRoot.appending(path: "Tests/ClusterTests/Golden").path

    /// Whether tests with a real model can run; on CI they must, and fail without it.
    static let hasModel: Bool = {
        if FileManager.default.fileExists(atPath: model) || ProcessInfo.processInfo.environment["CI"] != nil {
            return true
        }
        print("skipping tests that need \(model), which is not there (make model)")
        return false
    }()

    /// The programs are built beside the tests; others are named by their absolute paths.
    static func path(_ name: String) throws -> String {
        if name.hasPrefix("/") { return name }
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: tests).deletingLastPathComponent().appending(path: name).path
    }

    static let coordinator = "legend-coordinator"
    static let worker = "legend-worker"
}

/// One process that a test started, with what it printed; killed with the value.
///
/// Waited for on a thread of its own, and printing into files: nothing of it depends on how busy the tests' process is.
final class RunningProgram: Sendable {
    struct Exit: Hashable, Sendable {
        var status: Int32
        var isSignal: Bool
    }

    private struct State {
        var exit: Exit?
        var waiters: [CheckedContinuation<Exit, Never>] = []
    }

    let processID: pid_t
    private let folder: URL
    private let state = Mutex(State())

    var output: String { text("stdout") }
    var errors: String { text("stderr") }

    /// - Parameters:
    ///   - prefix: a command that starts the program, such as `nice`, by its path.
    ///   - workingFolder: nil for the tests' own.
    ///   - environment: variables in place of the tests' own.
    init(
        _ program: String, _ arguments: [String], prefix: [String] = [], workingFolder: String? = nil,
        environment: [String: String] = [:]
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "legend-process-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let path = try Programs.path(program)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for (descriptor, name) in [(STDOUT_FILENO, "stdout"), (STDERR_FILENO, "stderr")] {
            let file = folder.appending(path: name).path
            posix_spawn_file_actions_addopen(&actions, descriptor, file, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        let shell = workingFolder.map { ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, $0] } ?? []
        let command = shell + prefix + [path] + arguments
        let strings = command.map { strdup($0) }
        defer { strings.forEach { free($0) } }
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { strdup("\($0)=\($1)") }
        defer { variables.forEach { free($0) } }
        var process = pid_t()
        let code = posix_spawn(&process, command[0], &actions, nil, strings + [nil], variables + [nil])
        guard code == 0 else { throw POSIXError(.init(rawValue: code) ?? .EIO) }
        processID = process
        Thread { [weak self, process] in
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            self?.finish(Exit(status: signal == 0 ? status >> 8 & 0xFF : signal, isSignal: signal != 0))
        }.start()
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Does nothing once the process was waited for: its number may be another's.
    func kill(_ signal: Int32 = SIGKILL) {
        if !hasEnded { Foundation.kill(processID, signal) }
    }

    var hasEnded: Bool { state.withLock { $0.exit != nil } }

    /// Waits for the process's end.
    func exit() async -> Exit {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> Exit? in
                if let exit = state.exit { return exit }
                state.waiters.append(continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    private func text(_ name: String) -> String {
        (try? Data(contentsOf: folder.appending(path: name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private func finish(_ exit: Exit) {
        let waiters = state.withLock { state in
            state.exit = exit
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: exit) }
    }
}
