import Foundation
import ModelFiles
import Safetensors
import TestEnvironment
import Testing

/// Models of several files: jobs that read them, and workers that get them from the coordinator.
@Suite(.serialized, .hangLimit)
struct ManyFileModelTests {
    /// Chunks that may be on their way, or half written, when a process is killed.
    private static let chunksLost = 8 << 20

    /// A job whose model only the coordinator finds: its path leads through the process's own working folder.
    private final class Cluster: Sendable {
        let folder: JobFolder
        let port: UInt16
        let cache: String

        /// Of the job's model, as both sides must find it.
        let digest: String

        init(_ model: ManyFileModel, cache: String? = nil) throws {
            folder = try JobFolder()
            port = try FreePort().number
            self.cache = cache ?? folder.path("cache")
            try model.write(to: folder.path("with/tiny"))
            try FileManager.default.createDirectory(
                atPath: folder.path("without"), withIntermediateDirectories: true)
            digest = try ModelParts(path: folder.path("with/tiny/\(model.name)")).digest()
            try folder.configure(
                model: "/proc/self/cwd/tiny/\(model.name)",
                cluster: "{listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 4096, \(JobFolder.Timing.alert)}")
            for (file, count) in [("anchors.jsonl", 6), ("rows.jsonl", 10)] {
                let lines = try String(contentsOfFile: folder.path(file), encoding: .utf8).split(separator: "\n")
                try folder.write(lines.prefix(count).joined(separator: "\n"), to: file)
            }
        }

        func coordinator(workers: Int = 0) throws -> RunningProgram {
            try RunningProgram(
                Programs.coordinator, ["run", folder.configuration, "--local-workers", "\(workers)"],
                workingFolder: folder.path("with"))
        }

        /// A worker with nothing; and with another port, through a proxy.
        func worker(port: UInt16? = nil, _ more: String...) throws -> RunningProgram {
            try RunningProgram(
                Programs.worker,
                ["--connect", "tcp://127.0.0.1:\(port ?? self.port)", "--cache", cache, "--lanes", "1"] + more,
                workingFolder: folder.path("without"))
        }

        var cached: String { "\(cache)/models/\(digest)" }

