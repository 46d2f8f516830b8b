import Foundation
import TestEnvironment
import Testing

/// What tests start does not outlive them.
@Suite(.hangLimit) struct TiedProcessTests {
    @Test(.needs(.model)) func aJobAndItsWorkersEndWithARunnerThatIsKilled() async throws {
        let folder = try JobFolder()
        try folder.configure()
        // So many that the job does not end by itself before this test has its turn.
        let rows = try String(contentsOfFile: folder.path("rows.jsonl"), encoding: .utf8)
        try folder.write(String(repeating: rows + "\n", count: 200), to: "rows.jsonl")
        // A shell that starts the job as a test does.
        let launcher = TiedProcess.launcher(parent: "$$").map { $0 == "$$" ? $0 : "'\($0)'" }
        let job = [try Programs.path(Programs.coordinator), "run", folder.configuration, "--local-workers", "2"]
        let runner = try RunningProgram(
            "/bin/sh", ["-c", launcher.joined(separator: " ") + #" "$@" & wait"#, "sh"] + job)
        func workers() throws -> [pid_t] {
            try ProcessTable.children(of: runner.processID).flatMap(ProcessTable.children)
        }
        try #require(try await eventually { try workers().count == 2 || runner.hasEnded }, "\(runner.errors)")
        let started = try ProcessTable.children(of: runner.processID) + workers()
        #expect(started.count == 3, "\(runner.errors)")
        runner.kill()
        #expect(try await eventually { started.allSatisfy { !ProcessTable.isRunning($0) } })
    }

    /// Or else it would end with any thread of the pool.
    @Test func whatIsStartedOutlivesTheThreadThatAskedForIt() async throws {
        let (started, thread) = await withCheckedContinuation { continuation in
            Thread {
                let program = Result { try RunningProgram("/bin/sleep", ["1000"]) }
                let thread = Result { try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self") }
                continuation.resume(returning: (program, thread))
            }.start()
        }
        let program = try started.get()
        let path = try "/proc/" + thread.get()
        #expect(try await eventually { !FileManager.default.fileExists(atPath: path) })
        program.kill(SIGTERM)
        #expect(await program.exit() == .init(status: SIGTERM, isSignal: true))
    }
}
