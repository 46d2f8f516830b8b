import Foundation
import Testing

@testable import Worker

@Suite struct DeadlineTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)

    @Test(arguments: [
        ("3600", 1_700_003_600.0), ("0", 1_700_000_000), ("1.5", 1_700_000_001.5), ("@1700000060", 1_700_000_060),
        ("2023-11-14T22:14:20Z", 1_700_000_060), ("2023-11-14T23:14:20+01:00", 1_700_000_060),
    ])
    func aTimeIsReadInEachForm(_ text: String, _ seconds: Double) {
        #expect(Deadline(text, now: now)?.date == Date(timeIntervalSince1970: seconds))
    }

    @Test func aTimeWithoutAZoneIsThisMachines() throws {
        let parts = DateComponents(year: 2023, month: 11, day: 14, hour: 9, minute: 5, second: 7)
        let expected = try #require(Calendar(identifier: .gregorian).date(from: parts))
        #expect(Deadline("2023-11-14T09:05:07", now: now)?.date == expected)
    }

    @Test(arguments: ["", "-5", "soon", "@", "@x", "1e3", "2023-11-14", "12:00", "99999999999999999999"])
    func whatIsNoTimeIsRefused(_ text: String) {
        #expect(Deadline(text, now: now) == nil)
    }

    @Test(arguments: [
        // Seconds left, drain limit, then when the drain begins and how long it may take; 5 s are for the farewell.
        (605, 120, 480.0, 120.0), (105, 120, 50, 50), (5, 120, 0, 0), (0, 120, 0, 0), (3605, 0, 3600, 0),
    ])
    func theDrainEndsBeforeTheDeadline(_ left: Int, _ limit: Int, _ untilDrain: Double, _ drain: Double) throws {
        let schedule = try #require(Deadline("\(left)", now: now)).schedule(drainLimit: .seconds(limit), at: now)
        #expect(schedule.untilDrain == .seconds(untilDrain) && schedule.drainLimit == .seconds(drain))
    }

    @Test func aDeadlineThatIsOverIsNow() throws {
        let schedule = try #require(Deadline("@1699999000", now: now)).schedule(drainLimit: .seconds(9), at: now)
        #expect(schedule.untilDrain == .zero && schedule.drainLimit == .zero)
    }
}
