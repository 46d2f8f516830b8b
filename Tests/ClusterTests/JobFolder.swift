import Coordinator
import Foundation

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

    /// A job of 24 anchors and 60 rows of the sample data, in small units.
    func configure(
        input: String = "rows.jsonl", source: String = "anchors: anchors.jsonl",
        model: String = Programs.model, precision: String = "f32", embedding: String = "{}",
        cluster: String = "{listen: 'tcp://127.0.0.1:*', unit_tokens: 256, heartbeat_seconds: 0.2, silence_seconds: 2}"
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
    var results: [LedgerView.Result] {
        get throws {
            guard FileManager.default.fileExists(atPath: path("out.state/ledger.sqlite")) else { return [] }
            do {
                return try LedgerView(folder: path("out.state")).results()
            } catch {
                // Between the file's creation and its tables'.
                return []
            }
        }
    }
}

extension JobFolder {
    /// Kills the coordinator as soon as its ledger has so many results; false where it never has.
    ///
    /// On a thread of its own: among busy tests a task may sleep until the job is over.
    func kill(_ coordinator: RunningProgram, atResults count: Int) async -> Bool {
        await withCheckedContinuation { continuation in
            Thread { [self] in
                let deadline = ContinuousClock.now + .seconds(240)
                var hasResults = false
                while !hasResults, ContinuousClock.now < deadline {
                    usleep(10_000)
                    hasResults = (try? results.count >= count) ?? false
                }
                coordinator.kill()
                continuation.resume(returning: hasResults)
            }.start()
        }
    }
}

/// Waits until the condition holds; false where that takes too long.
func eventually(within limit: Duration = .seconds(240), _ condition: () throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        guard ContinuousClock.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(20))
    }
    return true
}
