import Protocol
import Testing

@testable import Transport

/// The rules for messages that libzmq has not taken yet, without any socket.
@Suite struct WaitingMessagesTests {
    private let alice = PeerID([1])
    private let bob = PeerID([2])

    @Test func messagesToAPeerAreSentOnceAndInTheirOrder() throws {
        let waiting = Waiting(limit: 10, [(alice, 1), (bob, 10), (alice, 2), (alice, 3)])
        #expect(try waiting.flush() == [])
        #expect(waiting.network.taken == [alice: [1, 2, 3], bob: [10]])
        #expect(waiting.isEmpty)
        #expect(try waiting.flush() == [])
        #expect(waiting.network.taken == [alice: [1, 2, 3], bob: [10]])
    }

    @Test func whatAPeerDoesNotTakeWaitsInItsOrder() throws {
        let waiting = Waiting(limit: 10, [(alice, 1), (alice, 2), (alice, 3)])
        waiting.network.room = [alice: 1]
        #expect(try waiting.flush() == [])
        #expect(waiting.network.taken == [alice: [1]])
        #expect(!waiting.isEmpty)
        #expect(waiting.append(4, to: alice))
        waiting.network.room = [:]
        #expect(try waiting.flush() == [])
        #expect(waiting.network.taken == [alice: [1, 2, 3, 4]])
        #expect(waiting.isEmpty)
    }

    @Test func aPeerThatTakesNothingHoldsUpNobodyElse() throws {
        let waiting = Waiting(limit: 10, [(alice, 1), (bob, 10)])
        waiting.network.room = [alice: 0]
        #expect(try waiting.flush() == [])
        #expect(waiting.network.taken == [bob: [10]])
        #expect(!waiting.isEmpty)
    }

    @Test func peersThatAreGoneAreNamedInOrderAndTheirMessagesDropped() throws {
        let peers = (1...20).map { PeerID([UInt8($0)]) }
        let waiting = Waiting(limit: 10, peers.reversed().flatMap { peer in [1, 2].map { (peer, $0) } })
        waiting.network.gone = Set(peers.dropFirst())
        #expect(try waiting.flush() == Array(peers.dropFirst()))
        #expect(waiting.network.taken == [peers[0]: [1, 2]])
        #expect(waiting.isEmpty)
    }

    @Test func aPeerThatLeavesAmidItsMessagesIsNamedOnce() throws {
        let waiting = Waiting(limit: 10, [(alice, 1), (alice, 2), (alice, 3)])
        waiting.network.leaves = [alice: 1]
        #expect(try waiting.flush() == [alice])
        #expect(waiting.network.taken == [alice: [1]])
        #expect(waiting.isEmpty)
    }

    @Test func beyondTheLimitThePeersMessagesAreDroppedAndItIsToldSo() throws {
        let waiting = Waiting(limit: 3, [(alice, 1), (alice, 2), (alice, 3), (bob, 10)])
        #expect(!waiting.append(4, to: alice))
        #expect(try waiting.flush() == [])
        #expect(waiting.network.taken == [bob: [10]])
    }

    @Test func theLimitIsForEachPeer() {
        let waiting = Waiting(limit: 2, [(alice, 1), (alice, 2)])
        #expect(waiting.append(1, to: bob))
        #expect(waiting.append(2, to: bob))
        #expect(!waiting.append(3, to: bob))
    }

    @Test func aDroppableMessageDoesNotWaitBehindOthers() throws {
        let waiting = Waiting(limit: 1, [(alice, 1)])
        #expect(waiting.append(2, to: alice, isDroppable: true))
        _ = try waiting.flush()
        #expect(waiting.network.taken == [alice: [1]])
    }

    @Test func droppableMessagesOfTheSameMomentAreAllSent() throws {
        let waiting = Waiting(limit: 10, [(alice, 1)])
        for number in 2...4 as ClosedRange<UInt8> { #expect(waiting.append(number, to: alice, isDroppable: true)) }
        _ = try waiting.flush()
        #expect(waiting.network.taken == [alice: [1, 2, 3, 4]])
    }

    @Test func aDroppableMessageBehindOneThatCannotBeSentIsDropped() throws {
        let waiting = Waiting(limit: 10, [(alice, 1)])
        #expect(waiting.append(2, to: alice, isDroppable: true))
        #expect(waiting.append(3, to: alice))
        waiting.network.room = [alice: 0]
        _ = try waiting.flush()
        waiting.network.room = [:]
        _ = try waiting.flush()
        #expect(waiting.network.taken == [alice: [1, 3]])
    }

    @Test func aDroppableMessageThatCannotBeSentAtOnceIsDropped() throws {
        let waiting = Waiting(limit: 1)
        #expect(waiting.append(1, to: alice, isDroppable: true))
        waiting.network.room = [alice: 0]
        #expect(try waiting.flush() == [])
        #expect(waiting.network.taken.isEmpty)
        #expect(waiting.isEmpty)
    }

    @Test func aDroppableMessageIsSentWhereThePeerTakesIt() throws {
        let waiting = Waiting(limit: 1)
        #expect(waiting.append(1, to: alice, isDroppable: true))
        _ = try waiting.flush()
        #expect(waiting.network.taken == [alice: [1]])
    }

    @Test func aDroppableMessageThatIsDroppedDoesNotTakeTheNextWithIt() throws {
        let waiting = Waiting(limit: 10)
        #expect(waiting.append(1, to: alice, isDroppable: true))
        #expect(waiting.append(2, to: alice))
        waiting.network.room = [alice: 0]
        _ = try waiting.flush()
        waiting.network.room = [:]
        _ = try waiting.flush()
        #expect(waiting.network.taken == [alice: [2]])
    }
}

/// Messages of one byte that wait for a network of the test's making.
private final class Waiting {
    private var messages: WaitingMessages
    var network = Network()

    init(limit: Int, _ numbers: [(PeerID, UInt8)] = []) {
        messages = WaitingMessages(limit: limit)
        for (peer, number) in numbers { #expect(append(number, to: peer)) }
    }

    var isEmpty: Bool { messages.isEmpty }

    func append(_ number: UInt8, to peer: PeerID, isDroppable: Bool = false) -> Bool {
        messages.append(Outbox.Outgoing(frames: [[number]], peer: peer, isDroppable: isDroppable))
    }

    func flush() throws -> [PeerID] {
        try messages.flush { network.take($0, $1) }
    }
}

/// Takes messages as libzmq does, as many as it is told to.
private struct Network {
    /// How many messages a peer still takes; without an entry, all.
    var room: [PeerID: Int] = [:]
    var gone: Set<PeerID> = []

    /// After how many messages a peer leaves.
    var leaves: [PeerID: Int] = [:]
    private(set) var taken: [PeerID: [UInt8]] = [:]

    mutating func take(_ frames: [[UInt8]], _ peer: PeerID) -> Socket.SendOutcome {
        if gone.contains(peer) || taken[peer]?.count == leaves[peer, default: .max] { return .unreachable }
        if let left = room[peer] {
            guard left > 0 else { return .wouldBlock }
            room[peer] = left - 1
        }
        taken[peer, default: []] += frames[0]
        return .sent
    }
}
