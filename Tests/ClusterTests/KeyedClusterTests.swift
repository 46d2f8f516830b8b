import Foundation
import TestEnvironment
import Testing

/// Real processes that ask for keys and have them, or not.
@Suite(.serialized, .needs(.model), .hangLimit)
struct KeyedClusterTests {
    private func keygen(_ arguments: String...) async throws -> RunningProgram {
        let program = try RunningProgram(Programs.coordinator, ["keygen"] + arguments)
        let exit = await program.exit()
        try #require(exit.status == 0, "\(program.errors)")
        return program
    }

    /// A job whose coordinator asks for keys, at a port of its own.
    private func keyedJob() async throws -> (folder: JobFolder, endpoint: String) {
        let folder = try JobFolder()
        _ = try await keygen(folder.path("keys"))
        let endpoint = "tcp://127.0.0.1:\(try FreePort().number)"
        try folder.configure(
            cluster: """
                {listen: '\(endpoint)', unit_tokens: 256, \(JobFolder.Timing.patient),
                secret_key: keys/coordinator.key, allowed_keys: keys/allowed.keys}
                """)
        return (folder, endpoint)
    }

    private func worker(_ endpoint: String, _ more: String...) throws -> RunningProgram {
        try RunningProgram(Programs.worker, ["--connect", endpoint, "--lanes", "1"] + more)
    }

    private func removeLine(of name: String, in folder: JobFolder) throws -> String {
        let text = try String(contentsOfFile: folder.path("keys/allowed.keys"), encoding: .utf8)
        let rest = text.split(separator: "\n").filter { !$0.hasPrefix("\(name) ") }
        try folder.write(rest.joined(separator: "\n") + "\n", to: "keys/allowed.keys")
        return text
    }

    @Test func keygenMakesWhatAClusterNeedsAndOverwritesNothing() async throws {
        let folder = try JobFolder()
        let keys = folder.path("keys")
        let made = try await keygen(keys)
        #expect(made.output.contains("secret_key: \(keys)/coordinator.key"), "\(made.output)")
        let names = ["coordinator.key", "worker.key", "allowed.keys"]
        for name in names {
            let mode = try FileManager.default.attributesOfItem(atPath: "\(keys)/\(name)")[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
        let before = try names.map { try Data(contentsOf: URL(filePath: "\(keys)/\($0)")) }
        let again = try RunningProgram(Programs.coordinator, ["keygen", keys])
        #expect(await again.exit().status == 2)
        #expect(again.errors.contains("coordinator.key is there already, and is not overwritten"), "\(again.errors)")
        #expect(try names.map { try Data(contentsOf: URL(filePath: "\(keys)/\($0)")) } == before)

        _ = try await keygen("--worker", "gpu-room", keys)
        let allowed = try String(contentsOfFile: "\(keys)/allowed.keys", encoding: .utf8)
        #expect(allowed.contains("\ngpu-room ") && allowed.contains("\nworker "))
        let twice = try RunningProgram(Programs.coordinator, ["keygen", "--worker", "gpu-room", keys])
        #expect(await twice.exit().status == 2)
        #expect(twice.errors.contains("gpu-room.key is there already"), "\(twice.errors)")
        let bad = try RunningProgram(Programs.coordinator, ["keygen", "--worker", "../x", keys])
        #expect(await bad.exit().status == 2)
        #expect(try String(contentsOfFile: "\(keys)/allowed.keys", encoding: .utf8) == allowed)
    }

    @Test func onlyAllowedKeysAreServedAndTheOthersAreTold() async throws {
        let (folder, endpoint) = try await keyedJob()
        _ = try await keygen("--worker", "late", folder.path("keys"))
        let allowed = try removeLine(of: "late", in: folder)
        _ = try await keygen(folder.path("foreign"))
        let coordinator = try folder.start(workers: 0)
        try #require(try await eventually { coordinator.errors.contains("listening") }, "\(coordinator.errors)")

        let late = try worker(endpoint, "--name", "late", "--key", folder.path("keys/late.key"))
        let foreign = try worker(endpoint, "--key", folder.path("foreign/worker.key"))
        let keyless = try worker(endpoint)
        #expect(try await eventually { late.errors.contains("does not allow this key") }, "\(late.errors)")
        #expect(try await eventually { foreign.errors.contains("the key file was made for") }, "\(foreign.errors)")
        #expect(try await eventually { keyless.errors.contains("give one with --key") }, "\(keyless.errors)")
        let key = try #require(
            allowed.split(separator: "\n").last { $0.hasPrefix("late ") }?.split(separator: " ").last)
        #expect(
            try await eventually {
                coordinator.errors.contains("refused a key that is not allowed") && coordinator.errors.contains(key)
            }, "\(coordinator.errors)")
        #expect(try await eventually { coordinator.errors.contains("refused connections without a key") })
        #expect(!coordinator.errors.contains("a worker joined"))

        // The status asks with the configuration's own key, or with any other that is allowed.
        for arguments in [[folder.configuration], ["--connect", endpoint, "--key", folder.path("keys/worker.key")]] {
            let (status, exit) = try await StatusQuestion.ask(arguments)
            #expect(exit.status == 0, "\(status.errors)")
            #expect(status.output.contains("no workers"), "\(status.output)")
        }
        for (key, reason) in [
            ("keys/late.key", "does not allow this key"), ("foreign/worker.key", "the key file was made for"),
            (nil, "give one with --key"),
        ] {
            let (status, exit) = try await StatusQuestion.ask(
                ["--connect", endpoint] + (key.map { ["--key", folder.path($0)] } ?? []))
            #expect(exit.status == 1)
            #expect(status.errors.contains(reason), "\(status.errors)")
        }

        // Once its line is there, the one that waits comes in, and does the whole job.
        try folder.write(allowed, to: "keys/allowed.keys")
        #expect(await coordinator.exit().status == 0, "\(coordinator.errors) \(late.errors)")
        #expect(await late.exit().status == 0, "\(late.errors)")
        #expect(coordinator.errors.contains("read the allowed keys again"))
        #expect(try Set(folder.results.map(\.worker)) == ["late"])
    }

