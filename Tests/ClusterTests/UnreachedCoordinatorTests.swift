import Foundation
import TestEnvironment
import Testing

/// Workers whose coordinator is not there: what they say of it, and when they give up.
@Suite(.hangLimit)
struct UnreachedCoordinatorTests {
    private func worker(_ endpoint: String, _ more: String...) throws -> RunningProgram {
        try RunningProgram(Programs.worker, ["--connect", endpoint] + more)
    }

    @Test func whereNobodyListensTheWorkerSaysSoAndGivesUpInTime() async throws {
        let endpoint = "tcp://127.0.0.1:\(try FreePort().number)"
        let program = try worker(endpoint, "--give-up-after", "5")
        #expect(await program.exit() == .init(status: 1, isSignal: false))
        #expect(program.errors.contains("no coordinator answers; trying again"), "\(program.errors)")
        let end =
            "error: no coordinator for 5 s (--give-up-after): \(endpoint): nobody listens there (connection refused)"
        #expect(program.errors.contains(end), "\(program.errors)")
    }

    @Test func aHostWithoutAnAddressIsNamed() async throws {
        let program = try worker("tcp://no-such-host.invalid:5711")
        #expect(
            try await eventually {
                program.errors.contains("tcp://no-such-host.invalid:5711: the host has no address (")
            },
            "\(program.errors)")
        // It goes on trying.
        #expect(!program.hasEnded)
    }

    @Test func aServerOfAnotherKindIsNoCoordinator() async throws {
        let server = try OtherServer("HTTP/1.0 400 Bad Request\r\n\r\n")
        let program = try worker("tcp://127.0.0.1:\(server.port)")
        #expect(
            try await eventually {
                program.errors.contains("is no legend-coordinator: it says \"HTTP/1.0 400 Bad Request\"")
            }, "\(program.errors)")
    }

    @Test func aServerThatSaysNothingIsNoCoordinator() async throws {
        let server = try OtherServer(nil)
        let program = try worker("tcp://127.0.0.1:\(server.port)")
        #expect(
            try await eventually {
                program.errors.contains("is no legend-coordinator: it accepts connections and says nothing")
            }, "\(program.errors)")
    }

    @Test(.needs(.model)) func aWorkerThatIsCutOffGivesUp() async throws {
        let folder = try JobFolder()
        let port = try FreePort().number
        try folder.configure(
            cluster: "{listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 256, \(JobFolder.Timing.patient)}")
        let coordinator = try folder.start(workers: 0)
        let program = try worker("tcp://127.0.0.1:\(port)", "--lanes", "1", "--give-up-after", "20")
        try await folder.atResults(2, of: coordinator) { coordinator.kill() }
        #expect(await program.exit() == .init(status: 1, isSignal: false), "\(program.errors)")
        #expect(program.errors.contains("no coordinator for 20 s (--give-up-after): "), "\(program.errors)")
        #expect(program.errors.contains("connection refused"), "\(program.errors)")
    }

    @Test func aLimitThatIsNoneIsRefused() async throws {
        let program = try worker("tcp://127.0.0.1:1", "--give-up-after", "soon")
        #expect(await program.exit() == .init(status: 2, isSignal: false))
        #expect(program.errors.contains("--give-up-after"), "\(program.errors)")
    }
}

/// A port of this machine where something listens that is no coordinator.
final class OtherServer: Sendable {
    let port: UInt16
    private let listener: Int32

    /// - Parameter answer: to whatever is asked; nil: none.
    init(_ answer: String?) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(.init(rawValue: errno) ?? .EADDRINUSE) }
        port = UInt16(bigEndian: address.sin_port)
        Thread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                Thread {
                    defer { close(connection) }
                    var buffer = [UInt8](repeating: 0, count: 4096)
                    while recv(connection, &buffer, buffer.count, 0) > 0 {
                        guard let answer else { continue }
                        _ = send(connection, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
                        return
                    }
                }.start()
            }
            // Nowhere else: its number could be another listener's by the time this thread comes to it.
            close(listener)
        }.start()
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}
