internal import ArgumentParser
internal import CommandLineTool
internal import Foundation
internal import Protocol
internal import Transport

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how far a running job is.",
        discussion: """
            EXAMPLES
              legend-coordinator status cluster.yaml
              legend-coordinator status --connect tcp://10.0.0.5:5711 --watch
              legend-coordinator status cluster.yaml --json | jq .rowsDone

            EXIT STATUS
              0 shown; 1 nobody answers; 2 usage.
            """)

    @Argument(
        help: "The job's configuration; its cluster.listen is asked.", completion: .file(extensions: ["yaml", "yml"]))
    var configuration: String?

    @Option(help: ArgumentHelp("The coordinator's address.", valueName: "tcp://host:port"))
    var connect: String?

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
        if !(0.1...3600).contains(interval) {
            throw ValidationError("--interval: expected a number from 0.1 to 3600, found \(interval)")
        }
    }

    func run() async throws {
        let endpoint = try endpoint()
        let reports = Mailbox<Answer>()
        let socket: MessageSocket
        do {
            socket = try MessageSocket(.dealer(connect: endpoint)) { inbound in
                switch inbound {
                case .message(.status(.report(let report)), _): reports.post(.report(report))
                case .otherVersion(let mismatch, _): reports.post(.problem("\(mismatch)"))
                case .malformed(let error, _): reports.post(.problem("\(endpoint) sent no status: \(error)"))
                case .broken(let error): reports.post(.problem("\(error)"))
                case .message, .unreachable: break
                }
            }
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        let isRedrawing = watch && !json && isatty(STDOUT_FILENO) == 1
        var hasAnswered = false
        repeat {
            guard let report = try await ask(socket, reports) else {
                if hasAnswered { return print("the coordinator has ended") }
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
        case timeout
    }

    private static let patience = Duration.seconds(5)

    /// nil where nobody answers in time.
    private func ask(_ socket: MessageSocket, _ answers: Mailbox<Answer>) async throws -> StatusReport? {
        try socket.send(.status(.request))
        let timeout = Task {
            try await Task.sleep(for: Self.patience)
            answers.post(.timeout)
        }
        defer { timeout.cancel() }
        while let batch = await answers.next() {
            for answer in batch {
                switch answer {
                case .report(let report): return report
                case .problem(let problem): throw Failure(problem)
                case .timeout: return nil
                }
            }
        }
        return nil
    }

    private func endpoint() throws -> String {
        if let connect { return connect }
        do {
            return try Configuration(contentsOf: configuration ?? "").cluster.reachableEndpoint(
                path: configuration ?? "")
        } catch {
            throw Failure("\(error)", status: .usage)
        }
    }

    private static func json(_ report: StatusReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }
}
