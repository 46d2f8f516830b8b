import Protocol
import TestEnvironment
import Testing
import Transport

@Suite(.hangLimit) struct MessageSocketTests {
    @Test func messagesTravelBothWays() async throws {
        let router = try TestSocket.router()
        let dealer = try TestSocket.dealer(to: router)
        try dealer.socket.send(.numbered(1))
        let (question, peer) = try await router.nextMessage()
        #expect(question == .numbered(1))
        #expect(peer != .coordinator)
        try router.socket.send(.coordinator(.whoAreYou), to: peer)
        let (answer, sender) = try await dealer.nextMessage()
        #expect(answer == .coordinator(.whoAreYou))
        #expect(sender == .coordinator)
    }

    @Test func aTensorArrivesUnchanged() async throws {
        let router = try TestSocket.router()
        let dealer = try TestSocket.dealer(to: router)
        let result = Message.large(byteCount: 8 << 20)
        try dealer.socket.send(result)
        let (message, peer) = try await router.nextMessage()
        #expect(message == result)
        try router.socket.send(result, to: peer)
        #expect(try await dealer.nextMessage().message == result)
    }

    @Test func messagesOfOnePeerKeepTheirOrder() async throws {
        let router = try TestSocket.router()
        let dealer = try TestSocket.dealer(to: router)
        for number in 0..<3000 { try dealer.socket.send(.numbered(number)) }
        for number in 0..<3000 { #expect(try await router.nextMessage().message == .numbered(number)) }
    }

    @Test func peersAreToldApart() async throws {
        let router = try TestSocket.router()
        let dealers = try (0..<5).map { _ in try TestSocket.dealer(to: router) }
        for (number, dealer) in dealers.enumerated() { try dealer.socket.send(.numbered(number)) }
        var peers: Set<PeerID> = []
        for _ in dealers {
            let (message, peer) = try await router.nextMessage()
            peers.insert(peer)
            try router.socket.send(message, to: peer)
        }
        #expect(peers.count == dealers.count)
        for (number, dealer) in dealers.enumerated() {
            #expect(try await dealer.nextMessage().message == .numbered(number))
        }
    }

    @Test func theEndpointNamesThePortThatTheSystemChose() throws {
        let first = try TestSocket.router()
        let second = try TestSocket.router()
        #expect(first.socket.endpoint.contains(#/^tcp://127\.0\.0\.1:[1-9][0-9]+$/#), "\(first.socket.endpoint)")
        #expect(first.socket.endpoint != second.socket.endpoint)
    }

    @Test func localhostCanBeListenedOn() async throws {
        let router = try TestSocket(.router(listen: "tcp://localhost:*"))
        let dealer = try TestSocket.dealer(to: router)
        try dealer.socket.send(.numbered(1))
        #expect(try await router.nextMessage().message == .numbered(1))
    }

    @Test func aPortInUseIsAnErrorThatSaysWhatToDo() throws {
        let router = try TestSocket.router()
        let endpoint = router.socket.endpoint
        let error = #expect(throws: ZeroMQError.self) { try TestSocket(.router(listen: endpoint)) }
        #expect(
            error?.description == "cannot bind \(endpoint): Address already in use "
                + "(another process listens there: stop it, or choose another port)")
    }

    /// 192.0.2.0/24 is for documentation: no machine has it.
    @Test func anAddressOfAnotherMachineIsAnErrorThatSaysSo() {
        let error = #expect(throws: ZeroMQError.self) { try TestSocket(.router(listen: "tcp://192.0.2.1:5711")) }
        #expect(
            error?.description.hasSuffix("(this machine has no such address)") == true, "\(String(describing: error))")
    }

    @Test(arguments: ["127.0.0.1:5711", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:port", "tcp://127.0.0.1:99999"])
    func whatIsNoAddressIsAnError(_ address: String) {
        let listening = #expect(throws: ZeroMQError.self) { try TestSocket(.router(listen: address)) }
        #expect(
            listening?.description.hasPrefix("cannot bind \(address): ") == true, "\(String(describing: listening))")
        let connecting = #expect(throws: ZeroMQError.self) { try TestSocket(.dealer(connect: address)) }
        #expect(connecting?.description.hasPrefix("cannot connect to \(address): ") == true)
    }

    @Test func aPeerThatNeverWasIsReportedUnreachable() async throws {
        let router = try TestSocket.router()
        let stranger = PeerID([0, 1, 2, 3, 4])
        try router.socket.send(.numbered(1), to: stranger)
        #expect(try await router.next().unreachable == stranger)
    }

    @Test func aPeerThatLeftIsReportedUnreachableAndTheOthersAreNot() async throws {
        let router = try TestSocket.router()
        let staying = try TestSocket.dealer(to: router)
        try staying.socket.send(.numbered(1))
        let stayingPeer = try await router.nextMessage().peer
        var leaving: TestSocket? = try TestSocket.dealer(to: router)
        try leaving?.socket.send(.numbered(2))
        let leavingPeer = try await router.nextMessage().peer
        await leaving?.socket.close()
        leaving = nil

        let socket = router.socket
        let report = try await router.next { try socket.send(.coordinator(.heartbeatReply), to: leavingPeer) }
        #expect(report.unreachable == leavingPeer)
        try router.socket.send(.numbered(3), to: stayingPeer)
        #expect(try await staying.nextMessage().message == .numbered(3))
    }

    @Test func aDroppableMessageIsSentToAPeerThatIsThere() async throws {
        let router = try TestSocket.router()
        let dealer = try TestSocket.dealer(to: router)
        try dealer.socket.send(.numbered(1))
        let peer = try await router.nextMessage().peer
        try router.socket.send(.numbered(2), to: peer, isDroppable: true)
        #expect(try await dealer.nextMessage().message == .numbered(2))
    }
}
