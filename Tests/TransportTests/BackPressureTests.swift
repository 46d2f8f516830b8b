import Protocol
import Synchronization
import TestEnvironment
import Testing
import Transport

/// A receiver that has no room leaves messages in the network.
@Suite(.hangLimit) struct BackPressureTests {
    @Test func withoutRoomNothingIsDeliveredAndNothingIsLost() async throws {
        let gate = Gate()
        let router = try TestSocket(.router(listen: "tcp://127.0.0.1:*"), hasRoom: gate.ask)
        let dealer = try TestSocket.dealer(to: router)
        // Of a sender that is closed, what the receiver's queue has no room for stays in the kernel, which gives such a
        // connection up after a minute; on a busy machine a test has its next turn later than that.
        let count = Int(MessageSocket.Limits().inboxMessagesMax)
        for number in 0..<count { try dealer.socket.send(.numbered(number)) }
        await dealer.socket.close()
        try await gate.waitUntilAsked(times: 20)
        #expect(router.count == 0)

        gate.open()
        for number in 0..<count { #expect(try await router.nextMessage().message == .numbered(number)) }
    }

    @Test func noMoreIsDeliveredThanThereIsRoomFor() async throws {
        let gate = Gate()
        let inbox = Mailbox<Inbound>()
        let largest = Mutex(0)
        let router = try MessageSocket(
            .router(listen: "tcp://127.0.0.1:*"), hasRoom: { gate.ask() && inbox.count < 3 },
            deliver: { inbound in
                inbox.post(inbound)
                let count = inbox.count
                largest.withLock { $0 = max($0, count) }
            })
        let dealer = try MessageSocket(.dealer(connect: router.endpoint), limits: .patient) { _ in }
        for number in 0..<500 { try dealer.send(.numbered(number)) }
        try await gate.waitUntilAsked(times: 20)
        gate.open()

        var numbers: [Int?] = []
        while numbers.count < 500, let arrived = await inbox.next() { numbers += arrived.map { $0.message?.number } }
        #expect(numbers == Array(0..<500))
        #expect(largest.withLock { $0 } <= 3)
        // Not before: they are more than the receiver's queue has room for.
        await dealer.close()
        await router.close()
    }

    @Test func aReceiverWithoutRoomStillSends() async throws {
        let gate = Gate(isOpen: true)
        let router = try TestSocket(.router(listen: "tcp://127.0.0.1:*"), hasRoom: gate.ask)
        let dealer = try TestSocket.dealer(to: router)
        try dealer.socket.send(.numbered(1))
        let peer = try await router.nextMessage().peer
        gate.close()
        for number in 2..<100 { try router.socket.send(.numbered(number), to: peer) }
        for number in 2..<100 { #expect(try await dealer.nextMessage().message == .numbered(number)) }
    }

    /// What a killed worker leaves behind: messages that wait, and a connection that was reset. libzmq 4.3.4 aborts on its
    /// own heartbeats then.
    @Test func aConnectionThatIsResetWhileItsMessagesWaitHarmsNobody() async throws {
        let gate = Gate()
        let router = try TestSocket(.router(listen: "tcp://127.0.0.1:*"), hasRoom: gate.ask)
        do {
            let port = try #require(UInt16(router.socket.endpoint.split(separator: ":").last ?? ""))
            let connection = try TCPConnection(port: port)
            connection.resetOnClose()
            connection.send(ZMTP.greeting + ZMTP.ready)
            // The router's own handshake: 64 bytes and its READY.
            var answered = 0
            while answered < 100 { answered += try #require(connection.receive()).count }
            for number in 0..<1000 { connection.send(ZMTP.message(try Message.numbered(number).frames())) }
            try await gate.waitUntilAsked(times: 20)
        }
        // Longer than any of libzmq's timers was set to: 10 ms each.
        try await gate.waitUntilAsked(times: 700)
        gate.open()
        #expect(try await router.nextMessage().message == .numbered(0))
        let dealer = try TestSocket.dealer(to: router)
        try dealer.socket.send(.numbered(2000))
        while try await router.nextMessage().message != .numbered(2000) {}
    }
}

/// ZMTP 3.0 as it goes over the network, with the NULL mechanism.
private enum ZMTP {
    static let greeting: [UInt8] =
        [0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0] + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)

    static let ready: [UInt8] = {
        let command =
            [5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)
        return [0x04, UInt8(command.count)] + command
    }()

    /// - Precondition: frames of fewer than 256 bytes.
    static func message(_ frames: [[UInt8]]) -> [UInt8] {
        frames.enumerated().flatMap { index, frame in
            [index < frames.count - 1 ? 0x01 : 0x00, UInt8(frame.count)] + frame
        }
    }
}
