internal import Engine
internal import Foundation
internal import Protocol
internal import Synchronization

/// A loaded model of one precision.
struct BenchContender: Sendable {
    let embedder: Embedder
    let loadingSeconds: Double

    init(modelPath: String, precision: Engine.Precision, backend: Engine.Backend) throws {
        let start = ContinuousClock.now
        embedder = try Embedder(
            modelPath: modelPath, precision: precision, backend: backend,
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
        let elapsed = try Self.onThreads(lanes) { ready in
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

    /// Runs `work` on threads of their own, which go on from `ready` at the same moment; returns the seconds from there
    /// until all are done.
    private static func onThreads(
        _ count: Int, _ work: @escaping @Sendable (_ ready: () -> Void) throws -> Void
    ) throws -> Double {
        let (arrivals, departures) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let finished = DispatchGroup()
        let failure = Mutex<(any Error)?>(nil)
        for _ in 0..<count {
            finished.enter()
            let thread = Thread {
                var hasArrived = false
                func arrive() {
                    hasArrived = true
                    arrivals.signal()
                    departures.wait()
                }
                do {
                    try work(arrive)
                } catch {
                    failure.withLock { $0 = error }
                    if !hasArrived { arrive() }
                }
                finished.leave()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        for _ in 0..<count { arrivals.wait() }
        let start = ContinuousClock.now
        for _ in 0..<count { departures.signal() }
        finished.wait()
        let elapsed = (ContinuousClock.now - start).seconds
        if let error = failure.withLock({ $0 }) { throw error }
        return elapsed
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
