internal import Digest
internal import Engine
internal import Foundation
internal import Protocol

/// The model in memory, and how to compute with it.
struct LoadedEngine: Sendable {
    let embedder: Embedder
    let computation: UnitComputation
    let description: LoadedModel
}

/// Finds the job's model file on this machine and loads it.
struct ModelLoader: Sendable {
    /// The operator's `--model`, which counts before all else.
    let override: String?
    let lanes: Int

    /// - Throws: `JobError`, `ModelFileError` and whatever else keeps this worker from taking part.
    func load(_ job: JobSpecification) throws -> LoadedEngine {
        let path = try locate(job)
        guard let precision = Precision(rawValue: job.precision), let backend = Backend(rawValue: job.backend) else {
            throw JobError("this worker does not know model.precision: \(job.precision), model.backend: \(job.backend)")
        }
        let digest = DigestInBackground(path: path)
        let embedder = try Embedder(
            modelPath: path, precision: precision, backend: backend, loadingThreads: lanes)
        return LoadedEngine(
            embedder: embedder,
            computation: try UnitComputation(job: job, embedder: embedder),
            description: LoadedModel(
                digest: try digest.wait().description, name: (path as NSString).lastPathComponent,
                tokenizer: embedder.tokenizer.identity, layerCount: embedder.model.layerCount,
                hiddenSize: embedder.model.hiddenSize, contextLength: embedder.model.contextLength,
                precision: embedder.precision.rawValue, numericBuild: embedder.numericBuild,
                // One unit in each lane, and one that waits so that no lane does.
                credit: 2 * lanes,
                rowsAhead: Self.bytesAhead
                    / (2 * job.layers.count * embedder.model.hiddenSize * MemoryLayout<Float>.size)))
    }

    /// Memory for the vectors of rows that wait for the direction.
    private static let bytesAhead = 256 << 20

    private func locate(_ job: JobSpecification) throws -> String {
        let name = (job.modelPath as NSString).lastPathComponent
        let candidates = override.map { [$0] } ?? [job.modelPath, "models/\(name)"]
        guard let path = candidates.first(where: FileManager.default.isReadableFile) else {
            let tried = candidates.joined(separator: ", ")
            throw JobError(
                "the job's model is not on this machine; tried \(tried). Copy it here and name it with --model")
        }
        return path
    }
}

/// Reads a file's digest on another thread while the file is loaded.
private final class DigestInBackground: Sendable {
    private nonisolated(unsafe) var outcome: Result<SHA256Digest, any Error>?
    private let finished = DispatchSemaphore(value: 0)

    init(path: String) {
        Thread { [self] in
            outcome = Result { try SHA256Digest(ofFile: path) }
            finished.signal()
        }.start()
    }

    /// Call once.
    func wait() throws -> SHA256Digest {
        finished.wait()
        guard let outcome else { preconditionFailure("signalled without an outcome") }
        return try outcome.get()
    }
}
