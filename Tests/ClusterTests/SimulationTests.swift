import Foundation
import Testing

/// Whole clusters in virtual time, on a network and machines that fail, one seed each.
///
/// `LEGEND_SIMULATION_SEED=17` replays one seed and prints what happened; `LEGEND_SIMULATION_SEEDS=10000` runs more.
@Suite struct SimulationTests {
    private static func environment(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
    }

    static let replayed = environment("LEGEND_SIMULATION_SEED")
    static let seeds = replayed.map { [$0] } ?? Array(0..<(environment("LEGEND_SIMULATION_SEEDS") ?? 300))

    @Test(arguments: seeds) func whateverFailsEveryRowIsAnnotatedOnceOrQuarantinedWithReason(_ seed: UInt64) {
        var simulation = Simulation(seed: seed, isTraced: Self.replayed != nil)
        simulation.run()
        for line in simulation.trace { print(line) }
        #expect(
            simulation.violations == [],
            "seed \(seed), \(simulation.plan): LEGEND_SIMULATION_SEED=\(seed) replays it")
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
