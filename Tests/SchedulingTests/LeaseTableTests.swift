import Protocol
import Scheduling
import SeededRandom
import Testing

@Suite struct LeaseTableTests {
    private static let start = MonotonicInstant.zero

    private static func table(units: ClosedRange<UInt64> = 1...3) -> LeaseTable {
        var table = LeaseTable()
        table.open(.anchors)
        let summaries = units.map { UnitSummary(id: UnitID($0), rows: 2, tokens: 20, failures: 0) }
        let isTaken = table.enqueue(summaries, of: .anchors, isLast: true)
        #expect(isTaken)
        return table
    }

    @Test func aUnitIsWithWhomItIsGivenToAndQueuedAgainWhenTheLastOneGivesItUp() {
        var table = Self.table()
        let first = table.lease(UnitID(1), to: .a, isAhead: false, at: Self.start)
        let second = table.lease(UnitID(1), to: .b, isAhead: false, at: Self.start)
        #expect(first == Lease(1) && second == Lease(1, 2))
        #expect(table[UnitID(1)]?.state == .leased([.a, .b]))
        #expect(table[.a].holds(first) && !table[.a].holds(second))
        let released = table.release(UnitID(1), of: .a)
        #expect(released == first)
        #expect(table[UnitID(1)]?.state == .leased([.b]) && table[.a].isEmpty)
        let again = table.release(UnitID(1), of: .a)
        let last = table.release(UnitID(1), of: .b)
        #expect(again == nil && last == second)
        #expect(table[UnitID(1)]?.state == .queued)
    }

    @Test func whatIsSettlingIsInNobodysHands() {
        var table = Self.table()
        let first = table.lease(UnitID(1), to: .a, isAhead: false, at: Self.start)
        let second = table.lease(UnitID(1), to: .b, isAhead: false, at: Self.start)
        let taken = table.beginSettling(UnitID(1))
        #expect(taken.map(\.peer) == [.a, .b] && taken.map(\.lease) == [first, second])
        #expect(table[UnitID(1)]?.state == .settling && table[.a].isEmpty && table[.b].isEmpty)
        let left = table.remove(UnitID(1))
        #expect(left.isEmpty && table[UnitID(1)] == nil)
    }

    @Test func anAttemptFailsOnce() {
        var table = Self.table()
        let lease = table.lease(UnitID(1), to: .a, isAhead: false, at: Self.start)
        let isNews = ["w", "w", "another worker of that attempt"].map { table.countFailure(of: lease, on: $0) }
        #expect(isNews == [true, false, true])
        #expect(table[UnitID(1)]?.summary.failures == 2 && table[UnitID(1)]?.hasFailed(on: "w") == true)
    }

    @Test func aStepClosesWhenItsLastUnitIsGone() {
        var table = Self.table(units: 1...1)
        let early = table.closeComplete { _ in true }
        _ = table.beginSettling(UnitID(1))
        let settling = table.closeComplete { _ in true }
        _ = table.remove(UnitID(1))
        let unwanted = table.closeComplete { _ in false }
        #expect(early.isEmpty && settling.isEmpty && unwanted.isEmpty)
        let closed = table.closeComplete { _ in true }
        let isTaken = table.enqueue([.init(id: UnitID(2), rows: 1, tokens: 1, failures: 0)], of: .anchors, isLast: true)
        #expect(closed == [.anchors] && !isTaken)
    }

    /// Random changes, after each of which the hands are counted from what was given and taken.
    @Test(arguments: 0..<200 as Range<UInt64>) func whatIsHeldIsWhatWasGiven(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = Self.table(units: 1...6)
        var given: [PeerID: [UnitID: (attempt: UInt32, isAhead: Bool, isEmbedded: Bool)]] = [.a: [:], .b: [:], .c: [:]]
        let peers: [PeerID] = [.a, .b, .c]
        for _ in 0..<60 {
            let (id, peer) = (UnitID(random.next() % 6 + 1), peers[Int(random.next() % 3)])
            let state = table[id]?.state
            switch random.next() % 6 {
            case 0, 1:
                guard let state, state != .settling, given[peer]?[id] == nil else { continue }
                let isAhead = random.next() % 2 == 0
                let lease = table.lease(id, to: peer, isAhead: isAhead, at: Self.start)
                given[peer]?[id] = (lease.attempt, isAhead, false)
            case 2:
                let released = table.release(id, of: peer)
                #expect(released?.attempt == given[peer]?[id]?.attempt)
                given[peer]?[id] = nil
            case 3:
                guard let held = given[peer]?[id] else { continue }
                let isNews = table.embedded(Lease(unit: id, attempt: held.attempt), of: peer)
                #expect(isNews == (held.isAhead && !held.isEmbedded))
                if held.isAhead { given[peer]?[id]?.isEmbedded = true }
            case 4:
                let taken = random.next() % 2 == 0 ? table.beginSettling(id) : table.remove(id)
                #expect(Set(taken.map(\.peer)) == Set(peers.filter { given[$0]?[id] != nil }))
                for peer in peers { given[peer]?[id] = nil }
            default:
                guard let other = peers.first(where: { $0 != peer && given[$0]?.isEmpty == true }) else { continue }
                table.move(from: peer, to: other)
                (given[peer], given[other]) = ([:], given[peer])
            }
            for peer in peers {
                let (hand, held) = (table[peer], given[peer] ?? [:])
                #expect(hand.leases.mapValues(\.attempt) == held.mapValues(\.attempt))
                #expect(hand.unitsInWork == held.values.count { !$0.isEmbedded })
                #expect(hand.rowsAhead == held.values.count { $0.isAhead } * 2)
            }
            for unit in (1...6).map({ UnitID($0) }) {
                guard case .leased(let holders) = table[unit]?.state else {
                    #expect(peers.allSatisfy { given[$0]?[unit] == nil })
                    continue
                }
                #expect(holders.count == Set(holders).count)
                #expect(Set(holders) == Set(peers.filter { given[$0]?[unit] != nil }))
            }
        }
    }
}
