import Foundation
import GGUFFixtures
import ModelFiles
import Testing

@testable import Engine

@Suite(.serialized) struct MachineNumericsTests {
    /// Of the model's size: what a unit has of texts. Wide enough that products take most of the time, as they do in a
    /// real model.
    private static let model = RandomLlama(
        hidden: 576, feedForward: 1536, heads: 9, keyValueHeads: 3, context: 1024, vocabulary: 300)

    @Test(arguments: [
        (1.87, 1.5, Precision.bf16, AttentionPrecision.bf16), (0.62, 0.7, .f32, .f32), (0.62, 1.9, .f32, .bf16),
        (1.87, 0.7, .bf16, .f32), (1.01, 1, .f32, .f32), (1, 2, .f32, .bf16), (1.05, 1, .bf16, .f32),
    ])
    func theFasterIsChosenAndOfEqualsTheMoreExact(
        _ productRatio: Double, _ attentionRatio: Double, _ precision: Precision, _ attention: AttentionPrecision
    ) {
        let numerics = MachineNumerics(productRatio: productRatio, attentionRatio: attentionRatio)
        #expect(numerics.precision == precision && numerics.attention == attention)
    }

    @Test func theReasonSaysWhatWasMeasured() {
        let reason = MachineNumerics(productRatio: 0.615, attentionRatio: 1.5).reason
        #expect(reason.contains("0.62") || reason.contains("0.61"))
        #expect(reason.contains("1.50"))
    }

    @Test(arguments: Backend.allCases) func aProcessMeasuresOnceAndSaysTheSame(_ backend: Backend) throws {
        let first = try MachineNumerics.measured(backend: backend)
        #expect(try MachineNumerics.measured(backend: backend) == first)
        #expect(first.productRatio > 0 && first.attentionRatio > 0)
        #expect([Precision.f32, .bf16].contains(first.precision))
        print("\(backend): auto is \(first.precision), attention \(first.attention): \(first.reason)")
    }

    @Test func openBLASWhichOnlyRoundsToBF16ComputesInF32() throws {
        #expect(try MachineNumerics.measured(backend: .blas).precision == .f32)
    }

    @Test(arguments: [Backend.automatic, .native, .oneDNN])
    func autoIsWithinThreePercentOfTheFasterOfF32AndBF16(_ backend: Backend) async throws {
        let (chosen, slower) = try await Self.onItsOwnThread {
            let chosen = try Self.model.embedder(.automatic, backend).precision
            let contenders = try [Precision.f32, .bf16].map { try Self.model.embedder($0, backend).makeLane() }
            return (
                chosen, try Self.leastSlowdown(of: chosen == .f32 ? 0 : 1, among: contenders, textTokens: 128)
            )
        }
        print("\(backend): auto is \(chosen), \(slower) times the faster one's time")
        #expect(slower <= 1.03)
    }

    @Test(arguments: [Precision.bf16, .int8])
    func attentionIsWithinThreePercentOfTheFaster(_ precision: Precision) async throws {
        let (chosen, slower) = try await Self.onItsOwnThread {
            let chosen = try Self.model.embedder(precision).attention
            let contenders = try [AttentionPrecision.f32, .bf16].map {
                try Self.model.embedder(precision, attention: $0).makeLane()
            }
            return (
                chosen, try Self.leastSlowdown(of: chosen == .f32 ? 0 : 1, among: contenders, textTokens: 512)
            )
        }
        print("\(precision): attention is \(chosen), \(slower) times the faster one's time")
        #expect(slower <= 1.03)
    }

    @Test func whatIsAskedForIsDoneAndNamed() throws {
        for attention in [AttentionPrecision.f32, .bf16] {
            let embedder = try RandomLlama().embedder(.bf16, attention: attention)
            #expect(embedder.attention == attention)
            let done = Kernels().attendsInBF16 ? attention : .f32
            #expect(embedder.numericBuild.hasSuffix("attention \(done.rawValue)"))
        }
        // f32 is the reference, attention included.
        #expect(try RandomLlama().embedder(.f32, attention: .bf16).attention == .f32)
    }

    /// The other tests' tasks wait for the pool's threads, of which there are as few as cores.
    private static func onItsOwnThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result(catching: work)) }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// How many times as long as the fastest a contender takes to embed a few texts: the median of runs that take turns, in
    /// this thread's own time. What else the machine does may still disturb all runs of an attempt, so the best of some
    /// attempts counts; a choice that is wrong is slower in all of them.
    private static func leastSlowdown(of chosen: Int, among lanes: [Lane], textTokens: Int) throws -> Double {
        let texts = (0..<(512 / textTokens)).map { text in
            var sequence = model.sequence(textTokens)
            // Nothing is shared.
            sequence.tokens[0] = Int32(text)
            return sequence
        }
        func seconds(_ lane: Lane) throws -> Double {
            let start = clock()
            _ = try lane.embed(texts, layers: [model.layers], poolings: [.lastToken]) { _ in true }
            return clock() - start
        }
        func clock() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }
        for lane in lanes { _ = try seconds(lane) }
        var least = Double.infinity
        for _ in 0..<30 where least > 1.03 {
            let rounds = try (0..<5).map { _ in try lanes.map { try seconds($0) } }
            let ratios = rounds.map { $0[chosen] / ($0.min() ?? 0) }.sorted()
            least = min(least, ratios[ratios.count / 2])
        }
        return least
    }
}
