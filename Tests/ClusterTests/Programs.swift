import Foundation
import Synchronization
import TestEnvironment

/// The built programs, the model and the sample data that whole-cluster tests run with.
enum Programs {
    private static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let model = TestData.model.path
    static let demoAnchors = packageRoot.appending(path: "Examples/demo/anchors.jsonl").path
    static let demoRows = packageRoot.appending(path: "Examples/demo/preferences.jsonl").path
    static let python = packageRoot.appending(path: "Tests/Python").path
    static let pythonEnvironment = packageRoot.appending(path: "Tests/.venv").path
    static let golden = packageRoot.appending(path: "Tests/ClusterTests/Golden").path

    /// The programs are built beside the tests; others are named by their absolute paths.
    static func path(_ name: String) throws -> String {
        if name.hasPrefix("/") { return name }
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: tests).deletingLastPathComponent().appending(path: name).path
    }

    static let coordinator = "legend-coordinator"
    static let worker = "legend-worker"
}

/// One process that a test started, with what it printed; killed with the value, or with the tests' process.
///
/// Waited for on a thread of its own, and printing into files: nothing of it depends on how busy the tests' process is.
final class RunningProgram: Sendable {
    struct Exit: Hashable, Sendable {
        var status: Int32
        var isSignal: Bool
    }

    /// Known once the process was waited for.
    private final class Ending: Sendable {
        struct State {
            var exit: Exit?
            var waiters: [CheckedContinuation<Exit, Never>] = []
        }

        let state = Mutex(State())

        func finish(_ exit: Exit) {
            let waiters = state.withLock { state in
                state.exit = exit
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { waiter.resume(returning: exit) }
        }
    }

    let processID: pid_t
    private let folder: URL
    private let ending = Ending()

    var output: String { text("stdout") }
    var errors: String { text("stderr") }

    /// - Parameters:
    ///   - prefix: a command that starts the program, such as `nice`, by its path.
    ///   - environment: variables in place of the tests' own.
    init(
        _ program: String, _ arguments: [String], prefix: [String] = [], workingFolder: String = ".",
        environment: [String: String] = [:]
    ) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "legend-process-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        processID = try TiedProcess.start(
            prefix + [try Programs.path(program)] + arguments, environment: variables, workingFolder: workingFolder,
            printingInto: folder
        ) { [ending] status in
            let signal = status & 0x7F
            ending.finish(Exit(status: signal == 0 ? status >> 8 & 0xFF : signal, isSignal: signal != 0))
        }
    }

    deinit {
        kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Does nothing once the process was waited for: its number may be another's.
    func kill(_ signal: Int32 = SIGKILL) {
        if !hasEnded { Foundation.kill(processID, signal) }
    }

    var hasEnded: Bool { ending.state.withLock { $0.exit != nil } }

    /// Waits for the process's end, which comes at once where the test is at its time limit.
    func exit() async -> Exit {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready = ending.state.withLock { state -> Exit? in
                    if let exit = state.exit { return exit }
                    state.waiters.append(continuation)
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            kill()
        }
    }

    private func text(_ name: String) -> String {
        (try? Data(contentsOf: folder.appending(path: name))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
