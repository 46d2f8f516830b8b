import Protocol
import Synchronization
import TestEnvironment
import Testing
import Transport

/// What becomes of messages when one of the two ends is not there, or leaves.
@Suite(.hangLimit) struct ConnectionTests {
    @Test func aDealerFindsTheRouterThatCameBackOnTheSamePort() async throws {
        let first = try TestSocket.router()
        let endpoint = first.socket.endpoint
        let dealer = try TestSocket.dealer(to: first)
        try dealer.socket.send(.numbered(1))
        let oldPeer = try await first.nextMessage().peer
        await first.socket.close()

        let second = try TestSocket(.router(listen: endpoint))
        let socket = dealer.socket
        let arrival = try await second.next { try socket.send(.numbered(2)) }
        #expect(arrival.message == .numbered(2))
        let newPeer = try #require(arrival.sender)
        #expect(newPeer != oldPeer)
        try second.socket.send(.numbered(3), to: newPeer)
        #expect(try await dealer.nextMessage().message == .numbered(3))
    }

    @Test func whatIsSentBeforeTheRouterIsThereArrivesInOrder() async throws {
        let endpoint = try await freeEndpoint()
        let dealer = try TestSocket(.dealer(connect: endpoint))
        for number in 0..<100 { try dealer.socket.send(.numbered(number)) }
        let router = try TestSocket(.router(listen: endpoint))
        for number in 0..<100 { #expect(try await router.nextMessage().message == .numbered(number)) }
    }

    @Test func aDroppableMessageDoesNotWaitForTheRouter() async throws {
        let endpoint = try await freeEndpoint()
        let gate = Gate(isOpen: true)
        let dealer = try TestSocket(.dealer(connect: endpoint), hasRoom: gate.ask)
        try dealer.socket.send(.numbered(1))
        for number in 2..<50 { try dealer.socket.send(.numbered(number), isDroppable: true) }
        try dealer.socket.send(.numbered(50))
        // Its thread asks once it has tried to send; the first time may be of a turn that took none of these yet.
        try await gate.waitUntilAsked(times: 2)
        let router = try TestSocket(.router(listen: endpoint))
        #expect(try await router.nextMessage().message == .numbered(1))
        #expect(try await router.nextMessage().message == .numbered(50))
    }

    @Test func moreThanMayWaitForARouterThatIsAwayIsDroppedAndReported() async throws {
        var limits = MessageSocket.Limits()
        limits.outboxMessagesMax = 10
        let dealer = try TestSocket(.dealer(connect: await freeEndpoint()), limits: limits)
        for number in 0...10 { try dealer.socket.send(.numbered(number)) }
        #expect(try await dealer.next().unreachable == .coordinator)
    }

    @Test func closingSendsWhatWaits() async throws {
        let router = try TestSocket.router()
        let dealer = try TestSocket.dealer(to: router)
        for number in 0..<20 { try dealer.socket.send(.large(byteCount: 1 << 20, unit: UInt64(number))) }
        try dealer.socket.send(.numbered(20))
        await dealer.socket.close()
        for number in 0..<20 {
            #expect(try await router.nextMessage().message == .large(byteCount: 1 << 20, unit: UInt64(number)))
        }
        #expect(try await router.nextMessage().message == .numbered(20))
    }

    /// The peers are plain dealers: one with ZMQ_IMMEDIATE drops what it has not read when the connection ends.
    @Test func aRouterThatClosesSendsWhatWaitsToEveryPeer() async throws {
        let router = try TestSocket.router()
        let dealers = try (0..<4).map { _ in try RawDealer(router.socket.endpoint) }
        for dealer in dealers { try await dealer.send(Message.numbered(0).frames()) }
        for _ in dealers {
            let peer = try await router.nextMessage().peer
            for number in 1...500 { try router.socket.send(.numbered(number), to: peer) }
        }
        await router.socket.close()
        for dealer in dealers {
            for number in 1...500 { #expect(try await Message(frames: dealer.receive()) == .numbered(number)) }
        }
    }

    @Test func closingWaitsForARouterThatComesWithinTheLingerTime() async throws {
        var limits = MessageSocket.Limits()
        limits.lingerMilliseconds = 60_000
        let endpoint = try await freeEndpoint()
        let dealer = try TestSocket(.dealer(connect: endpoint), limits: limits)
        try dealer.socket.send(.numbered(1))
        let socket = dealer.socket
        let closing = Task { await socket.close() }
        let router = try TestSocket(.router(listen: endpoint))
        #expect(try await router.nextMessage().message == .numbered(1))
        await closing.value
    }

    /// A dealer that closes with a message for a router that is not there.
    private final class Closing: Sendable {
        private let time = Mutex<Duration?>(nil)

        init(_ endpoint: String, lingerMilliseconds: Int32) throws {
            var limits = MessageSocket.Limits()
            limits.lingerMilliseconds = lingerMilliseconds
            let socket = try TestSocket(.dealer(connect: endpoint), limits: limits).socket
            try socket.send(.numbered(1))
            let start = ContinuousClock.now
            Task {
                await socket.close()
                time.withLock { $0 = ContinuousClock.now - start }
            }
        }

        /// nil while it closes.
        var elapsed: Duration? { time.withLock { $0 } }
    }

    @Test func closingGivesUpAfterTheLingerTime() async throws {
        let endpoint = try await freeEndpoint()
        // The other one tells giving up from a closing that does not wait.
        let (short, long) = (
            try Closing(endpoint, lingerMilliseconds: 300), try Closing(endpoint, lingerMilliseconds: 3_600_000)
        )
        #expect(try await eventually { short.elapsed != nil })
        #expect(try #require(short.elapsed) >= .milliseconds(200))
        #expect(long.elapsed == nil)
        // Which lets it end.
        let router = try TestSocket(.router(listen: endpoint))
        #expect(try await router.nextMessage().message == .numbered(1))
        #expect(try await eventually { long.elapsed != nil })
    }

    @Test func aClosedSocketLeavesItsPortAtOnce() async throws {
        for _ in 0..<20 {
            let router = try TestSocket.router()
            await router.socket.close()
            let again = try TestSocket(.router(listen: router.socket.endpoint))
            await again.socket.close()
        }
    }

    @Test func closingTwiceIsClosingOnce() async throws {
        let router = try TestSocket.router()
        await router.socket.close()
        await router.socket.close()
    }

    @Test func whatIsSentAfterTheEndIsDropped() async throws {
        let router = try TestSocket.router()
        let dealer = try TestSocket.dealer(to: router)
        try dealer.socket.send(.numbered(1))
        await dealer.socket.close()
        try dealer.socket.send(.numbered(2))
        let other = try TestSocket.dealer(to: router)
        #expect(try await router.nextMessage().message == .numbered(1))
        try other.socket.send(.numbered(3))
        #expect(try await router.nextMessage().message == .numbered(3))
    }

    private static let hosts = Atomic(1)

    /// An address where nobody listens any more. Its loopback address is its own, so that no other test is given the port
    /// meanwhile.
    private func freeEndpoint() async throws -> String {
        let host = Self.hosts.add(1, ordering: .relaxed).newValue
        let router = try TestSocket(.router(listen: "tcp://127.0.0.\(host):*"))
        await router.socket.close()
        return router.socket.endpoint
    }
}
