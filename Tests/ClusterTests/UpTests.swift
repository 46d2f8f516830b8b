import Foundation
import TestEnvironment
import Testing

/// `legend-coordinator up`: workers at the other end of ssh connections.
@Suite(.serialized, .needs(.model), .hangLimit)
struct UpTests {
    /// A program `ssh` that runs the command on this machine.
    private static let localSSH = """
        #!/bin/sh
        for word; do :; done
        exec sh -c "$word"
        """

    private func job(_ folder: JobFolder, hosts: String, advertise: Bool, more: String = "") throws -> [String] {
        // The workers' command lines name the folder: by it the test finds them.
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("model.gguf"), withDestinationPath: Programs.model)
        let port = try FreePort().number
        let address = "tcp://127.0.0.1:\(port)"
        try folder.configure(
            cluster: """
                {listen: '\(address)', \(advertise ? "advertise: '\(address)'," : "") unit_tokens: 256,
                 \(JobFolder.Timing.alert), hosts: \(hosts)\(more)}
                """)
        return ["up", folder.configuration, "--local-workers", "0"]
    }

    private func remoteWorkers(of folder: JobFolder) throws -> [pid_t] {
        try ProcessTable.running(Programs.worker, with: folder.path("model.gguf"))
    }

    /// A folder for the `PATH` with a program `ssh`.
    private func search(_ folder: JobFolder, ssh: String) throws -> [String: String] {
        try FileManager.default.createDirectory(atPath: folder.path("bin"), withIntermediateDirectories: true)
        try folder.write(ssh, to: "bin/ssh")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("bin/ssh"))
        return ["PATH": "\(folder.path("bin")):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"]
    }

    private func host(_ name: String, _ folder: JobFolder, _ more: String = "") throws -> String {
        "{host: \(name), lanes: 1, command: '\(try Programs.path(Programs.worker))', "
            + "model: '\(folder.path("model.gguf"))'\(more)}"
    }

    @Test func theHostsWorkersComputeTheJobAndEndWithIt() async throws {
        let folder = try JobFolder()
        let hosts = "[\(try host("alpha", folder)), \(try host("me@beta", folder, ", workers: 2"))]"
        let arguments = try job(folder, hosts: hosts, advertise: true)
        let program = try RunningProgram(
            Programs.coordinator, arguments, environment: try search(folder, ssh: Self.localSSH))
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        for name in ["alpha", "beta:1", "beta:2"] {
            #expect(FileManager.default.fileExists(atPath: folder.path("out.state/\(name).log")), "\(name)")
        }
        #expect(Set(try folder.results.map(\.worker)).isSubset(of: ["alpha", "beta:1", "beta:2"]))
        #expect(try await eventually { try remoteWorkers(of: folder).isEmpty })
    }

    @Test func aHostsWorkerGetsItsKeyThroughTheConnection() async throws {
        let folder = try JobFolder()
        let keygen = try RunningProgram(Programs.coordinator, ["keygen", folder.path("keys")])
        #expect(await keygen.exit().status == 0, "\(keygen.errors)")
        let arguments = try job(
            folder, hosts: "[\(try host("alpha", folder))]", advertise: true,
            more: ", secret_key: keys/coordinator.key, allowed_keys: keys/allowed.keys")
        let program = try RunningProgram(
            Programs.coordinator, arguments, environment: try search(folder, ssh: Self.localSSH))
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(Set(try folder.results.map(\.worker)) == ["alpha"])
    }

    @Test func aJobWhoseHostsAllFailSaysWhy() async throws {
        let folder = try JobFolder()
        let hosts = "[{host: alpha, command: /nowhere/legend-worker}, {host: beta, command: /nowhere/legend-worker}]"
        let program = try RunningProgram(
            Programs.coordinator, try job(folder, hosts: hosts, advertise: true),
            environment: try search(folder, ssh: Self.localSSH))
        #expect(await program.exit() == .init(status: 2, isSignal: false), "\(program.errors)")
        #expect(program.errors.contains("error: no worker is left"), "\(program.errors)")
        for name in ["alpha", "beta"] {
            #expect(program.errors.contains("/out.state/\(name).log"), "\(program.errors)")
        }
        #expect(program.errors.contains("/nowhere/legend-worker: not found"), "\(program.errors)")
    }

    @Test func aDryRunPrintsTheCommandsAndStartsNothing() async throws {
        let folder = try JobFolder()
        let program = try RunningProgram(
            Programs.coordinator,
            try job(folder, hosts: "[me@alpha, {host: beta, port: 2222}]", advertise: false) + ["--dry-run"])
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        let lines = program.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.contains(" me@alpha ") == true && lines.last?.contains("-p 2222") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path("out.state")))
    }

    @Test func withoutHostsThereIsNothingToStart() async throws {
        let folder = try JobFolder()
        let program = try RunningProgram(Programs.coordinator, try job(folder, hosts: "[]", advertise: false))
        #expect(await program.exit() == .init(status: 2, isSignal: false))
        #expect(program.errors.contains("cluster.hosts is empty"), "\(program.errors)")
    }

    // MARK: Over a real sshd, and its tunnel

    @Test(.enabled(if: SSHServer.canRun)) func aKilledRemoteWorkerIsStartedAgain() async throws {
        let server = try await SSHServer()
        let folder = try JobFolder()
        let hosts =
            "[\(try host("127.0.0.1", folder, server.settings)), \(try host("localhost", folder, server.settings))]"
        let program = try RunningProgram(
            Programs.coordinator, try job(folder, hosts: hosts, advertise: false))
        try await once({ try Set(folder.results.map(\.worker)).count == 2 }, in: program) {
            if let victim = try remoteWorkers(of: folder).first { Foundation.kill(victim, SIGKILL) }
        }
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(program.errors.contains("it is started again"), "\(program.errors)")
        #expect(try await eventually { try remoteWorkers(of: folder).isEmpty })
        #expect(try await eventually { try server.socketsLeft(folder).isEmpty })
    }

    @Test(.enabled(if: SSHServer.canRun), arguments: [SIGKILL, SIGTERM, SIGINT])
    func remoteWorkersEndWithTheCoordinator(_ signal: Int32) async throws {
        let server = try await SSHServer()
        let folder = try JobFolder()
        let hosts =
            "[\(try host("127.0.0.1", folder, server.settings)), \(try host("localhost", folder, server.settings))]"
        let program = try RunningProgram(
            Programs.coordinator, try job(folder, hosts: hosts, advertise: false))
        let workers = try await folder.atResults(4, of: program) {
            defer { program.kill(signal) }
            return try remoteWorkers(of: folder)
        }
        #expect(workers.count == 2)
        _ = await program.exit()
        #expect(try await eventually { try remoteWorkers(of: folder).isEmpty })
        #expect(try await eventually { try server.socketsLeft(folder).isEmpty })
    }
}

