import Foundation
import TestEnvironment
import Testing

/// Workers that have nothing but the coordinator's address.
@Suite(.serialized, .needs(.model), .hangLimit)
struct ModelTransferTests {
    private static let model = URL(filePath: Programs.model)
    private static let modelBytes = (try? Data(contentsOf: model)) ?? Data()
    private static let digest = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

    /// What the job gives with workers that have the model.
    private static let undisturbed = Task {
        let cluster = try Cluster()
        try cluster.folder.configure(cluster: cluster.settings)
        try cluster.shorten()
        _ = try await cluster.folder.run()
        return try cluster.folder.output
    }

    /// Chunks that may be on their way, or half written, when a process is killed.
    private static let chunksLost = 8 << 20

    /// A job whose model only the coordinator finds: its path leads through the process's own working folder.
    private final class Cluster: Sendable {
        let folder: JobFolder
        let port: UInt16
        private let name = Programs.model.split(separator: "/").last.map(String.init) ?? ""

        init(model settings: String = "") throws {
            folder = try JobFolder()
            port = try FreePort().number
            try folder.configure(model: "/proc/self/cwd/\(name)", cluster: self.settings)
            let text = try String(contentsOfFile: folder.configuration, encoding: .utf8)
            try folder.write(text.replacing("precision: f32", with: "precision: f32\(settings)"), to: "cluster.yaml")
            for name in ["with", "without/models"] {
                try FileManager.default.createDirectory(
                    atPath: folder.path(name), withIntermediateDirectories: true)
            }
            try FileManager.default.createSymbolicLink(
                atPath: folder.path("with/\(name)"), withDestinationPath: Programs.model)
            try shorten()
        }

        var settings: String {
            "{listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 256, \(JobFolder.Timing.alert)}"
        }

        /// A few rows are enough.
        func shorten() throws {
            for (file, count) in [("anchors.jsonl", 6), ("rows.jsonl", 10)] {
                let lines = try String(contentsOfFile: folder.path(file), encoding: .utf8).split(separator: "\n")
                try folder.write(lines.prefix(count).joined(separator: "\n"), to: file)
            }
        }

        func coordinator() throws -> RunningProgram {
            try RunningProgram(
                Programs.coordinator, ["run", folder.configuration, "--local-workers", "0"],
                workingFolder: folder.path("with"))
        }

        /// A worker with nothing; and with another port, through a proxy.
        func worker(port: UInt16? = nil) throws -> RunningProgram {
            try RunningProgram(
                Programs.worker,
                ["--connect", "tcp://127.0.0.1:\(port ?? self.port)", "--cache", folder.path("cache"), "--lanes", "1"],
                workingFolder: folder.path("without"))
        }

        var cached: String { folder.path("cache/models/\(ModelTransferTests.digest).gguf") }
        var partial: String { folder.path("cache/models/\(ModelTransferTests.digest).partial") }

        var partialBytes: Int {
            (try? FileManager.default.attributesOfItem(atPath: partial)[.size] as? Int) ?? 0
        }

        /// Puts a file there that is the model but for its last byte, which nothing notices but the digest.
        func putDamagedModel(at path: String) throws {
            var bytes = ModelTransferTests.modelBytes
            bytes[bytes.count - 1] ^= 1
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try bytes.write(to: URL(filePath: path))
        }
    }

    /// The bytes of the model that a coordinator says to have sent.
    private func bytesServed(by coordinator: RunningProgram) throws -> Int {
        let match = try #require(
            coordinator.errors.firstMatch(of: #/served the model.*bytes=([0-9]+)/#), "\(coordinator.errors)")
        return try #require(Int(match.1))
    }

    private func expectSuccess(_ coordinator: RunningProgram, _ cluster: Cluster) async throws {
        let exit = await coordinator.exit()
        try #require(exit == .init(status: 0, isSignal: false), "\(coordinator.errors)")
        #expect(try await cluster.folder.output == Self.undisturbed.value)
    }

    @Test func aWorkerThatHasNothingGetsTheModel() async throws {
        let cluster = try Cluster()
        let coordinator = try cluster.coordinator()
        let worker = try cluster.worker()
        try await expectSuccess(coordinator, cluster)
        #expect(await worker.exit().status == 0, "\(worker.errors)")
        #expect(worker.errors.contains("the model is downloaded"))
        #expect(try Data(contentsOf: URL(filePath: cluster.cached)) == Self.modelBytes)
        #expect(try bytesServed(by: coordinator) == Self.modelBytes.count)
        print(worker.errors.split(separator: "\n").filter { $0.contains("download") }.joined(separator: "\n"))
    }

    @Test func aKilledWorkersDownloadGoesOnWhereItWas() async throws {
        let cluster = try Cluster()
        let coordinator = try cluster.coordinator()
        let proxy = try HoldingProxy(to: cluster.port, holdingAfter: 40 << 20)
        defer { proxy.release() }
        let victim = try cluster.worker(port: proxy.port)
        try #require(try await eventually { cluster.partialBytes >= 30 << 20 }, "\(victim.errors)")
        victim.kill()
        _ = await victim.exit()
        let there = cluster.partialBytes
        let worker = try cluster.worker()
        try await expectSuccess(coordinator, cluster)
        #expect(await worker.exit().status == 0, "\(worker.errors)")
        #expect(try Data(contentsOf: URL(filePath: cluster.cached)) == Self.modelBytes)
        #expect(!FileManager.default.fileExists(atPath: cluster.partial))
        let served = try bytesServed(by: coordinator)
        print("\(there) bytes were there, \(served) bytes were sent for \(Self.modelBytes.count)")
        #expect(served >= Self.modelBytes.count && served <= Self.modelBytes.count + Self.chunksLost)
    }

    @Test func aKilledCoordinatorsDownloadsGoOn() async throws {
        let cluster = try Cluster()
        let first = try cluster.coordinator()
        let proxy = try HoldingProxy(to: cluster.port, holdingAfter: 40 << 20)
        defer { proxy.release() }
        let worker = try cluster.worker(port: proxy.port)
        try #require(try await eventually { cluster.partialBytes >= 30 << 20 }, "\(worker.errors)")
        first.kill()
        _ = await first.exit()
        let there = cluster.partialBytes
        proxy.release()
        let second = try cluster.coordinator()
        try await expectSuccess(second, cluster)
        #expect(await worker.exit().status == 0, "\(worker.errors)")
        #expect(try bytesServed(by: second) <= Self.modelBytes.count - there + Self.chunksLost)
    }

    /// Two workers of a machine, of which one downloads the model, as far as the proxy lets it, and the other waits.
    private func withAWorkerThatWaits(
        _ body: (
            Cluster, _ coordinator: RunningProgram, HoldingProxy, _ first: RunningProgram, _ second: RunningProgram
        )
            async throws -> Void
    ) async throws {
        let cluster = try Cluster()
        let coordinator = try cluster.coordinator()
        let proxy = try HoldingProxy(to: cluster.port, holdingAfter: 20 << 20)
        defer { proxy.release() }
        let first = try cluster.worker(port: proxy.port)
        try #require(try await eventually { cluster.partialBytes >= 10 << 20 }, "\(first.errors)")
        let second = try cluster.worker()
        try #require(
            try await eventually { second.errors.contains("another worker of this machine downloads the model") })
        try await body(cluster, coordinator, proxy, first, second)
    }