    @Test func aWorkerWhoseLineIsRemovedIsNotListenedToAnyMore() async throws {
        let (folder, endpoint) = try await keyedJob()
        _ = try await keygen("--worker", "trusted", folder.path("keys"))
        let coordinator = try folder.start(workers: 0)
        let first = try worker(endpoint, "--name", "first", "--key", folder.path("keys/worker.key"))
        _ = try await folder.atResults(4, of: coordinator) { try removeLine(of: "worker", in: folder) }
        #expect(
            try await eventually { coordinator.errors.contains("whose key is not allowed any more") },
            "\(coordinator.errors) \(first.errors)")
        let before = try folder.results
        let second = try worker(endpoint, "--name", "second", "--key", folder.path("keys/trusted.key"))
        #expect(await coordinator.exit().status == 0, "\(coordinator.errors)")
        #expect(await second.exit().status == 0, "\(second.errors)")
        let after = try folder.results.filter { !before.contains($0) }
        #expect(Set(after.map(\.worker)) == ["second"])

        // Nor does a new connection come in.
        let restarted = try folder.start(workers: 0, ["--restart"])
        let third = try worker(endpoint, "--name", "third", "--key", folder.path("keys/worker.key"))
        #expect(try await eventually { third.errors.contains("does not allow this key") }, "\(third.errors)")
        #expect(!restarted.errors.contains("a worker joined"))
        restarted.kill(SIGTERM)
        _ = await restarted.exit()
    }

    @Test func localWorkersHaveAKeyWithoutFurtherAdo() async throws {
        let (folder, _) = try await keyedJob()
        try folder.write("# no worker from elsewhere\n", to: "keys/allowed.keys")
        let program = try folder.start(workers: 2)
        let workers = try await folder.atResults(4, of: program) {
            try ProcessTable.children(of: program.processID).map { worker in
                try ["cmdline", "environ"].map {
                    String(decoding: try Data(contentsOf: URL(filePath: "/proc/\(worker)/\($0)")), as: UTF8.self)
                }
            }
        }
        // It came over their standard input: nobody finds it.
        #expect(workers.count == 2)
        for texts in workers {
            #expect(texts.allSatisfy { !$0.contains("secret_key") } && texts[0].contains("--key\0-\0"))
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path("out.state")) {
            #expect(
                try Data(contentsOf: URL(filePath: folder.path("out.state/\(name)"))).range(of: Data("secret_key".utf8))
                    == nil)
        }
        #expect(await program.exit().status == 0, "\(program.errors)")
    }

    @Test func keyFilesThatOthersCanReadAreRefused() async throws {
        let (folder, endpoint) = try await keyedJob()
        for name in ["keys/coordinator.key", "keys/worker.key"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.path(name))
        }
        for (program, arguments, name) in [
            (Programs.coordinator, ["run", folder.configuration], "keys/coordinator.key"),
            (Programs.coordinator, ["validate", folder.configuration], "keys/coordinator.key"),
            (Programs.coordinator, ["status", folder.configuration], "keys/coordinator.key"),
            (Programs.worker, [folder.configuration], "keys/coordinator.key"),
            (Programs.worker, ["--connect", endpoint, "--key", folder.path("keys/worker.key")], "keys/worker.key"),
        ] {
            let program = try RunningProgram(program, arguments)
            #expect(await program.exit().status == 2)
            #expect(program.errors.contains("chmod 600 \(folder.path(name))"), "\(program.errors)")
        }
    }
}
