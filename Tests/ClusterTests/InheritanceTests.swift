import Foundation
import TestEnvironment
import Testing

/// What workers have of the process that starts them, and that they end with it.
@Suite(.serialized, .needs(.model), .hangLimit)
struct InheritanceTests {
    /// What /proc says of a thread.
    private struct ThreadView {
        let number: pid_t
        let name: String
        let niceness: Int

        static func all(of process: pid_t) throws -> [ThreadView] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task").compactMap { thread in
                let folder = "/proc/\(process)/task/\(thread)"
                guard let number = pid_t(thread),
                    let name = try? String(contentsOfFile: folder + "/comm", encoding: .utf8),
                    let stat = try? String(contentsOfFile: folder + "/stat", encoding: .utf8),
                    let end = stat.lastIndex(of: ")")
                else { return nil }
                // The first field behind the name is number 3, the niceness number 19.
                let fields = stat[stat.index(after: end)...].split(separator: " ")
                guard fields.count > 16, let niceness = Int(fields[16]) else { return nil }
                return ThreadView(
                    number: number, name: name.trimmingCharacters(in: .newlines), niceness: niceness)
            }
        }
    }

    private func line(_ file: String, _ beginning: String) throws -> String {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        return text.split(separator: "\n").first { $0.hasPrefix(beginning) }.map(String.init) ?? ""
    }

    /// A worker that was stopped does not outlive a test that fails.
    private func goOn(_ workers: [pid_t]) {
        for worker in workers { Foundation.kill(worker, SIGCONT) }
    }

    @Test func aLocalWorkerIsAsNiceAsItsCoordinatorAndHasItsProcessorsAndLimits() async throws {
        let processors = try line("/proc/self/status", "Cpus_allowed_list:").split(separator: "\t").last ?? ""
        let first = String(processors.prefix { $0.isNumber })
        // The least urgent is 19.
        let own = try #require(try ThreadView.all(of: getpid()).first { $0.number == getpid() }).niceness
        let niceness = min(own + 7, 19)
        let folder = try JobFolder()
        try folder.configure()
        let program = try RunningProgram(
            Programs.coordinator, ["run", folder.configuration, "--local-workers", "1"],
            prefix: [
                "/usr/bin/nice", "-n", "7", "/usr/bin/taskset", "-c", first, "/usr/bin/prlimit", "--nofile=700:900",
            ])
        // Stopped, it does not end its work before it was looked at.
        let workers = try await once({ program.errors.contains("a worker is ready") }, in: program) {
            let workers = try ProcessTable.children(of: program.processID)
            for worker in workers { Foundation.kill(worker, SIGSTOP) }
            return workers
        }
        defer { goOn(workers) }
        let process = try #require(workers.first, "\(program.errors)")
        // The lane among them; libdispatch's have a niceness of their own where it may set one.
        let others = try ThreadView.all(of: process).filter { $0.number != process }
        #expect(others.contains { $0.niceness == niceness }, "\(others)")
        // One processor, one lane.
        let command = try Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline")).split(separator: 0)
        let words = command.map { String(decoding: $0, as: UTF8.self) }
        #expect(words.firstIndex(of: "--lanes").map { words[$0 + 1] } == "1", "\(words)")
        #expect(try ThreadView.all(of: process).first { $0.number == process }?.niceness == niceness)
        #expect(try line("/proc/\(process)/status", "Cpus_allowed_list:").hasSuffix("\t\(first)"))
        let files = try line("/proc/\(process)/limits", "Max open files").split(separator: " ")
        #expect(files.contains("700") && files.contains("900"), "\(files)")
        goOn(workers)
        program.kill(SIGTERM)
        _ = await program.exit()
    }

    @Test func aWorkerThatLoadsItsModelEndsWithAKilledCoordinator() async throws {
        let folder = try JobFolder()
        try folder.configure()
        let program = try folder.start(workers: 1)
        let log = folder.path("out.state/worker-1.log")
        @Sendable func isLoading() -> Bool {
            (try? String(contentsOfFile: log, encoding: .utf8))?.contains("loading the model") == true
        }
        let workers = try await once(isLoading, in: program) {
            defer { program.kill() }
            return try ProcessTable.children(of: program.processID)
        }
        #expect(workers.count == 1)
        #expect(try await eventually { workers.allSatisfy { !ProcessTable.isRunning($0) } })
    }

    @Test func aWorkerThatHasJustBegunEndsWithAKilledCoordinator() async throws {
        let folder = try JobFolder()
        try folder.configure()
        let program = try folder.start(workers: 2)
        let workers = try await once({ try ProcessTable.children(of: program.processID).count == 2 }, in: program) {
            defer { program.kill() }
            return try ProcessTable.children(of: program.processID)
        }
        #expect(try await eventually { workers.allSatisfy { !ProcessTable.isRunning($0) } })
    }

    /// One that stands still hears nothing; as soon as it goes on it ends.
    @Test func aWorkerThatStoodStillEndsOnceItGoesOn() async throws {
        let folder = try JobFolder()
        try folder.configure()
        let program = try folder.start()
        let workers = try await folder.atResults(2, of: program) {
            let workers = try ProcessTable.children(of: program.processID)
            for worker in workers { Foundation.kill(worker, SIGSTOP) }
            program.kill()
            return workers
        }
        defer { goOn(workers) }
        let worker = try #require(workers.first)
        _ = await program.exit()
        goOn(workers)
        #expect(try await eventually { !ProcessTable.isRunning(worker) })
    }
}