    @Test func theWorkersOfAMachineDownloadTheModelOnce() async throws {
        try await withAWorkerThatWaits { cluster, coordinator, proxy, first, second in
            proxy.release()
            try await expectSuccess(coordinator, cluster)
            #expect(await first.exit().status == 0, "\(first.errors)")
            #expect(await second.exit().status == 0, "\(second.errors)")
            #expect(!second.errors.contains("the model is downloaded"))
            #expect(try bytesServed(by: coordinator) == Self.modelBytes.count)
        }
    }

    @Test func aWorkerThatWaitsTakesOverFromOneThatIsKilled() async throws {
        try await withAWorkerThatWaits { cluster, coordinator, _, first, second in
            first.kill()
            try await expectSuccess(coordinator, cluster)
            #expect(await second.exit().status == 0, "\(second.errors)")
            #expect(second.errors.contains("the model is downloaded"))
            #expect(try bytesServed(by: coordinator) <= Self.modelBytes.count + Self.chunksLost)
        }
    }

    @Test func aWorkerThatIsAskedToStopStopsAmidTheDownload() async throws {
        let cluster = try Cluster()
        let coordinator = try cluster.coordinator()
        let proxy = try HoldingProxy(to: cluster.port, holdingAfter: 20 << 20)
        defer { proxy.release() }
        let worker = try cluster.worker(port: proxy.port)
        try #require(try await eventually { cluster.partialBytes >= 10 << 20 }, "\(worker.errors)")
        worker.kill(SIGTERM)
        #expect(await worker.exit() == .init(status: 0, isSignal: false), "\(worker.errors)")
        coordinator.kill(SIGTERM)
        _ = await coordinator.exit()
    }

    @Test func aDamagedFileInTheCacheIsDownloadedAnew() async throws {
        let cluster = try Cluster()
        try cluster.putDamagedModel(at: cluster.cached)
        // A damaged beginning, too.
        try Data(repeating: 7, count: 3 << 20).write(to: URL(filePath: cluster.partial))
        let coordinator = try cluster.coordinator()
        let worker = try cluster.worker()
        try await expectSuccess(coordinator, cluster)
        #expect(await worker.exit().status == 0)
        #expect(worker.errors.contains("the model in the cache is damaged"), "\(worker.errors)")
        #expect(try Data(contentsOf: URL(filePath: cluster.cached)) == Self.modelBytes)
    }

    @Test func anotherFileOfTheModelsNameIsPassedOver() async throws {
        let cluster = try Cluster(model: ", sha256: \(Self.digest)")
        let name = (Programs.model as NSString).lastPathComponent
        try cluster.putDamagedModel(at: cluster.folder.path("without/models/\(name)"))
        let coordinator = try cluster.coordinator()
        let worker = try cluster.worker()
        try await expectSuccess(coordinator, cluster)
        #expect(await worker.exit().status == 0)
        #expect(worker.errors.contains("a model file is not the job's; looking further"), "\(worker.errors)")
    }

    @Test func aModelThatIsNotServedIsSaidWithBothWaysOut() async throws {
        let cluster = try Cluster(model: ", serve: false")
        let coordinator = try cluster.coordinator()
        let worker = try cluster.worker()
        #expect(await worker.exit().status == 2)
        for part in [
            "the coordinator does not offer the model: its configuration says model.serve: false",
            "name it with --model, or put it where the coordinator's configuration says",
        ] {
            #expect(worker.errors.contains(part), "\(worker.errors)")
        }
        coordinator.kill(SIGTERM)
        _ = await coordinator.exit()
    }

    @Test func anotherDigestThanTheConfigurationsEndsTheJob() async throws {
        let wrong = String(repeating: "0", count: 64)
        let cluster = try Cluster(model: ", sha256: '\(wrong)'")
        let coordinator = try cluster.coordinator()
        #expect(await coordinator.exit() == .init(status: 2, isSignal: false))
        #expect(
            coordinator.errors.contains("expected the SHA-256 of model.sha256, \(wrong), found \(Self.digest)"),
            "\(coordinator.errors)")
    }
}
