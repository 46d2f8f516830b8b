import Protocol
import TestEnvironment
import Testing

@testable import Transport

/// A socket whose arrivals a test takes one by one; waiting for one that does not come fails the test.
final class TestSocket {
    let socket: MessageSocket
    private let mailbox = Mailbox<Inbound>()
    private var arrived: [Inbound] = []

    struct NothingArrived: Error {
        var line: Int
    }

    init(
        _ role: MessageSocket.Role, limits: MessageSocket.Limits = .patient,
        hearsHandshakes: Bool = false, hasRoom: @escaping @Sendable () -> Bool = { true }
    ) throws {
        socket = try MessageSocket(role, limits: limits, hasRoom: hasRoom) { [mailbox] inbound in
            if hearsHandshakes || !inbound.isOfHandshakesAlone { mailbox.post(inbound) }
        }
    }

    /// Listens at a port of its own.
    static func router(limits: MessageSocket.Limits = .patient) throws -> TestSocket {
        try TestSocket(.router(listen: "tcp://127.0.0.1:*"), limits: limits)
    }

    static func dealer(to router: TestSocket, limits: MessageSocket.Limits = .patient) throws -> TestSocket {
        try TestSocket(.dealer(connect: router.socket.endpoint), limits: limits)
    }

    /// Arrived and not taken.
    var count: Int { arrived.count + mailbox.count }

    func next(line: Int = #line) async throws -> Inbound {
        if arrived.isEmpty {
            let alarm = Task { [mailbox] in
                try await Patience.end()
                mailbox.finish()
            }
            defer { alarm.cancel() }
            let elements = await withTaskCancellationHandler {
                await mailbox.next()
            } onCancel: { [mailbox] in
                mailbox.finish()
            }
            guard let elements else { throw NothingArrived(line: line) }
            arrived = elements
        }
        return arrived.removeFirst()
    }

    /// The next arrival, which must be a message.
    func nextMessage(line: Int = #line) async throws -> (message: Message, peer: PeerID) {
        let inbound = try await next(line: line)
        guard case .message(let message, let peer) = inbound else { throw NotAMessage(inbound: inbound) }
        return (message, peer)
    }

    struct NotAMessage: Error {
        var inbound: Inbound
    }

    /// The next arrival, while `knock` is done again and again: for a peer that is known to be away sometimes.
    func next(knocking knock: @escaping @Sendable () throws -> Void) async throws -> Inbound {
        let knocking = Task {
            while !Task.isCancelled {
                try knock()
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        defer { knocking.cancel() }
        return try await next()
    }
}

extension MessageSocket.Limits {
    /// What two seconds do not suffice for on a busy machine would be lost when a socket closes.
    static let patient = {
        var limits = Self()
        limits.lingerMilliseconds = 300_000
        return limits
    }()
}

extension Message {
    /// A message that a test tells from others.
    static func numbered(_ number: Int) -> Message { .worker(.goodbye(reason: "\(number)")) }

    var number: Int? {
        guard case .worker(.goodbye(let reason)) = self else { return nil }
        return Int(reason)
    }

    /// A message with a tensor of that many bytes.
    static func large(byteCount: Int, unit: UInt64 = 1) -> Message {
        let values = (0..<byteCount / 4).map { Float($0 & 0xFFFF) }
        return .worker(
            .result(
                UnitResult(
                    lease: Lease(unit: UnitID(unit), attempt: 1), rows: [1], responseCounts: [1],
                    output: .states(Tensor(values, shape: [1, 1, values.count])))))
    }
}

extension Inbound {
    var message: Message? { if case .message(let message, _) = self { message } else { nil } }

    var sender: PeerID? { if case .message(_, let peer) = self { peer } else { nil } }

    var unreachable: PeerID? { if case .unreachable(let peer) = self { peer } else { nil } }

    /// A router that closes, or a dealer, may do so amid a handshake.
    var isOfHandshakesAlone: Bool {
        switch self {
        case .handshakeFailed: true
        case .turnedAway(let turnedAway): turnedAway.messages == 0
        default: false
        }
    }

    var problem: ProtocolError? { malformed?.problem }

    var malformed: MalformedMessage? { if case .malformed(let message, _) = self { message } else { nil } }
}
