internal import CZeroMQ

/// Answers libzmq's question whether a client's key may come in (ZAP, RFC 27). It is asked for every connection before
/// the client's first message is read.
struct Authenticator {
    /// Who knocked in vain.
    package struct Refusal: Hashable, Sendable {
        /// nil where the question named none, which no CURVE client causes.
        var key: PublicKey?

        /// The client's IP address, as libzmq tells it.
        var address: String
    }

    /// Connections without a domain would be let in where nobody answers.
    static let domain = "legend"

    private let socket: Socket
    private let allowed: AllowList

    /// Must be there before the socket that it guards listens.
    init(_ allowed: AllowList, in context: Context) throws {
        self.allowed = allowed
        socket = try Socket(.reply, in: context)
        try socket.bind("inproc://zeromq.zap.01")
    }

    var polled: Socket { socket }

    /// Answers what is asked now; `refused` hears of everybody who is not let in.
    func answer(_ refused: (Refusal) -> Void) throws {
        while let request = try socket.receive(maximumFrames: Self.requestFramesMax) {
            let (reply, refusal) = Self.reply(to: request) { allowed.name(of: $0) != nil }
            refusal.map(refused)
            _ = try socket.send(reply)
        }
    }

    private static let requestFramesMax = 7

    /// A request is version, request id, domain, address, routing id, mechanism, and for CURVE the 32 bytes of the public
    /// key; a reply version, request id, status code, status text, user id, metadata.
    static func reply(
        to request: [[UInt8]], allows: (PublicKey) -> Bool
    ) -> (frames: [[UInt8]], refusal: Refusal?) {
        func text(_ index: Int) -> String? {
            request.indices.contains(index) ? String(validating: request[index], as: UTF8.self) : nil
        }
        func frames(_ code: String, _ reason: String, user: String) -> [[UInt8]] {
            let id = request.count > 1 ? request[1] : []
            return [Array("1.0".utf8), id, Array(code.utf8), Array(reason.utf8), Array(user.utf8), []]
        }
        let isQuestion =
            request.count == requestFramesMax && text(0) == "1.0" && text(2) == domain && text(5) == "CURVE"
        let key = isQuestion ? PublicKey(bytes: request[6]) : nil
        if let key, allows(key) { return (frames("200", "OK", user: key.text), nil) }
        return (
            frames("400", "this key is not allowed here", user: ""),
            Refusal(key: key, address: text(3).map { String($0.prefix(64)) } ?? "")
        )
    }
}
