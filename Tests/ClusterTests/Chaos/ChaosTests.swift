import Foundation
import SeededRandom
import TestEnvironment
import Testing

/// Real processes that are killed, stopped, cut off and attacked at random moments: the output is, byte for byte, that of
/// an undisturbed run.
///
/// `LEGEND_CHAOS_RUNS=200` runs more; `LEGEND_CHAOS_SEED=17` replays one run's plan; `LEGEND_CHAOS_KILLS=100` kills more
/// coordinators.
@Suite(.serialized, .needs(.model), .hangLimit)
struct ChaosTests {
    private static func environment(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
    }

    static let kills = environment("LEGEND_CHAOS_KILLS") ?? 3
    static let seeds =
        environment("LEGEND_CHAOS_SEED").map { [$0] } ?? Array(0..<(environment("LEGEND_CHAOS_RUNS") ?? 2))

    @Test(arguments: seeds) func whateverHappensTheOutputIsThatOfAnUndisturbedRun(_ seed: UInt64) async throws {
        let plan = ChaosPlan(seed: seed)
        let (output, results) = try await (UndisturbedRun.shallow.output, UndisturbedRun.shallow.results)
        let cluster = try await ChaosCluster()
        let start = ContinuousClock.now
        try await cluster.run(plan)
        let story = "seed \(seed), \((ContinuousClock.now - start).components.seconds) s, started: \(cluster.starts)"
        print(story)
        var violations = cluster.violations
        if (try? cluster.output) != output { violations.append("the output differs, or there is none") }
        let committed = cluster.committed
        if committed.map(\.unit) != results.map(\.unit) { violations.append("not every unit is committed once") }
        if committed.map(\.digest) != results.map(\.digest) { violations.append("results differ") }
        #expect(
            violations == [],
            "\(story)\n\(plan)\nLEGEND_CHAOS_SEED=\(seed) replays the plan\n\(violations == [] ? "" : cluster.logs)")
    }

    @Test(.enabled(if: SmallDisk.isAvailable)) func aFullDiskStopsAJobThatGoesOnOnceThereIsRoom() async throws {
        let folder = try JobFolder()
        let disk = try SmallDisk(under: folder)
        try folder.configure(embedding: UndisturbedRun.shallow.embedding)
        let first = try folder.start()
        try await folder.atResults(4, of: first) { try disk.fill() }
        // Again and again: the ledger gives room back now and then.
        #expect(
            try await eventually {
                try disk.fill()
                return first.hasEnded
            }, "\(first.errors)")
        #expect(await first.exit() == .init(status: 1, isSignal: false))
        #expect(first.errors.contains("disk is full") || first.errors.contains("No space left"), "\(first.errors)")
        // Started again too early it ends in the same way: an init system tries again.
        let second = try folder.start()
        #expect(
            try await eventually {
                try disk.fill()
                return second.hasEnded
            }, "\(second.errors)")
        #expect(await second.exit() == .init(status: 1, isSignal: false), "\(second.errors)")
        #expect(second.errors.contains("disk is full") || second.errors.contains("No space left"), "\(second.errors)")
        try disk.free()
        let (third, exit) = try await folder.run()
        #expect(exit == .init(status: 0, isSignal: false), "\(third.errors)")
        #expect(try await folder.output == UndisturbedRun.shallow.output)
    }

    @Test func aCoordinatorKilledAtRandomInstantsRepeatsNoCommittedUnit() async throws {
        let output = try await UndisturbedRun.shallow.output
        var random = SeededGenerator(seed: Self.kills)
        var kills: UInt64 = 0
        while kills < Self.kills {
            let folder = try JobFolder()
            let port = try FreePort().number
            try folder.configure(
                embedding: UndisturbedRun.shallow.embedding,
                cluster: "{listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 256, \(JobFolder.Timing.alert)}")
            let worker = try RunningProgram(
                Programs.worker, [folder.configuration, "--name", "faithful", "--lanes", "1"])
            var committed: [LedgerView.Result] = []
            while true {
                let coordinator = try folder.start(workers: 0)
                if kills < Self.kills {
                    try await Task.sleep(for: random.seconds(0...2))
                    coordinator.kill()
                }
                let exit = await coordinator.exit()
                let now = try folder.results
                #expect(Set(now).isSuperset(of: committed), "after \(kills) kills: \(coordinator.errors)")
                committed = now
                guard exit == .init(status: SIGKILL, isSignal: true) else {
                    #expect(exit == .init(status: 0, isSignal: false), "\(coordinator.errors)")
                    break
                }
                kills += 1
            }
            #expect(try folder.output == output)
            #expect(await worker.exit() == .init(status: 0, isSignal: false), "\(worker.errors)")
        }
        print("\(kills) coordinators were killed")
    }
}
