import Foundation
import Margins
import Safetensors
import TestEnvironment
import Testing

/// Embeddings that a job keeps, and `legend-coordinator project`.
@Suite(.serialized, .needs(.model), .hangLimit)
struct ProjectTests {
    private static let keeping =
        "{layer: -1, token: last, keep_embeddings: true, keep_layers: [20], keep_tokens: [mean-response]}"

    /// A finished job that kept two layers and two tokens; its coordinator was killed on the way, in both steps.
    private static let finished = Task {
        let folder = try JobFolder()
        try folder.configure(embedding: keeping)
        for count in [4, 20] {
            let program = try folder.start()
            try await folder.atResults(count, of: program) { program.kill() }
            _ = await program.exit()
        }
        let (program, exit) = try await folder.run()
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        return folder
    }

    private func project(_ folder: JobFolder, _ more: String...) async throws -> (
        program: RunningProgram, status: Int32
    ) {
        let arguments = ["project", folder.configuration, "--output", folder.path("projected.jsonl")] + more
        let program = try RunningProgram(Programs.coordinator, arguments)
        return (program, await program.exit().status)
    }

    private func margins(
        _ folder: JobFolder, _ name: String, _ column: KeyPath<JobFolder.Row, Double?> = \.margin
    ) throws -> [Double] {
        try JobFolder.Row.all(in: Data(contentsOf: folder.url.appending(path: name))).map {
            try #require($0[keyPath: column])
        }
    }

    /// The largest difference, in standard deviations of the margins.
    private func difference(_ found: [Double], _ expected: [Double], _ name: String) -> Double {
        guard found.count == expected.count else { return .infinity }
        var statistics = MarginStatistics()
        for margin in expected { statistics.add(margin) }
        let differences = zip(found, expected).map { abs($0 - $1) / statistics.standardDeviation }
        let mean = differences.reduce(0, +) / Double(differences.count)
        print(
            "project, \(name): margins differ by \(mean) standard deviations on average, \(differences.max()!) at most")
        return differences.max()!
    }

