import Foundation
import GRDB
import JobStore
import TestEnvironment
import Testing

/// What cannot work is said clearly, before any row is lost.
@Suite(.serialized, .needs(.model), .hangLimit)
struct RefusalTests {
    @Test func aWorkerWithAnotherModelIsRefusedAndTheJobGoesOn() async throws {
        let folder = try JobFolder()
        let port = try FreePort().number
        try folder.configure(cluster: "{listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 256}")
        // The same model but for one byte at the very end, which nothing notices but the digest.
        var bytes = try Data(contentsOf: URL(filePath: Programs.model))
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: folder.url.appending(path: "other.gguf"))
        let coordinator = try folder.start(workers: 0)
        let good = try RunningProgram(Programs.worker, [folder.configuration, "--name", "good", "--lanes", "1"])
        let other = try await folder.atResults(1, of: coordinator) {
            try RunningProgram(
                Programs.worker, [folder.configuration, "--name", "other", "--model", folder.path("other.gguf")])
        }
        #expect(await other.exit() == .init(status: 2, isSignal: false))
        #expect(other.errors.contains("give the worker that model with --model"), "\(other.errors)")
        #expect(await coordinator.exit().status == 0, "\(coordinator.errors)")
        #expect(await good.exit().status == 0)
    }

    @Test(arguments: [
        (keep: 10_000_000, "truncated"), (keep: 100, "truncated"), (keep: 0, "empty"),
    ])
    func aModelFileThatIsCutOffEndsTheJobWithItsReason(_ keep: Int, _ name: String) async throws {
        let folder = try JobFolder()
        let bytes = try Data(contentsOf: URL(filePath: Programs.model)).prefix(keep)
        try bytes.write(to: folder.url.appending(path: "\(name).gguf"))
        // With a template of ours nothing but a worker looks into the file.
        try folder.configure(
            model: folder.path("\(name).gguf"), embedding: "{template: alpaca, layer: -1, token: last}")
        let (program, exit) = try await folder.run(workers: 2)
        #expect(exit == .init(status: 2, isSignal: false))
        #expect(program.errors.contains("error: no worker is left: "), "\(program.errors)")
        #expect(program.errors.contains("\(name).gguf"), "\(program.errors)")
    }

    @Test func aMissingInputIsReportedOnce() async throws {
        let folder = try JobFolder()
        try folder.configure(input: "none.jsonl")
        let (program, exit) = try await folder.run()
        #expect(exit == .init(status: 2, isSignal: false))
        #expect(program.errors.ranges(of: "none.jsonl").count == 1, "\(program.errors)")
    }

    @Test func aMissingModelEndsTheJobWithWhatWasTried() async throws {
        let folder = try JobFolder()
        try folder.configure(model: "none.gguf", embedding: "{template: alpaca, layer: -1, token: last}")
        let (program, exit) = try await folder.run()
        #expect(exit.status == 2)
        #expect(program.errors.contains("tried \(folder.path("none.gguf"))"), "\(program.errors)")
    }

    @Test(arguments: ["", #"{"prompt": "p", "harmless": "", "harmful": "h"}"#])
    func anchorsOfNoUseEndTheJob(_ anchors: String) async throws {
        let folder = try JobFolder()
        try folder.configure()
        try folder.write(anchors, to: "anchors.jsonl")
        let (program, exit) = try await folder.run()
        #expect(exit == .init(status: 2, isSignal: false))
        #expect(program.errors.contains("no anchor can be used"), "\(program.errors)")
    }

    @Test func anOutputThatIsAFolderIsFoundBeforeTheWork() async throws {
        let folder = try JobFolder()
        try folder.configure()
        try FileManager.default.createDirectory(atPath: folder.path("out.jsonl"), withIntermediateDirectories: true)
        let (program, exit) = try await folder.run()
        #expect(exit.status == 2)
        #expect(program.errors.contains("expected a file or nothing, found a folder"), "\(program.errors)")
        #expect(try folder.results.isEmpty)
    }

    @Test func aPortInUseIsNamed() async throws {
        let folder = try JobFolder()
        let taken = try FreePort.Listener()
        try folder.configure(cluster: "{listen: 'tcp://127.0.0.1:\(taken.port)'}")
        let (program, exit) = try await folder.run()
        // Whoever has the port may leave it.
        #expect(exit.status == 1)
        #expect(program.errors.contains("127.0.0.1:\(taken.port)") && program.errors.contains("choose another port"))
    }

    @Test func everyProblemOfAConfigurationIsReportedAtOnce() async throws {
        let folder = try JobFolder()
        try folder.write(
            """
            job: {input: none.jsonl, output: out.jsonl, anchor: a.jsonl}
            model: {path: m.gguf, precision: f31}
            cluster: {listen: 'tcp://0.0.0.0:5711'}
            """, to: "cluster.yaml")
        let (program, exit) = try await folder.run()
        #expect(exit.status == 2)
        for problem in ["did you mean \"anchors\"?", "expected one of auto, f32, bf16, int8", "cluster.insecure: true"]
        {
            #expect(program.errors.contains(problem), "\(program.errors)")
        }
    }

    @Test func aSecondCoordinatorOfTheSameJobIsRefused() async throws {
        let folder = try JobFolder()
        try folder.configure()
        let first = try folder.start(workers: 0)
        try #require(try await eventually { first.errors.contains("listening") })
        let (second, exit) = try await folder.run()
        #expect(exit.status == 1)
        #expect(second.errors.contains("another legend-coordinator runs this job"), "\(second.errors)")
        first.kill(SIGTERM)
        #expect(await first.exit().status == 1)
    }

    @Test func aLedgerOfAnotherVersionIsRefusedUntilTheJobIsBegunAnew() async throws {
        let folder = try JobFolder()
        try folder.configure()
        try FileManager.default.createDirectory(atPath: folder.path("out.state"), withIntermediateDirectories: true)
        try await DatabaseQueue(path: folder.path("out.state/ledger.sqlite")).write { database in
            try database.execute(
                sql: """
                    CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
                    INSERT INTO grdb_migrations VALUES ('1');
                    """)
        }
        let (program, exit) = try await folder.run()
        #expect(exit == .init(status: 1, isSignal: false))
        #expect(program.errors.contains("ledger.sqlite: it is of another version"), "\(program.errors)")
        let (_, anew) = try await folder.run(workers: 1, "--restart")
        #expect(anew.status == 0)
    }

    @Test func statusShowsTheJobAndSaysWhenNobodyAnswers() async throws {
        let folder = try JobFolder()
        let port = try FreePort().number
        try folder.configure(cluster: "{listen: 'tcp://127.0.0.1:\(port)'}")
        let silent = try RunningProgram(Programs.coordinator, ["status", folder.configuration])
        #expect(await silent.exit().status == 1)
        #expect(silent.errors.contains("no coordinator answers"))
        let job = try folder.start(workers: 0)
        try #require(try await eventually { job.errors.contains("listening") })
        let (status, exit) = try await StatusQuestion.ask([folder.configuration, "--json"])
        #expect(exit.status == 0, "\(status.errors)")
        #expect(
            status.output.contains(#""rowsTotal":24"#) && status.output.contains(#""job":"out""#), "\(status.output)")
        job.kill(SIGTERM)
        _ = await job.exit()
    }
}
