import Testing

@testable import TestEnvironment

struct PatienceTests {
    /// A machine on which time passes as a test says.
    private final class Machine {
        private var patience = Patience(.seconds(10))
        private var now = Patience.Moment()

        init(pressure: Duration? = .zero) {
            now.pressure = pressure
            patience.last = now
        }

        /// - Parameter pressure: of the machine, now; nil where it cannot be read.
        func lasts(after seconds: Int, pressure: Int?) -> Bool {
            now.time += .seconds(seconds)
            now.pressure = pressure.map { .seconds($0) }
            return patience.lasts(until: now)
        }
    }

    @Test func onlyTimeInWhichNobodyWaitsForAProcessorCounts() {
        let machine = Machine()
        #expect(machine.lasts(after: 1000, pressure: 1000))
        #expect(machine.lasts(after: 9, pressure: 1000))
        #expect(machine.lasts(after: 1000, pressure: 2000))
        #expect(!machine.lasts(after: 3, pressure: 2001))
    }

    @Test func aReadingThatFailsEndsNothing() {
        let machine = Machine()
        #expect(machine.lasts(after: 500, pressure: nil))
        #expect(machine.lasts(after: 500, pressure: nil))
        #expect(machine.lasts(after: 8, pressure: 1000))
        #expect(machine.lasts(after: 1, pressure: 1000))
        #expect(!machine.lasts(after: 2, pressure: 1000))
    }

    @Test func whereNothingIsMeasuredAllTimeCounts() {
        let machine = Machine(pressure: nil)
        #expect(machine.lasts(after: 9, pressure: nil))
        #expect(!machine.lasts(after: 2, pressure: nil))
    }

    /// Neither a counter that begins anew nor one that runs ahead of the clock.
    @Test func aCounterNeitherTakesNorGivesMoreThanTheTimeThatPassed() {
        let machine = Machine(pressure: .seconds(1000))
        #expect(machine.lasts(after: 5, pressure: 0))
        #expect(machine.lasts(after: 1, pressure: 5000))
        #expect(machine.lasts(after: 4, pressure: 5000))
        #expect(!machine.lasts(after: 2, pressure: 5000))
    }

    @Test func aLongWaitSaysOnceWhereItIs() {
        let line = #line + 1
        var patience = Patience()
        var now = Patience.Moment()
        var remarks: [String?] = []
        for _ in 0..<3 {
            remarks.append(patience.remark(at: now))
            now.time += .seconds(301)
        }
        #expect(remarks == [nil, "ClusterTests/PatienceTests.swift:\(line) has waited for 301 s", nil])
    }
}
