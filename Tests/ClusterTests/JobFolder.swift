import Coordinator
import Foundation
import JobStore
import TestEnvironment
import Testing

/// A folder with a job's configuration and files, removed with the value.
final class JobFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "legend-job-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path }
    var configuration: String { path("cluster.yaml") }
    var output: Data { get throws { try Data(contentsOf: url.appending(path: "out.jsonl")) } }
    var rows: [Row] { get throws { try Row.all(in: output) } }

    func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: url.appending(path: name)) }

    /// How soon a worker is taken for dead or for standing still.
    enum Timing {
        /// For jobs in which that is not to happen, however busy the machine is.
        static let patient = "heartbeat_seconds: 0.2, silence_seconds: 600, stall_seconds: 3600"

        /// For jobs whose workers die. One that is only late comes back.
        static let alert = "heartbeat_seconds: 0.2, silence_seconds: 2, stall_seconds: 3600"
    }

    /// How the tests' jobs read the model, where the place is of no matter.
    static let lastToken = "{layer: -1, token: last}"

    /// A job of 24 anchors and 60 rows of the sample data, about 20 of which are surveyed, in small units.
    func configure(
        input: String = "rows.jsonl", source: String = "anchors: anchors.jsonl",
        model: String = Programs.model, precision: String = "f32", embedding: String = lastToken, surveyed: Int = 20,
        cluster: String = "{listen: 'tcp://127.0.0.1:*', unit_tokens: 256, \(Timing.patient)}"
    ) throws {
        try copyLines(24, of: Programs.demoAnchors, to: "anchors.jsonl")
        try copyLines(60, of: Programs.demoRows, to: "rows.jsonl")
        try write(
            """
            job:
              input: \(input)
              output: out.jsonl
              \(source)
            model: {path: '\(model)', precision: \(precision)}
            embedding: \(embedding)
            direction: {rows: \(surveyed)}
            cluster: \(cluster)
            """, to: "cluster.yaml")
    }

    private func copyLines(_ count: Int, of file: String, to name: String) throws {
        let lines = try Data(contentsOf: URL(filePath: file)).split(separator: UInt8(ascii: "\n")).prefix(count)
        try Data(lines.joined(separator: [UInt8(ascii: "\n")])).write(to: url.appending(path: name))
    }

    /// Runs the job to its end.
    @discardableResult
    func run(workers: Int = 1, _ more: String...) async throws -> (program: RunningProgram, exit: RunningProgram.Exit) {
        let program = try start(workers: workers, more)
        return (program, await program.exit())
    }

    func start(workers: Int = 1, _ more: [String] = []) throws -> RunningProgram {
        try RunningProgram(Programs.coordinator, ["run", configuration, "--local-workers", "\(workers)"] + more)
    }

    /// One line of the output.
    struct Row: Decodable {
        var id: String?
        var margin: Double?
        var marginRaw: Double?
        var scoreChosen: Double?
        var scoreRejected: Double?

        static func all(in data: Data) throws -> [Row] { try decoded(data) }
    }

    /// One line of the errors file.
    struct ErrorRow: Decodable {
        var row: Int
        var line: Int
        var error: String
        var raw: String
        var rawEncoding: String
    }

    /// Empty where there is no such file.
    var errorRows: [ErrorRow] {
        get throws {
            guard hasErrors else { return [] }
            return try Self.decoded(Data(contentsOf: url.appending(path: "out.errors.jsonl")))
        }
    }
    var hasErrors: Bool { FileManager.default.fileExists(atPath: path("out.errors.jsonl")) }

    private static func decoded<Line: Decodable>(_ data: Data) throws -> [Line] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try data.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(Line.self, from: $0) }
    }

    /// What the job has committed so far; empty before it has a ledger.
    var results: [LedgerView.Result] { get throws { try results(in: "out.state") } }

    /// What is committed in one of its state folders.
    func results(in state: String) throws -> [LedgerView.Result] {
        guard FileManager.default.fileExists(atPath: path("\(state)/ledger.sqlite")) else { return [] }
        do {
            return try LedgerView(folder: path(state)).results()
        } catch {
            // Between the file's creation and its tables'.
            return []
        }
    }
}

extension JobFolder {
    /// Runs the job to its end, its coordinator killed as soon as it has so many results, one after another.
    func run(
        workers: Int, killedAt counts: [Int], at place: SourceLocation = #_sourceLocation
    ) async throws -> (program: RunningProgram, exit: RunningProgram.Exit) {
        for count in counts {
            let program = try start(workers: workers)
            try await atResults(count, of: program, at: place) { program.kill() }
            #expect(await program.exit() == .init(status: SIGKILL, isSignal: true), sourceLocation: place)
        }
        return try await run(workers: workers)
    }

    /// Does something in the middle of the job, as soon as its ledger has so many results.
    @discardableResult
    func atResults<Value: Sendable>(
        _ count: Int, of program: RunningProgram, in state: String = "out.state",
        at place: SourceLocation = #_sourceLocation,
        _ action: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await once({ [self] in try results(in: state).count >= count }, in: program, at: place, action)
    }
}

/// Does something in the middle of a program's life, as soon as the condition holds.
///
/// On a thread of its own: among busy tests a task may sleep until the program has ended.
///
/// - Throws: where the program ends before.
@discardableResult
func once<Value: Sendable>(
    _ condition: @escaping @Sendable () throws -> Bool, in program: RunningProgram,
    at place: SourceLocation = #_sourceLocation, _ action: @escaping @Sendable () throws -> Value
) async throws -> Value {
    try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                continuation.resume(
                    with: Result {
                        var patience = Patience(at: place)
                        while try !condition() {
                            guard !program.hasEnded, patience.pauseThread() else {
                                throw NothingToActOn(description: "what was waited for did not come: \(program.errors)")
                            }
                        }
                        return try action()
                    })
            }.start()
        }
    } onCancel: {
        program.kill()
    }
}

private struct NothingToActOn: Error, CustomStringConvertible { let description: String }
