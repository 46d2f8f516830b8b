import Foundation
import Testing

/// Whole clusters in virtual time, on a network and machines that fail, one seed each.
///
/// `LEGEND_SIMULATION_SEED=17` replays one seed and prints what happened; `LEGEND_SIMULATION_SEEDS=1000000` runs more.
@Suite struct SimulationTests {
    private static func environment(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
    }

    static let replayed = environment("LEGEND_SIMULATION_SEED")
    static let seedCount = environment("LEGEND_SIMULATION_SEEDS") ?? 10_000
    private static let seedsPerCase: UInt64 = 100

    /// The first seed of each case.
    static let cases = replayed.map { [$0] } ?? Array(stride(from: 0, to: seedCount, by: Int(seedsPerCase)))

    @Test(arguments: cases) func whateverFailsEveryRowIsAnnotatedOnceOrQuarantinedWithReason(_ first: UInt64) {
        let seeds = Self.replayed == nil ? first..<min(first + Self.seedsPerCase, Self.seedCount) : first..<first + 1
        for seed in seeds {
            var simulation = Simulation(seed: seed, isTraced: Self.replayed != nil)
            simulation.run()
            for line in simulation.trace { print(line) }
            #expect(
                simulation.violations == [],
                "seed \(seed), \(simulation.plan): LEGEND_SIMULATION_SEED=\(seed) replays it")
        }
    }

    @Test func aSeedAlwaysTellsTheSameStory() {
        func story() -> [String] {
            var simulation = Simulation(seed: 42, isTraced: true)
            simulation.run()
            return simulation.trace
        }
        let first = story()
        #expect(first.count > 100)
        #expect(story() == first)
    }
}
