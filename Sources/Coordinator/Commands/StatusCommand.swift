internal import ArgumentParser
internal import CommandLineTool
internal import Foundation
internal import JobConfiguration
internal import Protocol
internal import Reports
internal import Transport

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how far a running job is.",
        discussion: """
            EXAMPLES
              legend-coordinator status cluster.yaml
              legend-coordinator status --connect tcp://10.0.0.5:5711 --key worker.key --watch
              legend-coordinator status cluster.yaml --json | jq .rowsDone

            EXIT STATUS
              0 shown; 1 nobody answers, or the key is refused; 2 usage.
            """)

    @Argument(
        help: "The job's configuration; its cluster.listen is asked.", completion: .file(extensions: ["yaml", "yml"]))
    var configuration: String?

    @OptionGroup
    var replacements: ConfigurationReplacements

    @Option(help: ArgumentHelp("The coordinator's address.", valueName: "tcp://host:port"))
    var connect: String?

    @Option(
        help: "A key file, where the coordinator asks for keys (default: cluster.secret_key of the configuration).",
        completion: .file())
    var key: String?

    @Flag(help: "Show it again and again, until the job is finished or you press Ctrl-C.")
    var watch = false

    @Option(help: ArgumentHelp("Seconds between two looks with --watch.", valueName: "seconds"))
    var interval = 2.0

    @Flag(help: "Print one JSON object a look.")
    var json = false

    func validate() throws {
        if (configuration == nil) == (connect == nil) {
            throw ValidationError("give either a configuration file or --connect tcp://host:port")
        }
        try replacements.validate(configuration: configuration)
        if !(0.1...3600).contains(interval) {
            throw ValidationError("--interval: expected a number from 0.1 to 3600, found \(interval)")
        }
    }

    func run() async throws {
        let reports = Mailbox<Answer>()
        let endpoint: String
        let keys: ClientKeys?
        let socket: MessageSocket
        do {
            (endpoint, keys) = try access()
            socket = try MessageSocket(.dealer(connect: endpoint, keys: keys)) { inbound in
                switch inbound {
                case .handshakeFailed(let failure): reports.post(.handshakeFailed(failure))
                case .message(.status(.report(let report)), _): reports.post(.report(report))
                case .otherVersion(let mismatch, _): reports.post(.problem("\(mismatch)"))
                case .malformed(let message, _):
                    reports.post(.problem("\(endpoint) sent no status: \(message.problem)"))
                case .broken(let error): reports.post(.problem("\(error)"))
                case .message, .unreachable, .revoked, .turnedAway: break
                }
            }
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        let isRedrawing = watch && !json && isatty(STDOUT_FILENO) == 1
        var hasAnswered = false
        repeat {
            let report: StatusReport
            switch try await ask(socket, reports) {
            case .report(let answer): report = answer
            case .silence where hasAnswered: return print("the coordinator has ended")
            case .silence(let failure?): throw Failure(failure.advice(endpoint: endpoint, keys: keys))
            case .silence(nil):
                throw Failure("no coordinator answers on \(endpoint) within \(Self.patience.components.seconds) s")
            }
            hasAnswered = true
            let text = json ? try Self.json(report) : StatusText(report: report).text
            print(isRedrawing ? "\u{1B}[H\u{1B}[J" + text : text)
            fflush(nil)
            if watch { try await Task.sleep(for: .seconds(interval)) }
        } while watch
    }

    private enum Answer: Sendable {
        case report(StatusReport)
        case problem(String)
        case handshakeFailed(HandshakeFailure)
        case timeout
    }

    private enum Outcome {
        case report(StatusReport)

        /// Nobody answers in time, or will; with why the last connection was not made.
        case silence(HandshakeFailure?)
    }

    private static let patience = Duration.seconds(5)

    private func ask(_ socket: MessageSocket, _ answers: Mailbox<Answer>) async throws -> Outcome {
        try socket.send(.status(.request))
        let timeout = Task {
            try await Task.sleep(for: Self.patience)
            answers.post(.timeout)
        }
        defer { timeout.cancel() }
        var failure: HandshakeFailure?
        while let batch = await answers.next() {
            for answer in batch {
                switch answer {
                case .report(let report): return .report(report)
                case .problem(let problem): throw Failure(problem)
                // The other end may be a forwarded port whose coordinator is about to come.
                case .handshakeFailed(.hungUp): failure = .hungUp
                case .handshakeFailed(let final): return .silence(final)
                case .timeout: return .silence(failure)
                }
            }
        }
        return .silence(failure)
    }

    /// Where to ask, and with what keys.
    private func access() throws -> (endpoint: String, keys: ClientKeys?) {
        var endpoint = connect ?? ""
        var keyPath = key
        if let path = configuration {
            let address = try CoordinatorAddress(ofJob: path, overrides: replacements.overrides)
            endpoint = address.endpoint
            keyPath = keyPath ?? address.cluster.keys?.secretKey
        }
        return (endpoint, try keyPath.map(KeyFile.client))
    }

    private static func json(_ report: StatusReport) throws -> String {
        var object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any] ?? [:]
        // An object like all others, and not a text of one.
        object["trust"] = report.trust.isEmpty ? nil : try JSONSerialization.jsonObject(with: Data(report.trust.utf8))
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try JSONSerialization.data(withJSONObject: object, options: options), as: UTF8.self)
    }
}