        var models: [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: cache + "/models")) ?? []).sorted()
        }

        var partialBytes: Int {
            let folder = cached + ".parts"
            return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).reduce(0) { sum, name in
                sum + ((try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.size] as? Int) ?? 0)
            }
        }
    }

    private func expectSuccess(_ program: RunningProgram) async throws {
        let exit = await program.exit()
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
    }

    /// What the job gives with a worker that reads the model where it lies.
    private func undisturbed(_ model: ManyFileModel) async throws -> Data {
        let cluster = try Cluster(model)
        let coordinator = try cluster.coordinator(workers: 1)
        try await expectSuccess(coordinator)
        #expect(!coordinator.errors.contains("served the model"))
        let rows = try cluster.folder.rows
        let margins = Set(rows.compactMap(\.marginRaw))
        #expect(rows.count == 10 && margins.count == 10, "\(margins.count) margins of \(rows.count) rows")
        return try cluster.folder.output
    }

    @Test(arguments: [try ManyFileModel.folder(), ManyFileModel.splitGGUF()])
    func aKilledWorkersDownloadGoesOnAndGivesTheSameMargins(_ model: ManyFileModel) async throws {
        let expected = try await undisturbed(model)
        let cluster = try Cluster(model)
        let coordinator = try cluster.coordinator()
        let proxy = try HoldingProxy(to: cluster.port, holdingAfter: 6 << 20)
        defer { proxy.release() }
        let victim = try cluster.worker(port: proxy.port)
        try #require(try await eventually { cluster.partialBytes >= 3 << 20 }, "\(victim.errors)")
        victim.kill()
        _ = await victim.exit()
        let there = cluster.partialBytes
        #expect(cluster.models == ["\(cluster.digest).partial", "\(cluster.digest).parts"])
        let worker = try cluster.worker()
        try await expectSuccess(coordinator)
        try await expectSuccess(worker)
        #expect(worker.errors.contains("the model is downloaded"), "\(worker.errors)")
        #expect(try cluster.folder.output == expected)
        let match = try #require(coordinator.errors.firstMatch(of: #/served the model.*bytes=([0-9]+)/#))
        let served = try #require(Int(match.1))
        print("\(there) bytes were there, \(served) bytes were sent for \(model.byteCount)")
        #expect(served >= model.byteCount && served <= model.byteCount + Self.chunksLost)
        try expectCached(model, cluster)
        let direction = try TensorFile(
            serialized: [UInt8](Data(contentsOf: URL(filePath: cluster.folder.path("out.direction.safetensors")))))
        #expect(direction.metadata["architecture"] == "llama" && direction.metadata["modelSHA256"] == cluster.digest)
    }

    /// Whatever the files are called, the copy is the model's.
    private func expectCached(_ model: ManyFileModel, _ cluster: Cluster) throws {
        #expect(cluster.models == [cluster.digest])
        for (name, bytes) in model.files {
            let copy = name.hasSuffix(".gguf") ? name.replacing("tiny", with: "model") : name
            #expect(FileManager.default.contents(atPath: "\(cluster.cached)/\(copy)") == Data(bytes), "\(name)")
        }
    }

    @Test func aDamagedFolderInTheCacheIsDownloadedAnew() async throws {
        let model = try ManyFileModel.folder()
        let cluster = try Cluster(model)
        var damaged = model.files
        damaged["model-00001-of-00002.safetensors"]?[1 << 20] ^= 1
        damaged["tokenizer_config.json"] = nil
        try ManyFileModel(files: damaged, name: "", testDescription: "").write(to: cluster.cached)
        let coordinator = try cluster.coordinator()
        let worker = try cluster.worker()
        try await expectSuccess(coordinator)
        try await expectSuccess(worker)
        #expect(worker.errors.contains("the model in the cache is damaged"), "\(worker.errors)")
        try expectCached(model, cluster)
    }

    @Test func aWorkersOwnCopyIsTakenWhateverItIsCalled() async throws {
        let model = ManyFileModel.splitGGUF()
        let cluster = try Cluster(model)
        let files = Dictionary(
            model.files.map { ($0.key.replacing("tiny", with: "other"), $0.value) },
            uniquingKeysWith: { first, _ in first })
        try ManyFileModel(files: files, name: "", testDescription: "").write(to: cluster.folder.path("own"))
        let coordinator = try cluster.coordinator()
        let worker = try cluster.worker("--model", cluster.folder.path("own/other-00003-of-00003.gguf"))
        try await expectSuccess(coordinator)
        try await expectSuccess(worker)
        #expect(cluster.models == [] && !coordinator.errors.contains("served the model"))
    }

    @Test func validateSaysWhatAModelIsMadeOfAndWhatIsMissing() async throws {
        let cluster = try Cluster(try ManyFileModel.folder())
        func validate() async throws -> (RunningProgram, Int32) {
            let program = try RunningProgram(
                Programs.coordinator, ["validate", cluster.folder.configuration],
                workingFolder: cluster.folder.path("with"))
            return (program, await program.exit().status)
        }
        let (sound, status) = try await validate()
        #expect(status == 0 && sound.output.contains("/tiny (7 files, 10 MB)"), "\(sound.output) \(sound.errors)")
        try FileManager.default.removeItem(
            atPath: cluster.folder.path("with/tiny/model-00002-of-00002.safetensors"))
        let (broken, refusal) = try await validate()
        #expect(refusal == 2)
        #expect(
            broken.errors.contains("expected all 7 files of the model, found no file model-00002-of-00002.safetensors"),
            "\(broken.errors)")
        #expect(broken.errors.contains("model-00002-of-00002.safetensors"), "\(broken.errors)")
    }
}
