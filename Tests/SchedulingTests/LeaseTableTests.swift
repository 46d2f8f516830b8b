import Protocol
import Scheduling
import SeededRandom
import Testing

@Suite struct LeaseTableTests {
    private static let start = MonotonicInstant.zero

    private static func table(units: ClosedRange<UInt64> = 1...3) -> LeaseTable {
        var table = LeaseTable()
        table.open(.anchors)
        let summaries = units.map { UnitSummary(id: UnitID($0), rows: 2, texts: 4, tokens: 20, failures: 0) }
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
        let isTaken = table.enqueue([.test(2)], of: .anchors, isLast: true)
        #expect(closed == [.anchors] && !isTaken)
    }

    @Test func whatTheLedgerDoesNotTakeIsTheNextOneAgain() {
        var table = Self.table()
        _ = table.lease(UnitID(2), to: .a, isAhead: false, at: Self.start)
        let early = table.returnToQueue(UnitID(2))
        _ = table.beginSettling(UnitID(2))
        let isBack = table.returnToQueue(UnitID(2))
        #expect(!early && isBack && table[UnitID(2)]?.state == .queued && table.brokenInvariants() == [])
    }

    /// Random changes. Units that are gone make room for new ones.
    @Test(arguments: 0..<200 as Range<UInt64>) func whatMustHoldHoldsAfterEveryChange(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func number(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }
        var table = LeaseTable()
        table.open(.anchors)
        table.open(.rows)
        let peers: [PeerID] = [.a, .b, .c]
        var known: [UnitID] = []
        var last: UInt64 = 0
        for _ in 0..<200 {
            if known.count < 6 {
                last += 1
                let summary = UnitSummary(
                    id: UnitID(last), rows: 1, texts: 1 + number(3), tokens: 9, failures: 0)
                _ = table.enqueue([summary], of: number(2) == 0 ? .anchors : .rows, isLast: false)
                known.append(UnitID(last))
            }
            let (id, peer) = (known[number(known.count)], peers[number(3)])
            let held = table[peer].leases[id]
            switch number(9) {
            case 0, 1:
                guard held == nil, table[id]?.state != .settling else { continue }
                let lease = table.lease(id, to: peer, isAhead: number(2) == 0, at: Self.start)
                #expect(table[peer].holds(lease))
            case 2:
                guard held == nil, table[id]?.state == .queued, let attempts = table[id]?.attempts else { continue }
                let lease = Lease(unit: id, attempt: attempts + UInt32(number(3)))
                let isEmbedded = number(2) == 0
                table.adopt(
                    .init(lease: lease, tokens: 0, isEmbedded: isEmbedded), by: peer,
                    isAhead: isEmbedded || number(2) == 0, at: Self.start)
                #expect(table[peer].holds(lease) && table[peer].leases[id]?.isEmbedded == isEmbedded)
            case 3:
                let released = table.release(id, of: peer)
                #expect(released?.attempt == held?.attempt && table[peer].leases[id] == nil)
            case 4:
                guard let held else { continue }
                let isNews = table.embedded(Lease(unit: id, attempt: held.attempt), of: peer)
                #expect(isNews == (held.isAhead && !held.isEmbedded))
            case 5:
                let holders = peers.filter { table[$0].leases[id] != nil }
                let taken = table.beginSettling(id)
                #expect(Set(taken.map(\.peer)) == Set(holders) && table[id]?.state == .settling)
            case 6:
                let wasSettling = table[id]?.state == .settling
                let isBack = table.returnToQueue(id)
                #expect(isBack == wasSettling)
            case 7:
                _ = table.remove(id)
                known.removeAll { $0 == id }
                #expect(table[id] == nil && peers.allSatisfy { table[$0].leases[id] == nil })
            default:
                guard let other = peers.first(where: { $0 != peer && table[$0].isEmpty }) else { continue }
                let hand = table[peer].leases
                table.move(from: peer, to: other)
                #expect(table[other].leases == hand && table[peer].isEmpty)
            }
            #expect(table.brokenInvariants() == [])
        }
    }
}
