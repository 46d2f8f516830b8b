internal import Diagnostics
internal import Engine
internal import FileSystem
internal import Foundation
internal import Logging
internal import ModelFiles
internal import Protocol
internal import Tokenizers

/// The model in memory, and how to compute with it.
struct LoadedEngine: Sendable {
    enum Computation: Sendable {
        case embedding(UnitComputation)
        case generation(GenerationComputation)
    }

    let embedder: Embedder
    let computation: Computation
    let description: LoadedModel
}

/// Finds the job's model on this machine, or gets it from the coordinator, and loads it.
struct ModelLoader: Sendable {
    /// The operator's `--model`, which counts before all else.
    let override: String?
    let lanes: Int
    let fetcher: ModelFetcher
    let logger: Logger

    /// Memory for the vectors of texts that wait for the scorer.
    private static let bytesAhead = 256 << 20

    /// A model at hand is loaded whatever it is where the job's digest is not known yet: the coordinator decides then.
    ///
    /// - Throws: `Problem`, `ModelFileError` and whatever else keeps this worker from taking part.
    func load(_ job: JobSpecification) throws -> LoadedEngine {
        if let override {
            guard FileManager.default.isReadableFile(atPath: override) else {
                throw Problem("the model named with --model cannot be read or is not there: \(override)")
            }
            return try load(job, from: override, named: override, expecting: "")
        }
        var tried: [String] = []
        for path in [job.modelPath, "models/\(job.modelName)"] {
            guard FileManager.default.isReadableFile(atPath: path) else {
                tried.append(path)
                continue
            }
            do {
                return try load(job, from: path, named: path, expecting: job.modelDigest)
            } catch let other as OtherModel {
                tried.append("\(path) (which is another model)")
                logger.warning("a model file is not the job's; looking further", metadata: ["reason": "\(other)"])
            }
        }
        return try loadFetched(job, tried: tried)
    }

    /// A model in the cache was right when it came there, and may have been damaged since.
    private func loadFetched(_ job: JobSpecification, tried: [String]) throws -> LoadedEngine {
        var isSecondTry = false
        while true {
            let (path, digest) = try fetch(job, tried: tried)
            let place = fetcher.cache.cached(digest)?.place ?? path
            let status = FileStatus(path: place)
            do {
                return try load(job, from: path, named: job.modelName, expecting: digest)
            } catch let other as OtherModel where !isSecondTry {
                logger.warning(
                    "the model in the cache is damaged; it is downloaded anew", metadata: ["reason": "\(other)"])
                try fetcher.cache.remove(place, ifStill: status)
                isSecondTry = true
            }
        }
    }

    private func fetch(_ job: JobSpecification, tried: [String]) throws -> (path: String, digest: String) {
        do {
            return try fetcher.fetch(job.modelDigest)
        } catch let failure as ModelDownload.Failure {
            let places = (tried + [fetcher.cache.models]).joined(separator: ", ")
            throw Problem(
                """
                the job's model is not on this machine; tried \(places); and \(failure). Copy the model here and name \
                it with --model, or put it where the coordinator's configuration says (model.path)
                """)
        }
    }

    /// - Parameters:
    ///   - name: what the model is called, with or without folders.
    ///   - expected: the digest that the model must have; empty for any.
    /// - Throws: `OtherModel` where it has another one, also where it cannot be loaded for that reason.
    private func load(
        _ job: JobSpecification, from path: String, named name: String, expecting expected: String
    ) throws -> LoadedEngine {
        let digest = DigestInBackground(path: path)
        let embedder: Embedder
        do {
            embedder = try Embedder(
                modelPath: path, precision: .init(job.precision), backend: .init(job.backend),
                attention: .init(job.attention), predictsTokens: job.generation != nil, loadingThreads: lanes)
        } catch {
            // Half a copy of the right model, for example.
            try digest.wait(expecting: expected)
            throw error
        }
        try digest.wait(expecting: expected)
        let (computation, credit, textsAhead) = try computation(of: job, embedder)
        return LoadedEngine(
            embedder: embedder,
            computation: computation,
            description: LoadedModel(
                digest: try digest.wait(), name: name.modelName,
                architecture: embedder.model.architecture, tokenizer: embedder.tokenizer.identity,
                layerCount: embedder.model.layerCount,
                hiddenSize: embedder.model.hiddenSize, contextLength: embedder.model.contextLength,
                precision: .init(embedder.precision), attention: .init(embedder.attention),
                numericBuild: embedder.numericBuild,
                credit: credit, textsAhead: textsAhead, warnings: embedder.warnings))
    }

    /// How the job's units are computed, how many units are in hand, and how many texts are embedded ahead.
    private func computation(
        of job: JobSpecification, _ embedder: Embedder
    ) throws -> (LoadedEngine.Computation, credit: Int, textsAhead: Int) {
        // One unit that waits for each lane, so that no lane does.
        guard let room = job.generation else {
            let computation = try UnitComputation(job: job, embedder: embedder)
            let ahead = min(LoadedModel.textsAheadMax, Self.bytesAhead / computation.bytesPerText)
            return (.embedding(computation), 2 * lanes, ahead)
        }
        let computation = try GenerationComputation(job: job, room: room, embedder: embedder)
        logger.info(
            "texts are generated",
            metadata: [
                "atATime": "\(room.sequences) in each of \(lanes.counted("lane"))",
                "keysAndValues": "\(room.cacheBytes >> 20) MiB in each lane, for \(computation.cacheTokens) tokens",
            ])
        if embedder.tokenizer.endTokens.isEmpty {
            logger.warning("the model's file names no token that ends a text: texts end at the limit alone")
        }
        return (.generation(computation), min((room.units + 1) * lanes, LoadedModel.creditMax), 0)
    }
}

extension JobSpecification {
    fileprivate var modelName: String { modelPath.modelName }
}

extension String {
    /// What a model at this path is called. Folders may be named without their names, such as `.`.
    fileprivate var modelName: String {
        let name = ((self as NSString).standardizingPath as NSString).lastPathComponent
        return ["", ".", "..", "/"].contains(name) ? "model" : name
    }
}

/// A model that is not the one that is looked for.
private struct OtherModel: Error, CustomStringConvertible {
    let path: String

    /// Its digest, or why it has none.
    let found: Result<String, any Error>
    let expected: String

    var description: String {
        switch found {
        case .success(let digest): "\(path) has SHA-256 \(digest); the job's model has \(expected)"
        case .failure(let error): "\(path) is not the job's model, of SHA-256 \(expected): \(error)"
        }
    }
}

/// Reads a model's digest on another thread while the model is loaded.
private final class DigestInBackground: Sendable {
    private let path: String
    private nonisolated(unsafe) var outcome: Result<String, any Error>?
    private let finished = DispatchSemaphore(value: 0)

    init(path: String) {
        self.path = path
        Thread { [self] in
            outcome = Result { try ModelParts(path: path).digest() }
            finished.signal()
        }.start()
    }

    private var result: Result<String, any Error> {
        finished.wait()
        // For the next call.
        finished.signal()
        guard let outcome else { preconditionFailure("signalled without an outcome") }
        return outcome
    }

    func wait() throws -> String { try result.get() }

    /// - Throws: `OtherModel` where it is another digest, or the model cannot be read, unless any is right.
    func wait(expecting expected: String) throws {
        let found = result
        if expected.isEmpty { return }
        if case .success(expected) = found { return }
        throw OtherModel(path: path, found: found, expected: expected)
    }
}
