import Foundation
import Protocol
import TestEnvironment
import Testing

@testable import Transport

/// Who is let in by keys, on real connections.
@Suite(.hangLimit) struct CurveTests {
    private let folder: TemporaryFolder
    private let coordinator = KeyPair()
    private let worker = KeyPair()

    init() throws {
        folder = try TemporaryFolder()
        try allow(worker.publicKey)
    }

    private func allow(_ keys: PublicKey...) throws {
        let lines = keys.enumerated().map { "worker-\($0.offset) \($0.element)\n" }
        try folder.write(lines.joined(), to: "allowed.keys")
    }

    private func router() throws -> (socket: TestSocket, allowed: AllowList) {
        let allowed = try AllowList(path: folder.path("allowed.keys"))
        let access = AccessControl(keys: coordinator, allowed: allowed)
        return (try TestSocket(.router(listen: "tcp://127.0.0.1:*", access: access), hearsHandshakes: true), allowed)
    }

    private func dealer(
        _ keys: KeyPair?, to endpoint: String, expecting key: PublicKey? = nil
    ) throws -> TestSocket {
        let keys = keys.map { ClientKeys(own: $0, coordinator: key ?? coordinator.publicKey) }
        return try TestSocket(.dealer(connect: endpoint, keys: keys), hearsHandshakes: true)
    }

    /// The next arrival that says why a connection was not made.
    private func failure(of dealer: TestSocket) async throws -> HandshakeFailure? {
        guard case .handshakeFailed(let failure) = try await dealer.next() else { return nil }
        return failure
    }

    private func turnedAway(by router: TestSocket) async throws -> TurnedAway? {
        guard case .turnedAway(let turnedAway) = try await router.next() else { return nil }
        return turnedAway
    }

    /// Waits until the router has seen a connection that is not of its kind. Some of them hang up before it does.
    private func expectMismatch(at router: TestSocket) async throws {
        while let turnedAway = try await turnedAway(by: router) {
            if turnedAway.mismatches > 0 { return }
        }
        Issue.record("something came through")
    }

    @Test func anAllowedKeyTalksBothWays() async throws {
        let (router, _) = try router()
        let dealer = try dealer(worker, to: router.socket.endpoint)
        try dealer.socket.send(.numbered(1))
        let (message, peer) = try await router.nextMessage()
        #expect(message == .numbered(1))
        try router.socket.send(.numbered(2), to: peer)
        #expect(try await dealer.nextMessage().message == .numbered(2))
    }

    @Test func anUnknownKeyIsRefusedNamedAndTold() async throws {
        let (router, _) = try router()
        let stranger = KeyPair()
        let dealer = try dealer(stranger, to: router.socket.endpoint)
        try dealer.socket.send(.numbered(1))
        #expect(try await failure(of: dealer) == .keyRefused)
        let key = try #require(try await turnedAway(by: router)?.keys.first)
        #expect(key.key == stranger.publicKey)
        #expect(key.address.hasSuffix("127.0.0.1"))
        // Nobody else notices.
        let friend = try self.dealer(worker, to: router.socket.endpoint)
        try friend.socket.send(.numbered(2))
        while true {
            let inbound = try await router.next()
            if case .turnedAway = inbound { continue }
            #expect(inbound.message == .numbered(2))
            break
        }
    }

