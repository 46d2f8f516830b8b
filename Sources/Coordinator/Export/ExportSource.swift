internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import Margins
internal import Reports

/// What is exported: an annotated file, the output of a configuration's job, or a direction alone.
struct ExportSource {
    /// The annotated file; nil where there is a direction alone.
    let rows: String?
    let direction: String

    /// How the rows are read.
    let options: DatasetOptions
    private let paths: Configuration.Paths

    /// - Parameters:
    ///   - path: of an annotated file, a configuration (`.yaml`) or a direction (`.safetensors`).
    ///   - overrides: of the configuration's values.
    /// - Throws: `ConfigurationError` where the configuration cannot be read.
    init(_ path: String, overrides: [String]) throws {
        let path = FilePlace.absolute((path as NSString).expandingTildeInPath)
        var options = DatasetOptions(purpose: .row)
        switch (path as NSString).pathExtension.lowercased() {
        case "yaml", "yml":
            let configuration = try Configuration(ofJob: path, overrides: overrides)
            rows = configuration.job.output
            direction =
                switch configuration.job.directionSource {
                case .saved(let path): path
                case .fitted: configuration.job.directionOutput
                }
            options = try DatasetOptions(configuration.dataset, formats: DatasetFormat.all)
            paths = configuration.paths(ofFile: path)
        case "safetensors":
            rows = nil
            direction = path
            paths = .init(read: [.init("the direction", path)], written: [], folders: [])
        default:
            rows = path
            direction = Configuration.Job.path(beside: path, ending: Configuration.Job.directionEnding)
            paths = .init(
                read: Configuration.written(
                    "the annotated file", path,
                    errors: Configuration.Job.path(beside: path, ending: Configuration.Job.errorsEnding))
                    + [.init("its direction", direction)], written: [], folders: [])
        }
        // A job's output is one line of JSON a row, whatever its name.
        options.container = .json
        let file = rows ?? direction
        guard FileStatus(path: file) != nil else {
            let output = file == path ? "" : ", the output of \(path): `legend-coordinator run` first"
            throw Problem("\(file): no such file\(output)", isOfConfiguration: true)
        }
        options.maxRowBytes = AnnotatedFile.rowBytesMax
        self.options = options
    }

    /// Where the file goes where nobody says it.
    func usualOutput(_ format: ExportFormat) -> String {
        if let rows { return Configuration.Job.path(beside: rows, ending: format.ending) }
        let ending = [Configuration.Job.directionEnding, ".safetensors"].first { direction.hasSuffix($0) } ?? ""
        return direction.dropLast(ending.count) + format.ending
    }

    /// - Throws: `ConfigurationError` where what is written would take the place of what is read, by whatever name, or of
    ///   what belongs to the job.
    func check(writing output: String, errors: String?) throws {
        let beside = rows.map { rows in
            [
                ("the evaluation", Configuration.Job.evaluationEnding),
                ("the reward heads", Configuration.Job.headsEnding),
            ].map { Configuration.NamedPath($0, Configuration.Job.path(beside: rows, ending: $1)) }
        }
        let written = [("--output", output), ("the errors of --output", errors)].flatMap { name, path in
            path.map { Configuration.written(name, $0) } ?? []
        }
        let problems = paths.besides(reading: beside ?? [], writing: written).collisions
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }

    /// What a person should know of the margins before somebody trains with them, where the job or `evaluate` measured it.
    func remarks(_ format: ExportFormat) -> [String] {
        guard let rows else { return [] }
        func beside(_ ending: String) -> String { Configuration.Job.path(beside: rows, ending: ending) }
        // What cannot be read is no reason to do without the rows; `report` says what is wrong with it.
        let trust = try? TrustFigures(ifAt: beside(Configuration.Job.trustEnding))
        let evaluation = try? EvaluationFigures(ifAt: beside(Configuration.Job.evaluationEnding))
        return (trust?.warnings ?? []).map { "warning: \($0)" }
            + (evaluation?.headlines ?? []).map { "evaluate: \($0)" }
    }

    /// By how much the chosen response's score is above the rejected one's, on average over the rows as labelled.
    ///
    /// - Throws: `FileError`; `Problem` where that is not known, or not above 0.
    func typicalLength() throws -> Double {
        guard let rows else {
            throw Problem(
                """
                \(direction): a direction alone does not say how far responses are apart: export the annotated file, or \
                give --length
                """, isOfConfiguration: true)
        }
        var differences = MarginStatistics()
        try AnnotatedFile(path: rows).forEachRow { differences.add($0.rawMargin) }
        // A direction that says nothing of these rows has a mean near 0 of either sign: it must not decide where up is.
        let error = differences.standardDeviation / Double(differences.count).squareRoot()
        guard differences.count > 1, differences.mean > 2 * error else {
            throw Problem(
                """
                \(rows): chosen responses' scores are not above rejected ones' beyond chance (on average by \
                \(differences.mean.rounded(toPlaces: 4)) ± \((1.96 * error).rounded(toPlaces: 4))): the direction says \
                nothing of these rows; --length exports it all the same
                """, isOfConfiguration: true)
        }
        return differences.mean
    }
}
