import Foundation
import JobConfiguration
import Protocol
import Testing

@testable import Coordinator

@Suite struct RemoteWorkerTests {
    private func workers(_ cluster: String) throws -> [RemoteWorker] {
        let yaml = """
            job: {input: a.jsonl, output: out.jsonl, anchors: b.jsonl}
            model: {path: m.gguf}
            cluster: {\(cluster)}
            """
        return RemoteWorker.all(
            try Configuration(yaml: yaml, path: "/jobs/cluster.yaml").cluster, endpoint: "tcp://127.0.0.1:5711")
    }

    @Test func aWorkerIsReachedThroughItsConnection() throws {
        let worker = try #require(try workers("hosts: [me@node1]").first)
        #expect(
            worker.command(token: "1f") == [
                "ssh", "-T", "-a", "-x", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "-o",
                "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "-o", "ExitOnForwardFailure=yes", "-o",
                "ControlMaster=no", "-o", "ControlPath=none", "-R", "/tmp/legend-1f.sock:127.0.0.1:5711", "me@node1",
                "exec sh -c 'legend-worker --connect ipc:///tmp/legend-1f.sock --name node1 --exit-with-parent; "
                    + "status=$?; rm -f /tmp/legend-1f.sock; exit $status'",
            ])
    }

    @Test func anAdvertisedAddressNeedsNoTunnel() throws {
        let worker = try #require(try workers("advertise: 'tcp://head:5711', hosts: [node1]").first)
        let command = worker.command(token: "1f")
        #expect(!command.contains("-R"))
        #expect(
            command.last
                == "exec sh -c 'legend-worker --connect tcp://head:5711 --name node1 --exit-with-parent'")
    }

    @Test func aKeyIsReadFromTheConnection() throws {
        let worker = try #require(try workers("secret_key: c.key, allowed_keys: a.keys, hosts: [node1]").first)
        let command = worker.command(token: "1f")
        #expect(command.last?.contains(" --key - --exit-with-parent;") == true, "\(command)")
    }

    @Test func aHostsSettingsReachSSHAndTheWorker() throws {
        let worker = try #require(
            try workers(
                """
                hosts: [{host: node1, port: 2222, lanes: 16, command: "~/legend/bin/legend-worker",
                  model: "~/it's a model.gguf", ssh_options: [-J, gate]}]
                """
            ).first)
        let command = worker.command(token: "1f")
        #expect(command.prefix(5) == ["ssh", "-J", "gate", "-p", "2222"])
        // The shell there reads the script as the worker's own shell does.
        let script = try #require(command.last)
        let shell = Process()
        let output = Pipe()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", script.replacing("exec sh -c ", with: "printf %s ")]
        shell.standardOutput = output
        try shell.run()
        let text = String(decoding: try #require(try output.fileHandleForReading.readToEnd()), as: UTF8.self)
        #expect(
            text.hasPrefix(
                #"~/legend/bin/legend-worker --connect ipc:///tmp/legend-1f.sock --name node1 --model ~/'it'\''s a model.gguf' --lanes 16 --exit-with-parent;"#
            ), "\(text)")
    }

    /// What the worker's shell passes on as the model, with these variables.
    private func model(_ path: String, _ environment: [String: String]) throws -> (model: String?, status: Int32) {
        let worker = try #require(
            try workers(#"hosts: [{host: node1, model: "\#(path)", command: "printf '%s\\n'"}]"#).first)
        let shell = Process()
        let output = Pipe()
        shell.executableURL = URL(filePath: "/bin/sh")
        shell.arguments = ["-c", try #require(worker.command(token: "1f").last)]
        shell.environment = environment
        shell.standardOutput = output
        shell.standardError = FileHandle.nullDevice
        try shell.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        let lines = text.split(separator: "\n").map(String.init)
        return (lines.firstIndex(of: "--model").map { lines[$0 + 1] }, shell.terminationStatus)
    }

    @Test func variablesOfAHostsModelAreThatHosts() throws {
        let environment = ["SCRATCH": "/far away/$HOME", "HOME": "/home/far"]
        let found = try model("${SCRATCH}/it's $$5.gguf", environment)
        #expect(found.model == "/far away/$HOME/it's $5.gguf" && found.status == 0)
        #expect(try model("~/$SCRATCH.gguf", environment).model == "/home/far//far away/$HOME.gguf")
        // The worker is not started with half a path.
        let missing = try model("$NOWHERE/m.gguf", environment)
        #expect(missing.model == nil && missing.status != 0)
    }

    @Test func everyWorkerHasANameOfItsOwn() throws {
        let names = try workers(
            "hosts: [{host: node1, workers: 2}, me@node2, {host: localhost, port: 1}, {host: localhost, port: 2}]"
        ).map(\.name)
        #expect(names == ["node1:1", "node1:2", "node2", "localhost:1", "localhost:2"])
    }

    @Test func workersThatShareAMachineTakeTheirPartOfIt() throws {
        let workers = try workers("hosts: [{host: node1, workers: 3}]")
        // On a machine that has not three nodes.
        let script = try #require(workers.last?.command(token: "1f").last)
        #expect(script.contains(#"lanes="--lanes $((($(nproc) + 2) / 3))""#), "\(script)")
        #expect(script.contains("sed -n 3p"))
        let isSet = try workers.map {
            try #require($0.command(token: "1f").last).contains(" $lanes --exit-with-parent")
        }
        #expect(isSet == [true, true, true])
    }
}

@Suite struct RestartPolicyTests {
    @Test(arguments: [
        // What a person must mend.
        (ChildProcess.Ending.exit(status: 2), 1, true, true, RestartPolicy.Verdict.giveUp),
        (.exit(status: 2), 1, true, false, .giveUp),
        (.exit(status: 127), 1, false, true, .giveUp),
        (.exit(status: 126), 1, true, true, .giveUp),
        // What may be better next time, later and later.
        (.exit(status: 255), 1, false, true, .restart(afterSeconds: 1)),
        (.exit(status: 255), 4, false, true, .restart(afterSeconds: 8)),
        (.exit(status: 255), 5, false, true, .giveUp),
        (.signal(9), 0, true, false, .restart(afterSeconds: 0.5)),
        (.signal(9), 4, false, false, .restart(afterSeconds: 8)),
        (.signal(9), 5, true, false, .giveUp),
        (.exit(status: 137), 5, true, true, .giveUp),
        // A host that worked is waited for.
        (.exit(status: 255), 5, true, true, .restart(afterSeconds: 16)),
        (.exit(status: 255), 1000, true, true, .restart(afterSeconds: 300)),
    ])
    func anEndingHasItsVerdict(
        _ ending: ChildProcess.Ending, _ failedStarts: Int, _ wasEverReady: Bool, _ isRemote: Bool,
        _ verdict: RestartPolicy.Verdict
    ) {
        #expect(
            RestartPolicy.verdict(
                on: ending, failedStarts: failedStarts, wasEverReady: wasEverReady, isRemote: isRemote) == verdict)
    }
}
