import CKernels
import Foundation
import SeededRandom
import Testing

@testable import Engine

struct TokenSamplerTests {
    /// How often each of some tokens is drawn in `count` draws.
    private func shares(_ logits: [Float], _ sampling: Sampling, draws: Int = 20_000) -> [Double] {
        let sampler = TokenSampler()
        var counts = [Int](repeating: 0, count: logits.count)
        for draw in 0..<draws {
            var scratch = logits
            let token = scratch.withUnsafeMutableBufferPointer {
                sampler.token(by: $0, sampling, seed: UInt64(draw / 100), position: draw % 100)
            }
            counts[Int(token!)] += 1
        }
        return counts.map { Double($0) / Double(draws) }
    }

    private func softmax(_ logits: [Float], temperature: Double) -> [Double] {
        let weights = logits.map { exp(Double($0) / temperature) }
        return weights.map { $0 / weights.reduce(0, +) }
    }

    private let logits: [Float] = [1, 3, -2, 2.5, 0, 3] + Array(repeating: -1, count: 30)

    @Test(arguments: [0.5, 1, 2])
    func tokensAreDrawnAsOftenAsTheyAreLikely(_ temperature: Double) {
        let expected = softmax(logits, temperature: temperature)
        for (found, expected) in zip(shares(logits, Sampling(temperature: temperature)), expected) {
            // Four standard errors.
            #expect(abs(found - expected) < 4 * (expected * (1 - expected) / 20_000).squareRoot() + 1e-9)
        }
    }

    @Test func aNucleusHasTheLikeliestTokensAlone() {
        let likely = softmax(logits, temperature: 1)
        // The two of 3 have 0.30 each, that of 2.5 has 0.18.
        let expected = likely.enumerated().map { [1, 3, 5].contains($0.offset) ? $0.element : 0 }
        let total = expected.reduce(0, +)
        for (found, expected) in zip(shares(logits, Sampling(temperature: 1, topP: 0.7)), expected) {
            #expect(expected > 0 || found == 0)
            #expect(abs(found - expected / total) < 0.015)
        }
        // A nucleus smaller than the likeliest token is that token, of equals the first.
        #expect(shares(logits, Sampling(temperature: 1, topP: 0.01), draws: 100)[1] == 1)
    }

    @Test func withoutTemperatureTheFirstOfTheLikeliestCounts() {
        for sampling in [Sampling.greedy, Sampling(temperature: .leastNonzeroMagnitude)] {
            #expect(shares(logits, sampling, draws: 50)[1] == 1)
        }
    }

    @Test func whatIsNotFiniteIsNoToken() {
        for logits in [
            [Float.infinity, 0], [-.infinity, -.infinity], [.nan, 0], [Float](repeating: 0, count: 40) + [.nan],
        ] {
            var logits = logits
            let token = logits.withUnsafeMutableBufferPointer {
                TokenSampler().token(by: $0, .greedy, seed: 0, position: 0)
            }
            #expect(token == nil)
        }
    }

    @Test func drawsAreEvenAndDifferBySeedAndPosition() {
        let draws = (0..<100).flatMap { seed in
            (0..<100).map { TokenSampler.uniform(seed: UInt64(seed), position: $0) }
        }
        #expect(draws.allSatisfy { (0..<1).contains($0) })
        #expect(Set(draws).count == draws.count)
        let mean = draws.reduce(0, +) / Double(draws.count)
        #expect(abs(mean - 0.5) < 4 * (1 / 12.0 / Double(draws.count)).squareRoot())
    }
}

/// The kernels that generation adds, on every path.
struct GenerationKernelTests {
    @Test(arguments: KernelTests.paths)
    func theLargestIsTheFirstOfEqualOnes(_ path: KernelTests.Path) {
        var random = SeededGenerator(seed: 2)
        for count in KernelTests.lengths.dropFirst() + [160, 1000] {
            for _ in 0..<50 {
                let x = (0..<count).map { _ in Float(Int.random(in: -3...3, using: &random)) }
                #expect(path.kernels.largest(x, Int64(count)) == x.firstIndex(of: x.max()!)!)
                #expect(KernelTests.scalar.largest(x, Int64(count)) == x.firstIndex(of: x.max()!)!)
                var broken = x
                broken[Int.random(in: 0..<count, using: &random)] = .nan
                #expect(path.kernels.largest(broken, Int64(count)) == -1)
                #expect(KernelTests.scalar.largest(broken, Int64(count)) == -1)
            }
        }
    }

    @Test(arguments: KernelTests.paths)
    func exponentialsAgreeAndSumUp(_ path: KernelTests.Path) {
        for count in KernelTests.lengths + [5000] {
            var random = SeededGenerator(seed: UInt64(count))
            let x = random.floats(count, scale: 60)
            let maximum = x.max() ?? 0
            for scale: Float in [0.1, 1, 30] {
                var (found, expected) = (x, x)
                let sum = path.kernels.exponentials(x, Int64(count), maximum, scale, &found)
                let expectedSum = KernelTests.scalar.exponentials(x, Int64(count), maximum, scale, &expected)
                expectClose(found, expected, 1e-6)
                #expect(abs(sum - expectedSum) <= 1e-5 * expectedSum)
            }
        }
    }
}
