import Foundation
import TestEnvironment
import Testing

/// Processes of a running job die without a word.
@Suite(.serialized, .needs(.model), .hangLimit)
struct KilledProcessTests {
    @Test func aKilledCoordinatorGoesOnWithoutRepeatingACommittedUnit() async throws {
        let folder = try JobFolder()
        try folder.configure()
        var committed: [LedgerView.Result] = []
        // In the middle of the anchors, then in the middle of the rows.
        for count in [4, 20] {
            let program = try folder.start()
            try await folder.atResults(count, of: program) { program.kill() }
            #expect(await program.exit() == .init(status: SIGKILL, isSignal: true))
            let now = try folder.results
            #expect(Set(now).isSuperset(of: committed))
            committed = now
        }
        let (program, exit) = try await folder.run()
        #expect(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(Set(try folder.results).isSuperset(of: committed))
        #expect(try await folder.output == UndisturbedRun.standard.output)
    }

    @Test func aKilledWorkersUnitsGoToAnother() async throws {
        let folder = try JobFolder()
        let port = try FreePort().number
        try folder.configure(
            cluster: "{listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 256, \(JobFolder.Timing.alert)}")
        let coordinator = try folder.start(workers: 0)
        let victim = try RunningProgram(Programs.worker, [folder.configuration, "--name", "victim", "--lanes", "1"])
        let survivor = try await folder.atResults(4, of: coordinator) {
            try RunningProgram(Programs.worker, [folder.configuration, "--name", "survivor", "--lanes", "1"])
        }
        try await once({ try folder.results.contains { $0.worker == "survivor" } }, in: coordinator) { victim.kill() }
        let exit = await coordinator.exit()
        #expect(exit == .init(status: 0, isSignal: false), "\(coordinator.errors)")
        #expect(coordinator.errors.contains("lost a worker"))
        #expect(await survivor.exit() == .init(status: 0, isSignal: false), "\(survivor.errors)")
        #expect(try await folder.output == UndisturbedRun.standard.output)
    }

    @Test func aLocalWorkerThatIsKilledIsStartedAgain() async throws {
        let folder = try JobFolder()
        try folder.configure()
        let program = try folder.start()
        try await folder.atResults(8, of: program) {
            for worker in try ProcessTable.children(of: program.processID) { Foundation.kill(worker, SIGKILL) }
        }
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(program.errors.contains("it is started again"))
        #expect(try await folder.output == UndisturbedRun.standard.output)
    }

    @Test func localWorkersEndWithAKilledCoordinator() async throws {
        let folder = try JobFolder()
        try folder.configure()
        let program = try folder.start(workers: 2)
        let workers = try await folder.atResults(4, of: program) {
            defer { program.kill() }
            return try ProcessTable.children(of: program.processID)
        }
        #expect(workers.count == 2)
        #expect(try await eventually { workers.allSatisfy { !ProcessTable.isRunning($0) } })
    }

    @Test func aStoppedJobSaysHowToGoOnAndItsWorkersLeave() async throws {
        let folder = try JobFolder()
        try folder.configure()
        let program = try folder.start()
        let workers = try await folder.atResults(4, of: program) {
            defer { program.kill(SIGTERM) }
            return try ProcessTable.children(of: program.processID)
        }
        #expect(await program.exit() == .init(status: 1, isSignal: false))
        #expect(program.errors.contains("run the same command to go on"), "\(program.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.jsonl")))
        #expect(workers.allSatisfy { !ProcessTable.isRunning($0) })
        let (_, exit) = try await folder.run()
        #expect(exit.status == 0)
        #expect(try await folder.output == UndisturbedRun.standard.output)
    }

    @Test func aWorkerThatIsAskedToStopGivesItsUnitsBack() async throws {
        let folder = try JobFolder()
        let port = try FreePort().number
        try folder.configure(
            cluster: "{listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 256, \(JobFolder.Timing.patient)}")
        let coordinator = try folder.start(workers: 0)
        let first = try RunningProgram(Programs.worker, [folder.configuration, "--name", "first", "--lanes", "1"])
        try await folder.atResults(4, of: coordinator) { first.kill(SIGTERM) }
        #expect(await first.exit() == .init(status: 0, isSignal: false), "\(first.errors)")
        let second = try RunningProgram(Programs.worker, [folder.configuration, "--name", "second"])
        #expect(await coordinator.exit() == .init(status: 0, isSignal: false), "\(coordinator.errors)")
        #expect(!coordinator.errors.contains("lost a worker") && !coordinator.errors.contains("an attempt failed"))
        #expect(await second.exit().status == 0)
        #expect(try await folder.output == UndisturbedRun.standard.output)
    }

    @Test func aWorkerThatOutlivesItsCoordinatorServesTheNextOneAsThatOneAsks() async throws {
        let folder = try JobFolder()
        let port = try FreePort().number
        let cluster = "{listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 256, \(JobFolder.Timing.patient)}"
        try folder.configure(cluster: cluster)
        let first = try folder.start(workers: 0)
        let worker = try RunningProgram(Programs.worker, [folder.configuration, "--name", "faithful", "--lanes", "1"])
        try await folder.atResults(4, of: first) { first.kill() }
        _ = await first.exit()
        // Begun anew with another layer: what the worker still holds of the old job is of no use.
        try folder.configure(embedding: "{layer: 20, token: last}", cluster: cluster)
        let (second, exit) = try await folder.run(workers: 0, "--restart")
        #expect(exit == .init(status: 0, isSignal: false), "\(second.errors)")
        #expect(await worker.exit() == .init(status: 0, isSignal: false), "\(worker.errors)")
        let fresh = try JobFolder()
        try fresh.configure(embedding: "{layer: 20, token: last}")
        _ = try await fresh.run()
        #expect(try folder.output == fresh.output)
    }

    @Test func aCoordinatorKilledWhileItWritesLeavesNoOutput() async throws {
        let folder = try JobFolder()
        try folder.configure()
        // Opened after the output, a pipe that nobody reads holds the coordinator there.
        let pipe = folder.path("out.errors.jsonl.partial")
        try #require(mkfifo(pipe, 0o600) == 0)
        let program = try folder.start()
        let partial = folder.path("out.jsonl.partial")
        try #require(
            try await eventually { FileManager.default.fileExists(atPath: partial) }, "\(program.errors)")
        program.kill()
        #expect(await program.exit() == .init(status: SIGKILL, isSignal: true))
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.jsonl")))
        let results = try folder.results
        unlink(pipe)
        let (again, exit) = try await folder.run(workers: 0)
        #expect(exit == .init(status: 0, isSignal: false), "\(again.errors)")
        #expect(try folder.results == results)
        #expect(try await folder.output == UndisturbedRun.standard.output)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(!names.contains { $0.contains("errors") || $0.hasSuffix(".partial") }, "\(names)")
    }

    @Test func theInputMayNotChangeWhileTheJobRuns() async throws {
        let folder = try JobFolder()
        try folder.configure()
        let program = try folder.start()
        try await folder.atResults(4, of: program) {
            let file = folder.url.appending(path: "rows.jsonl")
            let rows = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
            try Data(rows.reversed().joined(separator: [UInt8(ascii: "\n")])).write(to: file)
        }
        #expect(await program.exit().status == 1)
        #expect(program.errors.contains("rows.jsonl has changed since the job began"), "\(program.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.jsonl")))
    }
}
