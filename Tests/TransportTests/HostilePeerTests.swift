import Protocol
import Testing

@testable import Transport

/// Peers that do not keep to the protocol, on real connections: they are named, and nobody else notices.
@Suite(.timeLimit(.minutes(2))) struct HostilePeerTests {
    @Test func framesThatAreNoMessageAreDroppedAndReported() async throws {
        let router = try TestSocket.router()
        let peer = try RawDealer(router.socket.endpoint)
        let good = try Message.numbered(1).frames()
        let malformed: [([[UInt8]], String)] = [
            ([Array("hello".utf8)], "a header of 5 bytes that is no header of this protocol"),
            (good + [[1, 2, 3]], "0 tensors announced, 1 bulk frames found"),
            (good + [[], []], "a message of 3 frames; at most 2 are expected"),
            (Array(repeating: [], count: 5000), "a message of 3 frames; at most 2 are expected"),
        ]
        var senders: Set<PeerID> = []
        for (frames, problem) in malformed {
            try await peer.send(frames)
            let inbound = try await router.next()
            guard case .malformed(let error, let sender) = inbound else {
                Issue.record("expected \(problem), found \(inbound)")
                continue
            }
            #expect(error == ProtocolError(problem))
            senders.insert(sender)
        }
        try await peer.send(good)
        let (message, sender) = try await router.nextMessage()
        #expect(message == .numbered(1))
        #expect(senders == [sender])
    }

    @Test func anotherVersionIsReportedAsSuch() async throws {
        let router = try TestSocket.router()
        let peer = try RawDealer(router.socket.endpoint)
        // protocol_version: 200.
        try await peer.send([[0x08, 0xC8, 0x01]])
        guard case .otherVersion(let mismatch, let sender) = try await router.next() else {
            Issue.record("expected the mismatch to be reported")
            return
        }
        #expect(mismatch.found == 200)
        // It can be told so, in whatever version it speaks.
        try router.socket.send(.coordinator(.refused(reason: mismatch.description)), to: sender)
        let answer = try await peer.receive()
        #expect(try Message(frames: answer) == .coordinator(.refused(reason: mismatch.description)))
    }

    @Test func aDealerReportsFramesThatAreNoMessageToo() async throws {
        let router = try RawRouter()
        let dealer = try TestSocket(.dealer(connect: router.endpoint))
        try dealer.socket.send(.numbered(1))
        let peer = try await router.receive()[0]
        try await router.send([peer, Array("hello".utf8)])
        guard case .malformed(_, let sender) = try await dealer.next() else {
            Issue.record("expected the frames to be reported")
            return
        }
        #expect(sender == .coordinator)
    }

    @Test func anOversizeFrameDisconnectsItsSenderAlone() async throws {
        var limits = MessageSocket.Limits()
        limits.frameBytesMax = 10_000
        let router = try TestSocket.router(limits: limits)
        let neighbour = try TestSocket.dealer(to: router)
        try neighbour.socket.send(.numbered(1))
        let neighbourPeer = try await router.nextMessage().peer
        let dealer = try TestSocket.dealer(to: router)
        try dealer.socket.send(.large(byteCount: 10_000))
        let oldPeer = try await router.nextMessage().peer

        try dealer.socket.send(.large(byteCount: 10_004))
        let socket = dealer.socket
        let arrival = try await router.next { try socket.send(.numbered(2)) }
        #expect(arrival.message == .numbered(2))
        #expect(arrival.sender != oldPeer)
        try router.socket.send(.numbered(3), to: neighbourPeer)
        #expect(try await neighbour.nextMessage().message == .numbered(3))
    }

    @Test func aMalformedFloodDoesNotDrownAGoodPeer() async throws {
        let router = try TestSocket.router()
        let flooder = try RawDealer(router.socket.endpoint)
        let dealer = try TestSocket.dealer(to: router)
        for _ in 0..<500 { try await flooder.send([[0xFF]]) }
        try dealer.socket.send(.numbered(1))
        for _ in 0..<500 { try await flooder.send([[0xFF]]) }
        var malformed = 0
        var messages: [Message] = []
        while malformed + messages.count < 1001 {
            switch try await router.next() {
            case .malformed: malformed += 1
            case .message(let message, _): messages.append(message)
            case let other: Issue.record("\(other)")
            }
        }
        #expect(malformed == 1000)
        #expect(messages == [.numbered(1)])
    }
}
