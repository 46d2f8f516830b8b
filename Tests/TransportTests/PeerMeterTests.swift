import Protocol
import Testing

@testable import Transport

@Suite struct PeerMeterTests {
    private let peer = PeerID([1])
    private let start = ContinuousClock.now

    private func limits(peers: Int = 100) -> MessageSocket.Limits {
        var limits = MessageSocket.Limits()
        limits.messageRate = .init(perSecond: 10, burst: 20)
        limits.byteRate = .init(perSecond: 1000, burst: 5000)
        limits.malformedRate = .init(perSecond: 1, burst: 3)
        limits.peersMax = peers
        return limits
    }

    private func admitted(_ meter: inout PeerMeter, _ peer: PeerID, _ count: Int, bytes: Int = 1, after: Double) -> Int
    {
        (0..<count).count { _ in meter.admits(peer, bytes: bytes, at: start + .seconds(after)) }
    }

    @Test func aBurstComesThroughAndThenTheRate() {
        var meter = PeerMeter(limits())
        #expect(admitted(&meter, peer, 100, after: 0) == 20)
        #expect(admitted(&meter, peer, 100, after: 0.5) == 5)
        #expect(admitted(&meter, peer, 100, after: 1000) == 20)
    }

    @Test func bytesCountToo() {
        var meter = PeerMeter(limits())
        #expect(admitted(&meter, peer, 10, bytes: 1000, after: 0) == 5)
        #expect(admitted(&meter, peer, 10, bytes: 1000, after: 2) == 2)
    }

    @Test func onePeersFloodIsNoOthersLoss() {
        var meter = PeerMeter(limits())
        _ = admitted(&meter, peer, 1000, after: 0)
        #expect(admitted(&meter, PeerID([2]), 20, after: 0) == 20)
    }

    @Test func malformedMessagesAreSpokenOfSeldom() {
        var meter = PeerMeter(limits())
        #expect(admitted(&meter, peer, 1, after: 0) == 1)
        #expect((0..<10).count { _ in meter.admitsMalformed(peer, at: start) } == 3)
        #expect((0..<10).count { _ in meter.admitsMalformed(peer, at: start + .seconds(2)) } == 2)
    }

    @Test func peersThatAreQuietAreForgottenAndNoMoreAreKeptThanThereMayBe() {
        var meter = PeerMeter(limits(peers: 50))
        for number in 0..<80 {
            #expect(admitted(&meter, PeerID([UInt8(number)]), 1, after: 0) == (number < 50 ? 1 : 0))
        }
        #expect(meter.count == 50)
        #expect(admitted(&meter, PeerID([200]), 1, after: 10) == 1)
        #expect(meter.count == 1)
    }

    /// A worker with units of one short row each: results and heartbeats.
    @Test func anHonestWorkerIsNeverDropped() {
        var meter = PeerMeter(MessageSocket.Limits())
        for step in 0..<10_000 {
            #expect(admitted(&meter, peer, 1, bytes: 5000, after: Double(step) / 4000) == 1)
        }
    }
}
