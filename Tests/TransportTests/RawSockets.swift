import CZeroMQ
import TestEnvironment
import Testing

@testable import Transport

/// A dealer that sends whatever frames it is told to.
final class RawDealer {
    private let socket: Socket

    init(_ endpoint: String) throws {
        socket = try Socket(.dealer, in: Context())
        try socket.set(ZMQ_LINGER, to: 0 as Int32, named: "ZMQ_LINGER")
        try socket.connect(endpoint)
    }

    func send(_ frames: [[UInt8]]) async throws { try await socket.sendWhenPossible(frames) }
    func receive() async throws -> [[UInt8]] { try await socket.receiveWhenPossible() }
}

/// A router whose peers get whatever frames it is told to send.
final class RawRouter {
    let endpoint: String
    private let socket: Socket

    init() throws {
        socket = try Socket(.router, in: Context())
        try socket.set(ZMQ_LINGER, to: 0 as Int32, named: "ZMQ_LINGER")
        try socket.bind("tcp://127.0.0.1:*")
        endpoint = try socket.boundEndpoint()
    }

    /// The first frame names the peer.
    func send(_ frames: [[UInt8]]) async throws { try await socket.sendWhenPossible(frames) }
    func receive() async throws -> [[UInt8]] { try await socket.receiveWhenPossible() }
}

struct NoProgress: Error {}

extension Socket {
    fileprivate func sendWhenPossible(_ frames: [[UInt8]]) async throws {
        try await repeatedly { () -> Bool? in if case .sent = try send(frames) { true } else { nil } }
    }

    fileprivate func receiveWhenPossible() async throws -> [[UInt8]] {
        try await repeatedly { try receive(maximumFrames: 10) }
    }

    /// Asks again until there is a result.
    @discardableResult
    private func repeatedly<Result>(_ attempt: () throws -> Result?) async throws -> Result {
        var patience = Patience()
        while true {
            if let result = try attempt() { return result }
            guard try await patience.pause() else { throw NoProgress() }
        }
    }
}
