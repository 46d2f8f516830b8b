internal import Engine
internal import Foundation
internal import Protocol
internal import Synchronization

/// A loaded model of one precision.
struct BenchContender: Sendable {
    let embedder: Embedder
    let loadingSeconds: Double

    init(modelPath: String, precision: Engine.Precision, backend: Engine.Backend, predictsTokens: Bool) throws {
        let start = ContinuousClock.now
        embedder = try Embedder(
            modelPath: modelPath, precision: precision, backend: backend, predictsTokens: predictsTokens,
            loadingThreads: ProcessInfo.processInfo.activeProcessorCount)
        loadingSeconds = (ContinuousClock.now - start).seconds
    }
}

/// How long a contender takes for all texts with so many lanes, over some rounds.
struct BenchMeasurement {
    /// About what a coordinator's unit has, where it counts shared tokens once and these are all tokens.
    private static let tokensInUnit = 4096

    let contender: BenchContender
    let lanes: Int
    let sharesPrefixes: Bool
    private let units: [[TokenSequence]]
    private(set) var seconds: [Double] = []
    /// Of all lanes and counted rounds.
    private(set) var times = PartTimes()
    private(set) var tokensComputed = 0

    init(contender: BenchContender, lanes: Int, sharesPrefixes: Bool, texts: BenchTexts) {
        self.contender = contender
        self.lanes = lanes
        self.sharesPrefixes = sharesPrefixes
        units = texts.units(lanes: lanes, tokensInUnit: Self.tokensInUnit)
    }

    var medianSeconds: Double { seconds.sorted()[seconds.count / 2] }

    /// Embeds everything once: lanes take units as they become free.
    mutating func run(counts: Bool) throws {
        let embedder = contender.embedder
        let layer = embedder.model.layerCount
        let (units, sharesPrefixes) = (units, sharesPrefixes)
        let next = Atomic(0)
        let results = Mutex((times: PartTimes(), tokens: 0))
        let elapsed = try BenchThreads.run(lanes) { ready in
            let lane = try embedder.makeLane()
            ready()
            var tokens = 0
            while case let index = next.add(1, ordering: .relaxed).oldValue, index < units.count {
                tokens += try lane.embed(
                    units[index], layers: [layer], poolings: [.lastToken], sharesPrefixes: sharesPrefixes
                ) { _ in true }.tokensComputed
            }
            results.withLock { $0 = ($0.times + lane.times, $0.tokens + tokens) }
        }
        guard counts else { return }
        seconds.append(elapsed)
        results.withLock { result in
            times = times + result.times
            tokensComputed = result.tokens
        }
    }
}

/// The fastest matrix product that this machine was seen to do.
struct BenchPeak: Sendable {
    let precision: Engine.Precision
    let threads: Int
    let backend: Engine.Backend
    let operationsPerSecond: Double

    init(_ precision: Engine.Precision, threads: Int) throws {
        let backends: [Engine.Backend] = precision == .int8 ? [.native] : [.native, .oneDNN]
        let peaks = try backends.map {
            ($0, try GEMMPeak.operationsPerSecond(precision, backend: $0, threads: threads))
        }
        let best = peaks.max { $0.1 < $1.1 } ?? (.native, 0)
        self.precision = precision
        self.threads = threads
        backend = best.0
        operationsPerSecond = best.1
    }
}
