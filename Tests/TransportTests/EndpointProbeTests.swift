import Foundation
import Protocol
import TestEnvironment
import Testing

@testable import Transport

@Suite(.hangLimit) struct EndpointProbeTests {
    /// A port of this machine that accepts connections, says something to each, and keeps it.
    private final class Speaker: Sendable {
        let port: UInt16
        private let listener: Int32

        init(says words: String?, hangsUp: Bool = false) throws {
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            self.listener = listener
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isListening = withUnsafeMutablePointer(to: &address) { address in
                address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, length) == 0 && listen(listener, 8) == 0
                        && getsockname(listener, $0, &length) == 0
                }
            }
            guard isListening else { throw POSIXError(.init(rawValue: errno) ?? .EADDRINUSE) }
            port = UInt16(bigEndian: address.sin_port)
            Thread {
                while true {
                    let connection = accept(listener, nil, nil)
                    guard connection >= 0 else { break }
                    if let words { _ = send(connection, words, words.utf8.count, Int32(MSG_NOSIGNAL)) }
                    if hangsUp { close(connection) }
                }
                // Nowhere else: its number could be another listener's by the time this thread comes to it.
                close(listener)
            }.start()
        }

        deinit { shutdown(listener, Int32(SHUT_RDWR)) }
    }

    /// - Parameter silence: as long as a busy machine may take for a first word, where one is to come.
    private func finding(_ endpoint: String, silence: Duration = .seconds(3600)) async -> EndpointFinding {
        await withCheckedContinuation { continuation in
            Thread {
                var probe = EndpointProbe(endpoint)
                probe.silence = silence
                continuation.resume(returning: probe.look())
            }.start()
        }
    }

    @Test func aPortThatNobodyListensOnRefuses() async throws {
        let port = try Speaker(says: nil).port
        #expect(await finding("tcp://127.0.0.1:\(port)") == .refused)
    }

    @Test func aSilentServerIsSilent() async throws {
        let speaker = try Speaker(says: nil)
        #expect(await finding("tcp://localhost:\(speaker.port)", silence: .milliseconds(400)) == .silent)
    }

    @Test func aServerOfAnotherKindIsQuoted() async throws {
        let speaker = try Speaker(says: "SSH-2.0-Other\u{7}\r\nmore")
        #expect(await finding("tcp://127.0.0.1:\(speaker.port)") == .stranger("SSH-2.0-Other?"))
    }

    @Test func oneThatHangsUpHangsUp() async throws {
        let speaker = try Speaker(says: nil, hangsUp: true)
        #expect(await finding("tcp://127.0.0.1:\(speaker.port)") == .hungUp)
    }

    @Test func aCoordinatorsSocketSpeaksZeroMQ() async throws {
        let router = try TestSocket.router()
        #expect(await finding(router.socket.endpoint) == .zeroMQ)
        await router.socket.close()
    }

    @Test func aHostWithoutAnAddressIsUnknown() async {
        guard case .unknownHost = await finding("tcp://no-such-host.invalid:5711") else {
            Issue.record("expected an unknown host")
            return
        }
    }

    @Test func aSocketFileThatIsNotThereIsUnreachable() async {
        #expect(await finding("ipc:///nowhere/legend.sock") == .unreachable(String(cString: strerror(ENOENT))))
    }
}
