import Testing

@testable import TestEnvironment

struct PatienceTests {
    /// A machine on which time passes as a test says.
    private struct Machine {
        var patience = Patience(.seconds(10))
        var now = Patience.Moment()

        init(pressure: Duration? = .zero) {
            now.pressure = pressure
            _ = patience.lasts(until: now)
        }

        /// - Parameter pressure: of the machine, now; nil where it cannot be read.
        mutating func lasts(after seconds: Int, pressure: Int?) -> Bool {
            now.time += .seconds(seconds)
            now.pressure = pressure.map { .seconds($0) }
            return patience.lasts(until: now)
        }
    }

    @Test func onlyTimeInWhichNobodyWaitsForAProcessorCounts() {
        var machine = Machine()
        let answers = [
            machine.lasts(after: 1000, pressure: 1000),
            machine.lasts(after: 9, pressure: 1000),
            machine.lasts(after: 1000, pressure: 2000),
            machine.lasts(after: 3, pressure: 2001),
        ]
        #expect(answers == [true, true, true, false])
    }

    @Test func aReadingThatFailsEndsNothing() {
        var machine = Machine()
        let answers = [
            machine.lasts(after: 500, pressure: nil),
            machine.lasts(after: 500, pressure: nil),
            machine.lasts(after: 8, pressure: 1000),
            machine.lasts(after: 1, pressure: 1000),
            machine.lasts(after: 2, pressure: 1000),
        ]
        #expect(answers == [true, true, true, true, false])
    }

    @Test func whereNothingIsMeasuredAllTimeCounts() {
        var machine = Machine(pressure: nil)
        let answers = [
            machine.lasts(after: 9, pressure: nil),
            machine.lasts(after: 2, pressure: nil),
        ]
        #expect(answers == [true, false])
    }

    /// Neither a counter that begins anew nor one that runs ahead of the clock.
    @Test func aCounterNeitherTakesNorGivesMoreThanTheTimeThatPassed() {
        var machine = Machine(pressure: .seconds(1000))
        let answers = [
            machine.lasts(after: 5, pressure: 0),
            machine.lasts(after: 1, pressure: 5000),
            machine.lasts(after: 4, pressure: 5000),
            machine.lasts(after: 2, pressure: 5000),
        ]
        #expect(answers == [true, true, true, false])
    }

    @Test func aLongWaitSaysOnceWhereItIs() {
        let line = #line + 1
        var patience = Patience()
        var now = Patience.Moment()
        #expect(patience.remark(at: now) == nil)
        now.time += .seconds(301)
        #expect(patience.remark(at: now) == "ClusterTests/PatienceTests.swift:\(line) has waited for 301 s")
        now.time += .seconds(301)
        #expect(patience.remark(at: now) == nil)
    }
}
