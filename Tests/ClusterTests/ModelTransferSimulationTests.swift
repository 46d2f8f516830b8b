import Foundation
import Protocol
import Testing

@Suite struct ModelTransferSimulationTests {
    private static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["LEGEND_SIMULATION_SEED"].flatMap(UInt64.init) { return seed..<seed + 1 }
        return 0..<min(environment["LEGEND_SIMULATION_SEEDS"].flatMap(UInt64.init) ?? 100, 2000)
    }()

    @Test func everyWorkerGetsTheWholeModelWhateverGoesWrong() {
        var calm = 0
        for seed in Self.seeds {
            var simulation = ModelTransferSimulation(seed: seed)
            simulation.run()
            #expect(simulation.broken == [], "LEGEND_SIMULATION_SEED=\(seed) replays it")
            // Where nothing goes wrong and nobody waits, nothing is sent twice.
            guard simulation.isCalm, simulation.servedMax >= simulation.workers.count else { continue }
            calm += 1
            let chunks = simulation.workers.count * Int(ModelTransferSimulation.offer.chunkCount)
            #expect(simulation.chunksSent == chunks, "LEGEND_SIMULATION_SEED=\(seed) replays it")
        }
        #expect(calm > 0 || Self.seeds.count < 100)
    }
}