    @Test func whatIsKeptOfAUnitFitsInOneMessage() async throws {
        let folder = try JobFolder()
        let layers = (0...30).map(String.init).joined(separator: ", ")
        try folder.configure(
            embedding: "{layer: -1, token: last, keep_embeddings: true, keep_layers: [\(layers)], keep_tokens: [mean]}",
            cluster: "{listen: 'tcp://127.0.0.1:*', unit_tokens: 100000}")
        // The coordinator cuts without knowing the model, and nobody joins.
        let program = try folder.start(workers: 0)
        func ledger() throws -> LedgerView { try LedgerView(folder: folder.path("out.state")) }
        try #require(
            try await eventually { (try? ledger().rowCounts().reduce(0, +)) == 84 }, "\(program.errors)")
        #expect(try ledger().rowCounts().max() == 4)
        program.kill()
        _ = await program.exit()
    }

    @Test func keepingChangesNoMarginAndAllRowsAreKeptOnce() async throws {
        let folder = try await Self.finished.value
        let plain = try JobFolder()
        try plain.configure(source: "direction: \(folder.path("out.direction.safetensors"))")
        _ = try await plain.run()
        #expect(try folder.output == plain.output)
        let store = folder.url.appending(path: "out.embeddings")
        for (name, count) in [("rows-00000", 60), ("anchors-00000", 24)] {
            let bytes = try [UInt8](Data(contentsOf: store.appending(path: name + ".safetensors")))
            let start = try SafetensorsHeader.byteCount(prefix: bytes.prefix(8), fileBytes: bytes.count)
            let header = try SafetensorsHeader(serialized: bytes[..<start], dataBytes: bytes.count - start)
            let readouts = ["20/last", "20/mean-response", "30/last", "30/mean-response"]
            for readout in readouts { #expect(header.tensors["vectors/" + readout]?.shape == [count, 2, 576]) }
            #expect(header.metadata["readouts"] == readouts.joined(separator: ", "))
        }
    }

    @Test func theJobsOwnLayerGivesItsMarginsButForRounding() async throws {
        let folder = try await Self.finished.value
        let (program, status) = try await project(folder)
        try #require(status == 0, "\(program.errors)")
        #expect(program.output.contains("60 of 60 rows annotated") && !program.output.contains("direction file"))
        let found = try margins(folder, "projected.jsonl")
        #expect(try difference(found, margins(folder, "out.jsonl"), "own layer") <= 0.005)
        #expect(try Data(contentsOf: folder.url.appending(path: "projected.jsonl")) != folder.output)
    }

    @Test(arguments: [(20, "last"), (30, "mean-response"), (20, "mean-response")])
    func anotherLayerOrTokenGivesTheMarginsOfAJobWithIt(_ layer: Int, _ token: String) async throws {
        let folder = try await Self.finished.value
        let job = try JobFolder()
        try job.configure(embedding: "{layer: \(layer), token: \(token)}")
        _ = try await job.run()
        let layers = layer == 30 ? ["--layer", "-1"] : ["--layer", "\(layer)"]
        let (program, status) = try await project(folder, layers[0], layers[1], "--token", token)
        try #require(status == 0, "\(program.errors)")
        let found = try margins(folder, "projected.jsonl", \.marginRaw)
        #expect(try difference(found, job.rows.map { try #require($0.marginRaw) }, "layer \(layer), \(token)") <= 0.005)
        // The direction that was fitted on what was kept is a direction as any other.
        let saved = folder.path("projected.direction.safetensors")
        #expect(program.output.contains("direction file: \(saved)"))
        let (again, exit) = try await project(folder, "--direction", saved, "--output", folder.path("again.jsonl"))
        #expect(exit == 0, "\(again.errors)")
        #expect(try margins(folder, "again.jsonl", \.marginRaw) == found)
    }

    @Test func whatCannotBeProjectedIsRefusedWithWhatIsWrong() async throws {
        let folder = try await Self.finished.value
        func expectRefusal(_ more: [String], _ problem: String, status: Int32 = 2) async throws {
            let program = try RunningProgram(
                Programs.coordinator, ["project", folder.configuration, "--output", folder.path("no.jsonl")] + more)
            #expect(await program.exit().status == status, "\(more)")
            #expect(program.errors.contains(problem), "\(program.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder.path("no.jsonl")))
        }
        try await expectRefusal(["--layer", "19"], "layer 19 is not kept; kept are 20, 30 (embedding.keep_layers)")
        try await expectRefusal(
            ["--token", "mean"], "token \"mean\" is not kept; kept are last, mean-response (embedding.keep_tokens)")
        try await expectRefusal(
            ["--direction", folder.path("out.direction.safetensors"), "--layer", "20"],
            "embedding.layer is 20, but the direction was fitted with 30")
        try await expectRefusal(["--direction", folder.path("none")], "no such file, or not readable")
        let link = folder.path("link.jsonl")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: Programs.model)
        for (own, relation) in [
            ("out.jsonl", "is the same as job.output"), ("rows.jsonl", "is the same as job.input"),
            ("out.errors.jsonl", "is the same as job.errors"),
            ("out.state/x.jsonl", "is within job.state"), ("out.embeddings/x", "is within job.embeddings"),
            ("anchors.jsonl", "is the same as job.anchors"), ("cluster.yaml", "is the same as this configuration"),
            ("link.jsonl", "is the same as model.path"),
        ] {
            try await expectRefusal(["--output", folder.path(own)], "--output (\(folder.path(own))) \(relation)")
        }
        try FileManager.default.removeItem(atPath: link)
        try await expectRefusal(
            ["--layer", "20", "--output", folder.path("out.jsonl.gz")], "is the same as job.direction_output")
        let direction = folder.path("out.direction.safetensors")
        try await expectRefusal(["--direction", direction, "--output", direction], "is the same as --direction")

        // Files of the job that are not as they were.
        let store = folder.url.appending(path: "out.embeddings")
        let (rows, anchors) = (
            store.appending(path: "rows-00000.safetensors"), store.appending(path: "anchors-00000.safetensors")
        )
        let moved = store.appending(path: "moved")
        try FileManager.default.moveItem(at: rows, to: moved)
        try await expectRefusal([], "rows-00000.safetensors: cannot open: No such file or directory", status: 1)
        try FileManager.default.copyItem(at: anchors, to: rows)
        try await expectRefusal(
            [], "rows-00000.safetensors is not of this job: responses: expected chosen, rejected", status: 1)
        try FileManager.default.removeItem(at: rows)
        try FileManager.default.moveItem(at: moved, to: rows)
        let text = try String(contentsOfFile: folder.configuration, encoding: .utf8)
        try folder.write(text.replacing("keep_layers: [20]", with: "keep_layers: [21]"), to: "cluster.yaml")
        try await expectRefusal([], "changed since: embedding.keep_embeddings")
        try folder.write(
            text.replacing("keep_embeddings: true, keep_layers: [20], keep_tokens: [mean-response]", with: ""),
            to: "cluster.yaml")
        try await expectRefusal([], "expected embedding.keep_embeddings: true")
        try folder.write(text, to: "cluster.yaml")
    }

    @Test func anUnfinishedJobIsNotProjected() async throws {
        let folder = try JobFolder()
        try folder.configure(embedding: Self.keeping)
        let (unknown, refusal) = try await project(folder)
        #expect(refusal == 2 && unknown.errors.contains("found none; `legend-coordinator run` first"))
        let program = try folder.start()
        // So that it does not end in the meantime.
        try await folder.atResults(20, of: program) { program.kill(SIGSTOP) }
        let (running, used) = try await project(folder)
        #expect(used == 1 && running.errors.contains("another legend-coordinator runs this job"), "\(running.errors)")
        program.kill()
        _ = await program.exit()
        let (killed, unfinished) = try await project(folder)
        #expect(unfinished == 2 && killed.errors.contains("the job is not finished"), "\(killed.errors)")
    }
}
