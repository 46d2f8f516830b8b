import Testing

@testable import TestEnvironment

struct PatienceTests {
    @Test func onlyTimeInWhichNobodyWaitsForAProcessorCounts() {
        var patience = Patience(.seconds(10))
        var now = Patience.Moment()
        func passes(_ seconds: Int, waiting: Int) -> Bool {
            now.time += .seconds(seconds)
            now.pressure += .seconds(waiting)
            return patience.lasts(until: now)
        }
        #expect(passes(1000, waiting: 1000))
        #expect(passes(9, waiting: 0))
        #expect(passes(1000, waiting: 1001))
        #expect(!passes(3, waiting: 1))
    }
}
