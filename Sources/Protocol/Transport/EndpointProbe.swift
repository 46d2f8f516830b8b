internal import FileSystem
internal import Foundation

/// What is found where a coordinator should be, by a connection of its own: libzmq tries again for ever and does not say
/// what became of an attempt.
package enum EndpointFinding: Hashable, Sendable {
    /// The host has no address.
    case unknownHost(String)

    /// The machine is there, and nobody listens.
    case refused

    /// Nothing came back; a firewall or a machine that is not there does that.
    case noAnswer(seconds: Int)

    /// The connection cannot be made for a reason of the system's.
    case unreachable(String)

    /// Something accepts connections and then says nothing.
    case silent

    /// Something hangs up without a word.
    case hungUp

    /// Something of another kind, which began with this.
    case stranger(String)

    /// A ZeroMQ socket, as a coordinator has one.
    case zeroMQ

    /// Half a sentence that begins with what is there.
    package var description: String {
        switch self {
        case .unknownHost(let reason): "the host has no address (\(reason))"
        case .refused: "nobody listens there (connection refused)"
        case .noAnswer(let seconds): "no answer within \(seconds) s (a firewall, or a machine that is off)"
        case .unreachable(let reason): "it cannot be reached (\(reason))"
        case .silent: "what listens there is no legend-coordinator: it accepts connections and says nothing"
        case .hungUp: "what listens there closes the connection without a word"
        case .stranger(let text): "what listens there is no legend-coordinator: it says \"\(text)\""
        case .zeroMQ: "something that speaks ZeroMQ listens there, and does not answer as a legend-coordinator does"
        }
    }
}

/// Looks once at what an endpoint leads to.
package struct EndpointProbe: Sendable {
    package let endpoint: String

    /// For the connection.
    package var patience = Duration.seconds(5)

    /// For the first word; half of it is waited for before something is asked.
    package var silence = Duration.seconds(3)

    package init(_ endpoint: String) {
        self.endpoint = endpoint
    }

    /// Blocks for as long as both patiences together: for a thread of its own.
    package func look() -> EndpointFinding {
        if let match = endpoint.wholeMatch(of: #/ipc://(.+)/#) { return lookAtSocket(String(match.1)) }
        guard let match = endpoint.wholeMatch(of: #/tcp://\[?(.+?)\]?:([0-9]+)/#) else {
            return .unreachable("not an address")
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var addresses: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(String(match.1), String(match.2), &hints, &addresses)
        defer { if let addresses { freeaddrinfo(addresses) } }
        guard status == 0 else { return .unknownHost(String(cString: gai_strerror(status))) }
        var finding = EndpointFinding.unknownHost("none")
        var next = addresses
        while let address = next?.pointee {
            finding = look(at: address.ai_addr, address.ai_addrlen, family: address.ai_family)
            switch finding {
            case .refused, .unreachable, .noAnswer: next = address.ai_next
            default: return finding
            }
        }
        return finding
    }

    private func lookAtSocket(_ path: String) -> EndpointFinding {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else { return .unreachable("a path of more than \(room - 1) bytes") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                look(at: $0, socklen_t(MemoryLayout<sockaddr_un>.size), family: AF_UNIX)
            }
        }
    }

    private func look(at address: UnsafePointer<sockaddr>, _ length: socklen_t, family: Int32) -> EndpointFinding {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { return .unreachable(FileError.words(for: errno)) }
        defer { close(descriptor) }
        var code: Int32 = 0
        if connect(descriptor, address, length) != 0 {
            guard errno == EINPROGRESS else { return Self.finding(of: errno) }
            guard Self.wait(descriptor, POLLOUT, patience) else {
                return .noAnswer(seconds: Int(patience.components.seconds))
            }
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        }
        return code == 0 ? listen(to: descriptor) : Self.finding(of: code)
    }

    /// A ZeroMQ socket greets at once, as do many others; the rest answers what looks like a browser.
    private func listen(to descriptor: Int32) -> EndpointFinding {
        if !Self.wait(descriptor, POLLIN, silence / 2) {
            let question = "GET / HTTP/1.0\r\n\r\n"
            _ = send(descriptor, question, question.utf8.count, Int32(MSG_NOSIGNAL))
            guard Self.wait(descriptor, POLLIN, silence / 2) else { return .silent }
        }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return .hungUp }
        // ZMTP 3.1: a greeting begins with FF.
        if bytes[0] == 0xFF { return .zeroMQ }
        let line = bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        let text = String(decoding: line.prefix(60), as: UTF8.self)
        return .stranger(
            String(
                text.unicodeScalars.map { $0.properties.isPatternWhitespace || $0.isPrintable ? Character($0) : "?" }))
    }

    private static func finding(of code: Int32) -> EndpointFinding {
        switch code {
        case ECONNREFUSED: .refused
        case ETIMEDOUT: .noAnswer(seconds: 0)
        default: .unreachable(FileError.words(for: code))
        }
    }

    /// False where the time is over before.
    private static func wait(_ descriptor: Int32, _ events: Int32, _ limit: Duration) -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            let left = max(.zero, deadline - .now)
            var wish = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
            let ready = poll(&wish, 1, Int32(milliseconds))
            if ready < 0, errno == EINTR { continue }
            return ready > 0
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .unassigned, .privateUse, .surrogate, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
