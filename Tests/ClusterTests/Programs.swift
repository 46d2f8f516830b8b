import Foundation
import Synchronization

/// The built programs, the model and the sample data that whole-cluster tests run with.
enum Programs {
    private static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let model = packageRoot.appending(path: "models/SmolLM2-135M-Instruct.Q4_1.gguf").path
    static let demoAnchors = packageRoot.appending(path: "Examples/demo/anchors.jsonl").path
    static let demoRows = packageRoot.appending(path: "Examples/demo/preferences.jsonl").path
    static let golden = packageRoot.appending(path: "Tests/ClusterTests/Golden").path

    /// Whether tests with a real model can run; on CI they must, and fail without it.
    static let hasModel: Bool = {
        if FileManager.default.fileExists(atPath: model) || ProcessInfo.processInfo.environment["CI"] != nil {
            return true
        }
        print("skipping tests that need \(model), which is not there (make model)")
        return false
    }()

    /// The programs are built beside the tests.
    static func path(_ name: String) throws -> String {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(filePath: tests).deletingLastPathComponent().appending(path: name).path
    }

    static let coordinator = "legend-coordinator"
    static let worker = "legend-worker"
}

/// One process that a test started, with what it printed; killed with the value.
final class RunningProgram: Sendable {
    private struct State {
        var output = Data()
        var errors = Data()
        var exit: Exit?
        var openStreams = 2
        var waiters: [CheckedContinuation<Exit, Never>] = []
    }

    struct Exit: Hashable, Sendable {
        var status: Int32
        var isSignal: Bool
    }

    private let process = Process()
    private let state = Mutex(State())

    var processID: pid_t { process.processIdentifier }
    var output: String { String(decoding: state.withLock { $0.output }, as: UTF8.self) }
    var errors: String { String(decoding: state.withLock { $0.errors }, as: UTF8.self) }

    init(_ program: String, _ arguments: [String]) throws {
        let output = Pipe()
        let errors = Pipe()
        process.executableURL = URL(filePath: try Programs.path(program))
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        read(output) { $0.output.append($1) }
        read(errors) { $0.errors.append($1) }
        process.terminationHandler = { [self] process in
            finish { $0.exit = Exit(status: process.terminationStatus, isSignal: process.terminationReason != .exit) }
        }
        try process.run()
    }

    deinit { if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) } }

    func kill(_ signal: Int32 = SIGKILL) { Foundation.kill(process.processIdentifier, signal) }

    /// Waits for the process's end and for all that it printed.
    func exit() async -> Exit {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> Exit? in
                if let exit = state.exit, state.openStreams == 0 { return exit }
                state.waiters.append(continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    private func read(_ pipe: Pipe, _ append: @escaping @Sendable (inout State, Data) -> Void) {
        pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                self?.finish { $0.openStreams -= 1 }
            } else {
                self?.state.withLock { append(&$0, data) }
            }
        }
    }

    private func finish(_ change: (inout State) -> Void) {
        let (waiters, exit) = state.withLock { state -> ([CheckedContinuation<Exit, Never>], Exit?) in
            change(&state)
            guard let exit = state.exit, state.openStreams == 0 else { return ([], nil) }
            defer { state.waiters = [] }
            return (state.waiters, exit)
        }
        guard let exit else { return }
        for waiter in waiters { waiter.resume(returning: exit) }
    }
}
