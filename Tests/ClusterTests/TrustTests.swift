import Foundation
import TestEnvironment
import Testing

/// What a person must know to trust a job's numbers is said, also by a coordinator that goes on with a job.
@Suite(.serialized, .needs(.model), .hangLimit)
struct TrustTests {
    /// The sample model with one key of its metadata under a name that nobody knows.
    private func writeModelWithUnknownKey(to folder: JobFolder) throws {
        var bytes = try Data(contentsOf: URL(filePath: Programs.model))
        let key = try #require(bytes.range(of: Data("llama.vocab_size".utf8)))
        bytes.replaceSubrange(key, with: Data("llama.vocab_sauce".utf8.prefix(key.count)))
        try bytes.write(to: folder.url.appending(path: "odd.gguf"))
    }

    @Test func warningsOfTheModelAndTheHeldOutAnchorsAreSaidAtEveryEnd() async throws {
        let folder = try JobFolder()
        try writeModelWithUnknownKey(to: folder)
        try folder.configure(model: folder.path("odd.gguf"))
        let (first, exit) = try await folder.run()
        try #require(exit.status == 0, "\(first.errors)")
        let warning = """
            odd.gguf: its file has metadata that is not known here and is passed over: "llama.vocab_sauc"
            """
        #expect(first.output.contains("warning: " + warning))
        #expect(first.errors.ranges(of: "\(warning)").count >= 1, "\(first.errors)")
        let heldOut = try #require(first.output.split(separator: "\n").first { $0.hasPrefix("held out: ") })
        #expect(heldOut.contains(" of 24 anchor pairs on the right side of a direction fitted without "))
        // Another life of the coordinator reads all of that from the ledger.
        let (second, again) = try await folder.run(workers: 0)
        #expect(again.status == 0, "\(second.errors)")
        #expect(second.output == first.output)
    }

    @Test func aDirectionFromAFileHasItsSharesWithIt() async throws {
        let first = try JobFolder()
        try first.configure()
        let (fitting, _) = try await first.run()
        let second = try JobFolder()
        // In what it was fitted in, whatever is fastest here.
        try second.configure(source: "direction: \(first.path("out.direction.safetensors"))", precision: "auto")
        let (projecting, exit) = try await second.run()
        try #require(exit.status == 0, "\(projecting.errors)")
        let heldOut = try #require(fitting.output.split(separator: "\n").first { $0.hasPrefix("held out: ") })
        #expect(projecting.output.contains(heldOut))
    }

    @Test func whatAJobComputesInIsChosenOnceThoughTheCoordinatorIsKilled() async throws {
        let folder = try JobFolder()
        try folder.configure(input: Programs.demoRows, precision: "auto")
        let killed = try folder.start(workers: 1)
        try await folder.atResults(1, of: killed) { killed.kill() }
        _ = await killed.exit()
        #expect(killed.errors.ranges(of: "chose what the job computes in").count == 1, "\(killed.errors)")
        #expect(killed.errors.contains("times as fast as f32 in matrix products"))
        let (program, exit) = try await folder.run()
        #expect(exit.status == 0, "\(program.errors)")
        #expect(!program.errors.contains("chose what the job computes in"))
        #expect(program.output.contains("220 of 220 rows annotated"))
    }
}