    @Test func aRefusedKeyComesInOnceItIsAllowed() async throws {
        let (router, allowed) = try router()
        let late = KeyPair()
        let dealer = try dealer(late, to: router.socket.endpoint)
        try dealer.socket.send(.numbered(1))
        // libzmq itself would give up after one of them, as often as not.
        for _ in 0..<2 { #expect(try await failure(of: dealer) == .keyRefused) }
        try allow(worker.publicKey, late.publicKey)
        #expect(try allowed.reload()?.added == ["worker-1"])
        while true {
            let inbound = try await router.next()
            if case .turnedAway = inbound { continue }
            #expect(inbound.message == .numbered(1))
            break
        }
    }

    @Test func aRemovedKeyIsNotListenedToThoughItIsConnected() async throws {
        let (router, allowed) = try router()
        let dealer = try dealer(worker, to: router.socket.endpoint)
        try dealer.socket.send(.numbered(1))
        let peer = try await router.nextMessage().peer
        try allow(KeyPair().publicKey)
        _ = try allowed.reload()
        try dealer.socket.send(.numbered(2))
        try dealer.socket.send(.numbered(3))
        guard case .revoked(peer) = try await router.next() else {
            Issue.record("expected the peer to be reported")
            return
        }
        #expect(try #require(try await turnedAway(by: router)).revoked > 0)
        // And is, when it is back in the list.
        try allow(worker.publicKey)
        _ = try allowed.reload()
        let socket = dealer.socket
        var number: Int?
        while number != 4 {
            let inbound = try await router.next { try socket.send(.numbered(4)) }
            if case .turnedAway = inbound { continue }
            number = inbound.message?.number
            #expect(number == 4)
        }
    }

    /// Whoever is turned away goes on trying; what it has to say does not get through.
    private func expectNoMessage(at router: TestSocket) async throws {
        while router.count > 0 { #expect(try await router.next().message == nil) }
    }

    @Test func aClientWithoutAKeyIsRefused() async throws {
        let (router, _) = try router()
        let dealer = try dealer(nil, to: router.socket.endpoint)
        try dealer.socket.send(.numbered(1))
        let failure = try await failure(of: dealer)
        #expect(failure == .mismatch || failure == .hungUp, "\(String(describing: failure))")
        try await expectMismatch(at: router)
        try await expectNoMessage(at: router)
    }

    /// It tries once, and may hang up before the router does.
    @Test func aPlainSocketOfAnotherProgramIsRefused() async throws {
        let (router, _) = try router()
        let peer = try RawDealer(router.socket.endpoint)
        let sending = Task { try await peer.send(Message.numbered(1).frames()) }
        let turnedAway = try #require(try await turnedAway(by: router))
        #expect(turnedAway.mismatches + turnedAway.incomplete > 0)
        sending.cancel()
        try await expectNoMessage(at: router)
    }

    /// Whoever poses as the coordinator learns nothing: the worker speaks to the holder of that one secret only.
    @Test func aWrongServerKeyNeverConnects() async throws {
        let (router, _) = try router()
        let dealer = try dealer(worker, to: router.socket.endpoint, expecting: KeyPair().publicKey)
        try dealer.socket.send(.numbered(1))
        for _ in 0..<3 { #expect(try await failure(of: dealer) == .hungUp) }
        try await expectMismatch(at: router)
        try await expectNoMessage(at: router)
    }

    @Test func aKeyIsOfNoUseWhereNoneAreAskedFor() async throws {
        let router = try TestSocket.router()
        let dealer = try dealer(worker, to: router.socket.endpoint)
        try dealer.socket.send(.numbered(1))
        let failure = try await failure(of: dealer)
        #expect(failure == .mismatch || failure == .hungUp, "\(String(describing: failure))")
    }

    private static let secret = "the quick brown fox jumps over the lazy dog"

    /// Every byte between the two ends is recorded, with and without keys.
    @Test(arguments: [true, false]) func textIsOnTheWireOnlyWithoutKeys(_ hasKeys: Bool) async throws {
        let router = try hasKeys ? router().socket : TestSocket.router()
        let relay = try TCPRelay(to: #require(UInt16(router.socket.endpoint.split(separator: ":").last ?? "")))
        let dealer = try dealer(hasKeys ? worker : nil, to: "tcp://127.0.0.1:\(relay.port)")
        try dealer.socket.send(.worker(.goodbye(reason: Self.secret)))
        let (message, peer) = try await router.nextMessage()
        #expect(message == .worker(.goodbye(reason: Self.secret)))
        let payload = UnitPayload(
            work: .project, responses: ["a", "b"],
            items: [
                .init(
                    row: 1,
                    text: RenderedItem(
                        prompt: RenderedText(Self.secret), responses: [RenderedText("a"), RenderedText("b")]))
            ])
        try router.socket.send(.coordinator(.assignment(Lease(unit: UnitID(1), attempt: 1), payload)), to: peer)
        #expect(
            try await dealer.nextMessage().message
                == .coordinator(.assignment(Lease(unit: UnitID(1), attempt: 1), payload)))
        let bytes = relay.bytes
        #expect(bytes.contains(hasKeys ? "CURVE" : "NULL"))
        #expect(bytes.count > 2 * Self.secret.utf8.count)
        #expect(bytes.contains(Self.secret) == !hasKeys)
        #expect(bytes.contains("lazy dog") == !hasKeys)
    }
}