/// An sshd of the tests' own on a free port of the loopback interface, that lets in the user of the tests.
private final class SSHServer {
    private static let program = "/usr/sbin/sshd"

    static let canRun: Bool = {
        // As root it insists on this folder, which its service makes.
        let folder = "/run/sshd"
        let isThere = FileManager.default.isExecutableFile(atPath: program)
        if isThere, getuid() != 0 || FileManager.default.fileExists(atPath: folder) { return true }
        print("skipping tests over ssh: \(isThere ? folder : program) is not there (Debian: openssh-server)")
        return false
    }()

    private let folder: URL
    private let process: RunningProgram
    private let port: UInt16

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "legend-sshd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let port = try FreePort().number
        self.port = port
        for name in ["host", "user"] {
            let keygen = try Process.run(
                URL(filePath: "/usr/bin/ssh-keygen"),
                arguments: ["-q", "-t", "ed25519", "-N", "", "-f", folder.appending(path: name).path])
            keygen.waitUntilExit()
        }
        let settings = """
            ListenAddress 127.0.0.1:\(port)
            HostKey \(folder.path)/host
            AuthorizedKeysFile \(folder.path)/user.pub
            PidFile none
            PermitRootLogin yes
            StrictModes no
            UsePAM no
            """
        try Data(settings.utf8).write(to: folder.appending(path: "config"))
        process = try RunningProgram(
            Self.program, ["-D", "-f", "\(folder.path)/config", "-E", "\(folder.path)/log"])
        let log = folder.appending(path: "log")
        let listens = try await eventually {
            (try? String(contentsOf: log, encoding: .utf8))?.contains("Server listening") == true
        }
        guard listens else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit {
        process.kill()
        try? FileManager.default.removeItem(at: folder)
    }

    /// What `cluster.hosts` says of it.
    var settings: String {
        ", port: \(port), ssh_options: [-F, /dev/null, -i, \(folder.path)/user, -o, StrictHostKeyChecking=no, "
            // A busy machine is no dead connection.
            + "-o, UserKnownHostsFile=/dev/null, -o, ConnectTimeout=600, -o, ServerAliveInterval=600]"
    }

    /// The forwarded sockets that a job's workers used and that are still there.
    func socketsLeft(_ job: JobFolder) throws -> [String] {
        let logs = try FileManager.default.contentsOfDirectory(atPath: job.path("out.state"))
            .filter { $0.hasSuffix(".log") }
        return try logs.flatMap { name in
            try String(contentsOfFile: job.path("out.state/\(name)"), encoding: .utf8)
                .matches(of: #/ipc://(/tmp/legend-[0-9a-f]+\.sock)/#).map { String($0.1) }
        }.filter(FileManager.default.fileExists)
    }
}
