import Protocol
import TestEnvironment
import Testing

@testable import Transport

/// Peers that do not keep to the protocol, on real connections: they are named, and nobody else notices.
@Suite(.hangLimit) struct HostilePeerTests {
    @Test func framesThatAreNoMessageAreDroppedAndReported() async throws {
        let router = try TestSocket.router()
        let peer = try RawDealer(router.socket.endpoint)
        let good = try Message.numbered(1).frames()
        let malformed: [([[UInt8]], String)] = [
            ([Array("hello".utf8)], "a header of 5 bytes that is no header of this protocol"),
            (good + [[1, 2, 3]], "0 tensors announced, 1 bulk frames found"),
            (good + [[], [], []], "a message of 4 frames; at most 3 are expected"),
            (Array(repeating: [], count: 5000), "a message of 4 frames; at most 3 are expected"),
        ]
        var senders: Set<PeerID> = []
        for (frames, problem) in malformed {
            try await peer.send(frames)
            let inbound = try await router.next()
            guard case .malformed(let message, let sender) = inbound else {
                Issue.record("expected \(problem), found \(inbound)")
                continue
            }
            #expect(message.problem == ProtocolError(problem))
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

    /// A worker must know what it was that it cannot read: without some messages it waits for ever.
    @Test func aDealerIsToldWhatItWasThatItCannotRead() async throws {
        let router = try RawRouter()
        let dealer = try TestSocket(.dealer(connect: router.endpoint))
        try dealer.socket.send(.numbered(1))
        let peer = try await router.receive()[0]
        let job = JobSpecification(
            job: "job", modelPath: "", modelDigest: "", precision: .f32, backend: .native, readouts: [], maxTokens: 0,
            heartbeatMilliseconds: 1)
        let header = try Message.coordinator(.welcome(job)).frames()[0]
        try await router.send([peer, header])
        #expect(try await dealer.next().malformed?.kind == .welcome)
        try await router.send([peer, Array(header.dropLast())])
        #expect(try await dealer.next().malformed?.kind == nil)
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

    @Test func aMalformedFloodDoesNotDrownAGoodPeerAndIsCounted() async throws {
        var limits = MessageSocket.Limits()
        limits.malformedRate = .init(perSecond: 0, burst: 5)
        let router = try TestSocket.router(limits: limits)
        let flooder = try RawDealer(router.socket.endpoint)
        let dealer = try TestSocket.dealer(to: router)
        for _ in 0..<500 { try await flooder.send([[0xFF]]) }
        try dealer.socket.send(.numbered(1))
        for _ in 0..<500 { try await flooder.send([[0xFF]]) }
        var malformed = 0
        var counted = 0
        var messages: [Message] = []
        while malformed + counted + messages.count < 1001 {
            switch try await router.next() {
            case .malformed: malformed += 1
            case .turnedAway(let turnedAway): counted += turnedAway.messages
            case .message(let message, _): messages.append(message)
            case let other: Issue.record("\(other)")
            }
        }
        #expect(malformed == 5)
        #expect(counted == 995)
        #expect(messages == [.numbered(1)])
    }

    @Test func whatAPeerSendsBeyondItsRateIsDroppedAndCounted() async throws {
        var limits = MessageSocket.Limits()
        limits.messageRate = .init(perSecond: 0, burst: 100)
        let router = try TestSocket.router(limits: limits)
        let flooder = try TestSocket.dealer(to: router)
        let dealer = try TestSocket.dealer(to: router)
        for number in 0..<1000 { try flooder.socket.send(.numbered(number)) }
        for number in 2000..<2100 { try dealer.socket.send(.numbered(number)) }
        var dropped = 0
        var numbers: [Int] = []
        while dropped + numbers.count < 1100 {
            switch try await router.next() {
            case .turnedAway(let turnedAway): dropped += turnedAway.messages
            case let inbound: numbers.append(try #require(inbound.message?.number))
            }
        }
        #expect(dropped == 900)
        #expect(numbers.filter { $0 < 1000 } == Array(0..<100))
        #expect(numbers.filter { $0 >= 2000 } == Array(2000..<2100))
    }

    @Test func aHeaderThatIsTooLongIsNotDecoded() async throws {
        var limits = MessageSocket.Limits()
        limits.headerBytesMax = 1000
        let router = try TestSocket.router(limits: limits)
        let dealer = try TestSocket.dealer(to: router)
        let held = (0..<500).map {
            WorkerMessage.HeldUnit(lease: Lease(unit: UnitID($0), attempt: 1), tokens: 0)
        }
        let hello = WorkerMessage.Hello(
            worker: "w", epoch: 1, host: "", processID: 1, softwareVersion: "", lanes: 1, model: nil, held: held)
        try dealer.socket.send(.worker(.hello(hello)))
        let problem = try await router.next().problem
        #expect(problem?.description.contains("at most 1000 are expected") == true, "\(String(describing: problem))")
    }

    @Test func connectionsThatSayNothingOrNonsenseAreClosedAndNobodyElseNotices() async throws {
        var limits = MessageSocket.Limits()
        // Enough for the good peer on a busy machine; if not, it tries again.
        limits.handshakeMilliseconds = 2000
        let router = try TestSocket.router(limits: limits)
        let port = try #require(UInt16(router.socket.endpoint.split(separator: ":").last ?? ""))
        let silent = try (0..<20).map { _ in try TCPConnection(port: port) }
        // The first bytes of ZMTP, and then no more.
        let half = try (0..<20).map { _ in try TCPConnection(port: port) }
        for connection in half { connection.send([0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3]) }
        let babbling = try (0..<20).map { _ in try TCPConnection(port: port) }
        for (index, connection) in babbling.enumerated() {
            connection.send((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* (2 * index + 1) &+ index) })
        }
        let dealer = try TestSocket.dealer(to: router)
        try dealer.socket.send(.numbered(1))
        var message: Message?
        while message == nil { message = try await router.next().message }
        #expect(message == .numbered(1))
        // Each is closed by the router: reading comes to an end.
        for connection in silent + half + babbling { while connection.receive() != nil {} }
    }
}
