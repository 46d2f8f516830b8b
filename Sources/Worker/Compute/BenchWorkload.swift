internal import Engine
internal import Foundation
internal import Protocol
internal import SeededRandom

/// Sequences of random tokens whose lengths are distributed like those of real responses.
struct BenchWorkload: Sendable {
    private static let medianLength = 160.0
    private static let lengths = 30.0...700.0
    private static let sigma = 0.7

    private let sequences: [TokenSequence]
    private let tokenCount: Int

    /// - Parameter tokens: at least so many in all; the same ones in every run.
    init(tokens: Int, vocabularySize: Int, contextLength: Int) {
        var generator = SeededGenerator(seed: 1)
        var sequences: [TokenSequence] = []
        var count = 0
        while count < tokens {
            // Box and Muller's way to a normally distributed number.
            let (u, v) = (
                Double.random(in: 0x1p-53..<1, using: &generator), Double.random(in: 0..<1, using: &generator)
            )
            let normal = (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
            let length = Self.medianLength * exp(Self.sigma * normal)
            let clamped = min(Int(min(max(length, Self.lengths.lowerBound), Self.lengths.upperBound)), contextLength)
            let ids = (0..<clamped).map { _ in Int32.random(in: 0..<Int32(vocabularySize), using: &generator) }
            sequences.append(TokenSequence(tokens: ids, responseStart: 0))
            count += clamped
        }
        self.sequences = sequences
        tokenCount = count
    }

    /// Every lane embeds the whole workload on a thread of its own.
    func tokensPerSecond(_ embedder: Embedder, lanes: Int) throws -> Double {
        let layer = embedder.model.layerCount
        let gate = StartGate(lanes: lanes)
        let outcomes = (0..<lanes).map { _ in
            ThreadOutcome {
                let lane = try embedder.makeLane()
                gate.arriveAndWait()
                _ = try lane.embed(sequences, layers: [layer], pooling: .lastToken) { _ in true }
            }
        }
        let start = gate.open()
        for outcome in outcomes { try outcome.wait() }
        return Double(lanes * tokenCount) / (ContinuousClock.now - start).seconds
    }
}

/// Lets all lanes begin at the same moment.
private final class StartGate: Sendable {
    private let lanes: Int
    private let arrivals = DispatchSemaphore(value: 0)
    private let departures = DispatchSemaphore(value: 0)

    init(lanes: Int) {
        self.lanes = lanes
    }

    func arriveAndWait() {
        arrivals.signal()
        departures.wait()
    }

    /// Waits for all lanes; returns when it let them go.
    func open() -> ContinuousClock.Instant {
        for _ in 0..<lanes { arrivals.wait() }
        let now = ContinuousClock.now
        for _ in 0..<lanes { departures.signal() }
        return now
    }
}

/// A thread's work, which may fail.
private final class ThreadOutcome: Sendable {
    private nonisolated(unsafe) var result: Result<Void, any Error>?
    private let finished = DispatchSemaphore(value: 0)

    init(_ work: @escaping @Sendable () throws -> Void) {
        let thread = Thread { [self] in
            result = Result(catching: work)
            finished.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Call once.
    func wait() throws {
        finished.wait()
        try result?.get()
    }
}
