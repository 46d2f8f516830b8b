import Foundation
import TestEnvironment
import Testing

/// A real coordinator under more workers and units than its tests' machine has room to compute.
///
/// `LEGEND_LOAD_WORKERS=1000 LEGEND_LOAD_UNITS=1000000` is the load that the coordinator is made for.
@Suite(.serialized, .hangLimit) struct LoadTests {
    private static func environment(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    static let workers = environment("LEGEND_LOAD_WORKERS") ?? 200
    static let units = environment("LEGEND_LOAD_UNITS") ?? 20_000

    @Test func manyWorkersAreServedAndEveryUnitIsCommittedOnce() async throws {
        let folder = try JobFolder()
        let port = try FreePort().number
        try LoadJob.prepare(folder, rows: Self.units, port: port)
        let coordinator = try folder.start(workers: 0)
        try #require(try await eventually { coordinator.errors.contains("annotating rows") })
        let crowd = Crowd(Self.workers, named: "crowd", endpoint: "tcp://127.0.0.1:\(port)")
        let memory = try await peakMemory(of: coordinator)
        #expect(await coordinator.exit() == .init(status: 0, isSignal: false), "\(coordinator.errors)")
        let outcome = crowd.wait()
        print(
            """
            \(Self.workers) workers, \(Self.units) units: \(Int(outcome.unitsPerSecond)) units/s, coordinator \
            \(memory >> 20) MB at most
            """)
        #expect(outcome.unitsDone == Self.units)
        #expect(try folder.output.count(where: { $0 == UInt8(ascii: "\n") }) == Self.units)
        #expect(memory < 500 << 20)
    }

    /// Bytes, read until the process ends.
    private func peakMemory(of program: RunningProgram) async throws -> Int {
        var peak = 0
        while let soFar = ProcessTable.peakMemory(of: program.processID) {
            peak = max(peak, soFar)
            try await Task.sleep(for: .milliseconds(100))
        }
        return peak
    }
}
