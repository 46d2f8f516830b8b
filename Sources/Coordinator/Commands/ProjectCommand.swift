internal import ArgumentParser
internal import CommandLineTool
internal import Foundation
internal import Protocol

struct ProjectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "project",
        abstract: "Annotate a finished job's rows anew from the embeddings that it kept, without a model.",
        discussion: """
            For a job that ran to its end with embedding.keep_embeddings: true. Needs its configuration, files and \
            state as they were, and no worker. At the job's own layer and token it projects on the job's own direction; \
            at others it fits one on the kept anchors and saves it beside the output (OUTPUT.direction.safetensors).

            Embeddings are kept in half precision. The margins that come out differ from those of inference by about \
            0.0004 standard deviations of the margins (at most 0.002, measured on the sample dataset).

            EXAMPLES
              legend-coordinator project cluster.yaml --output layer20.jsonl --layer 20
              legend-coordinator project cluster.yaml --output mean.jsonl --token mean-response
              legend-coordinator project cluster.yaml --output other.jsonl --direction other.direction.safetensors

            EXIT STATUS
              0 all rows are annotated; 3 some rows cannot be, and are in OUTPUT.errors.jsonl; 2 the configuration or \
            an option is wrong, or the job is not one to project; 1 else.
            """)

    @Argument(help: "The job's configuration.", completion: .file(extensions: ["yaml", "yml"]))
    var configuration: String

    @Option(
        help: ArgumentHelp("Where to write, compressed if it ends with .gz.", valueName: "file"),
        completion: .file(extensions: ["jsonl", "gz"]))
    var output: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "A layer that the job kept, counted as embedding.layer (default: the direction's, or the job's).",
            valueName: "layer"))
    var layer: Int?

    @Option(
        help: ArgumentHelp(
            "A token that the job kept: last, mean or mean-response (default: the direction's, or the job's).",
            valueName: "token"))
    var token: String?

    @Option(
        help: ArgumentHelp("A direction that a job or this command saved.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var direction: String?

    @Flag(help: "Print no progress, only the result.")
    var quiet = false

    func run() async throws {
        let console = Console(showsProgress: !quiet)
        let job = try prepare()
        let summary: OutputStage.Summary
        let notices: [String]
        do {
            try JobDefinition.makeFolder(of: job.output)
            if let path = job.directionFile { try job.direction.write(to: path) }
            var report = StatusReport()
            report.job = job.name
            report.stage = "projecting rows"
            report.rowsTotalIsFinal = true
            summary = try job.projector.run(on: job.direction, writing: job.output, errorsPath: job.errors) {
                done, total in
                report.rowsDone = UInt64(done)
                report.rowsTotal = UInt64(total)
                console.show(report)
            }
            notices = try job.projector.notices(margins: summary.margins)
            console.endProgress()
        } catch {
            console.endProgress()
            throw Failure("\(error)")
        }
        let result = JobResult(
            summary: summary, direction: job.direction, warnings: job.projector.modelWarnings + notices)
        print(result.text(output: job.output, errors: job.errors, directionFile: job.directionFile))
        if summary.failedRows > 0 { throw ExitCode(ExitStatus.finishedWithFailedRows.rawValue) }
    }

    /// All that is known before any row is projected.
    private struct Job {
        var name: String
        var projector: Projector
        var direction: SavedDirection
        var output: String
        var errors: String

        /// Where a direction that was fitted now goes.
        var directionFile: String?
    }

    /// All that can be wrong before anything is written.
    private func prepare() throws -> Job {
        do {
            let definition = try JobDefinition(Configuration(contentsOf: configuration))
            let output = Self.absolute(output)
            let errors = Configuration.Job.path(beside: output, ending: Configuration.Job.errorsEnding)
            let directionFile = Configuration.Job.path(beside: output, ending: Configuration.Job.directionEnding)
            let saved = try direction.map(JobDefinition.readDirection)
            let projector = try Projector(definition, ledger: ledger(of: definition))
            let (direction, fit) = try projector.direction(.init(layer: layer, token: token, direction: saved))
            let written = [output, errors] + (fit == nil ? [] : [directionFile])
            for path in written {
                try Self.check(path, against: definition, direction: self.direction.map(Self.absolute))
                try JobDefinition.checkPlace(of: path)
            }
            return Job(
                name: definition.configuration.job.name, projector: projector, direction: direction, output: output,
                errors: errors, directionFile: fit == nil ? nil : directionFile)
        } catch {
            throw Failure("\(error)", status: .usage)
        }
    }

    /// The ledger of the job, which must have run with this configuration.
    private func ledger(of definition: JobDefinition) throws -> Ledger {
        guard definition.configuration.embedding.kept != nil else {
            throw StoreError("\(configuration): expected embedding.keep_embeddings: true, with which the job ran")
        }
        let state = definition.configuration.job.state
        guard FileManager.default.fileExists(atPath: state + "/ledger.sqlite") else {
            throw StoreError(
                "\(state): expected the state of a finished job, found none; `legend-coordinator run` first")
        }
        let ledger = try Ledger(folder: state)
        guard let fingerprint = try ledger.setting("fingerprint") else {
            throw StoreError("\(state): expected the state of a finished job, found one that never began")
        }
        let changed = try definition.changes(since: fingerprint)
        guard changed.isEmpty else {
            throw StoreError(
                "\(state) is the state of a job with other settings; changed since: \(changed.joined(separator: ", "))")
        }
        return ledger
    }

    private static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: (path as NSString).expandingTildeInPath).standardizedFileURL.path
    }

    /// - Throws: `OutputError` where the path is one of the job's own.
    private static func check(
        _ path: String, against definition: JobDefinition, direction: String?
    ) throws {
        let job = definition.configuration.job
        var files = [job.input, job.output, job.errors, job.directionOutput] + (direction.map { [$0] } ?? [])
        switch job.directionSource {
        case .anchors(let path), .saved(let path): files.append(path)
        }
        let isWithin = [job.state, job.embeddings].contains { path == $0 || path.hasPrefix($0 + "/") }
        guard !files.contains(path), !isWithin else {
            throw OutputError(path: path, problem: "it is one of the job's own files; expected another --output")
        }
    }
}
