internal import Engine
internal import Foundation
internal import Protocol
internal import SeededRandom
internal import Synchronization
internal import Tokenizers

/// How fast a contender continues short prompts, many at a time on each lane, over some rounds.
struct BenchGeneration {
    /// Tokens of each prompt, all of them different.
    static let promptTokens = 16

    let contender: BenchContender
    let lanes: Int
    /// Under way at the same time on each lane.
    let sequences: Int
    /// Of each sequence: none ends before.
    let newTokens: Int
    private(set) var seconds: [Double] = []
    /// Of passes in which every sequence gets a token and no prompt is read, tokens in a second on all lanes; of each round.
    private(set) var decodingRates: [Double] = []
    /// Of all lanes and counted rounds.
    private(set) var times = PartTimes()

    init(contender: BenchContender, lanes: Int, sequences: Int, newTokens: Int) {
        self.contender = contender
        self.lanes = lanes
        self.sequences = sequences
        self.newTokens = newTokens
    }

    var medianSeconds: Double { seconds.sorted()[seconds.count / 2] }
    var tokensPerSecond: Double { Double(lanes * sequences * newTokens) / medianSeconds }

    var decodedPerSecond: Double { decodingRates.sorted()[decodingRates.count / 2] }

    /// Bytes of the keys and values that each lane holds at the end.
    var cacheBytesPerLane: Int { cacheTokens * contender.embedder.cacheBytesPerToken }

    private var cacheTokens: Int { sequences * (Self.promptTokens + newTokens + Generator.pageTokens) }

    /// Continues all prompts once.
    mutating func run(counts: Bool) throws {
        let (embedder, sequences, newTokens, cacheTokens) = (contender.embedder, sequences, newTokens, cacheTokens)
        let lane = Atomic(0)
        let results = Mutex((times: PartTimes(), decodingRate: 0.0))
        let elapsed = try BenchThreads.run(lanes) { ready in
            let generator = try embedder.makeGenerator(sequences: sequences, cacheTokens: cacheTokens)
            var random = SeededGenerator(seed: UInt64(lane.add(1, ordering: .relaxed).newValue))
            for id in 0..<sequences {
                let prompt = (0..<Self.promptTokens).map { _ in
                    Int32.random(in: 0..<Int32(embedder.tokenizer.vocabularySize), using: &random)
                }
                try generator.add(
                    GenerationRequest(prompt: prompt, maxNewTokens: newTokens, endTokens: []), id: id)
            }
            ready()
            var (decoded, decoding) = (0, Duration.zero)
            while case let count = generator.sequenceCount, count > 0 {
                let (start, known) = (ContinuousClock.now, generator.tokensComputed)
                _ = try generator.advance()
                guard generator.tokensComputed - known == count else { continue }
                decoded += count
                decoding += ContinuousClock.now - start
            }
            let rate = decoded == 0 ? 0 : Double(decoded) / decoding.seconds
            results.withLock { $0 = ($0.times + generator.times, $0.decodingRate + rate) }
        }
        guard counts else { return }
        seconds.append(elapsed)
        results.withLock { result in
            times = times + result.times
            decodingRates.append(result.decodingRate)
        }
    }
}
