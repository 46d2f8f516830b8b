internal import ArgumentParser
internal import CommandLineTool
internal import Dataset
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Protocol
internal import Reports

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
              0 all rows are annotated (or dropped by margin.negative); 3 some rows cannot be, and are in \
            OUTPUT.errors.jsonl; 2 the configuration or an option is wrong, or the job is not one to project; 1 else: it \
            runs, or a disk or its store of embeddings failed.
            """)

    @OptionGroup
    var configuration: ConfigurationOptions

    @Option(
        help: ArgumentHelp(
            "Where to write: compressed if it ends with .gz or .zst, Parquet (of rows of Parquet or Arrow) if with .parquet.",
            valueName: "file"),
        completion: .file(extensions: ["jsonl", "gz", "parquet"]))
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
            valueName: "token"),
        transform: { try Pooling(named: $0) })
    var token: Pooling?

    @Option(
        help: ArgumentHelp("A direction that a job or this command saved.", valueName: "file"),
        completion: .file(extensions: ["safetensors"]))
    var direction: String?

    @Flag(help: "Print no progress, only the result.")
    var quiet = false

    func run() async throws {
        let console = Console(showsProgress: !quiet)
        let job = try prepare()
        let summary: OutputStep.Summary
        let notices: [String]
        do {
            try OutputPlace.makeFolder(of: job.output)
            if let path = job.directionFile { try job.direction.write(to: path) }
            summary = try job.projector.run(on: job.direction, writing: job.output, errorsPath: job.errors) {
                done, total in
                console.show(step: "projecting rows", done: done, of: total)
            }
            notices = try job.projector.notices(margins: summary.measured)
            console.endProgress()
        } catch {
            console.endProgress()
            throw Failure(ending: error, state: job.state)
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
        var state: String

        /// Where a direction that was fitted now goes.
        var directionFile: String?
    }

    /// All that can be wrong before anything is written.
    private func prepare() throws -> Job {
        let definition: JobDefinition
        do {
            definition = try JobDefinition(configuration.read())
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        do {
            let output = Self.absolute(output)
            let errors = Configuration.Job.path(beside: output, ending: Configuration.Job.errorsEnding)
            let directionFile = Configuration.Job.path(beside: output, ending: Configuration.Job.directionEnding)
            let saved = try direction.map(JobDefinition.readDirection)
            let projector = try Projector(definition, ledger: ledger(of: definition))
            let (direction, fit) = try projector.direction(
                .init(layer: layer.map { LayerChoice($0) }, token: token, direction: saved))
            let written = [output, errors] + (fit == nil ? [] : [directionFile])
            try check(output, errors, fit == nil ? nil : directionFile, against: definition)
            for path in written { try OutputPlace.check(path) }
            try OutputPlace.check(output, outsideOfDataset: definition.configuration.job.input)
            let rows = try DatasetReader(path: definition.configuration.job.input, options: definition.inputOptions)
            try RowFileFormat.check(output, columns: rows.schema != nil)
            return Job(
                name: definition.configuration.job.name, projector: projector, direction: direction, output: output,
                errors: errors, state: definition.configuration.job.state,
                directionFile: fit == nil ? nil : directionFile)
        } catch {
            throw Failure(ending: error, state: definition.configuration.job.state)
        }
    }

    /// The ledger of the job, which must have run with this configuration.
    private func ledger(of definition: JobDefinition) throws -> Ledger {
        guard definition.configuration.embedding.kept != nil else {
            throw Failure(
                "\(definition.configuration.source): expected embedding.keep_embeddings: true, with which the job ran",
                status: .usage)
        }
        let state = definition.configuration.job.state
        guard FileManager.default.fileExists(atPath: state + "/ledger.sqlite") else {
            throw Failure(
                "\(state): expected the state of a finished job, found none; `legend-coordinator run` first",
                status: .usage)
        }
        let ledger = try Ledger(folder: state)
        guard let changed = try JobFingerprint(definition.fingerprint).changes(in: ledger) else {
            throw Failure("\(state): expected the state of a finished job, found one that never began", status: .usage)
        }
        guard changed.isEmpty else {
            throw Failure(
                "\(state) is the state of a job with other settings; changed since: \(changed.joined(separator: ", "))",
                status: .usage)
        }
        return ledger
    }

    private static func absolute(_ path: String) -> String {
        FilePlace.absolute((path as NSString).expandingTildeInPath)
    }

    /// - Throws: `ConfigurationError` where what is written is one of the job's own files, or the direction that is read.
    private func check(
        _ output: String, _ errors: String, _ directionFile: String?, against definition: JobDefinition
    ) throws {
        let direction = direction.map { [Configuration.NamedPath("--direction", Self.absolute($0))] } ?? []
        let fitted = directionFile.map { [Configuration.NamedPath("the direction of --output", $0)] } ?? []
        let paths = definition.configuration.paths(ofFile: Self.absolute(configuration.configuration))
        let problems = paths.besides(
            reading: direction, writing: Configuration.written("--output", output, errors: errors) + fitted
        ).collisions
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }
}
