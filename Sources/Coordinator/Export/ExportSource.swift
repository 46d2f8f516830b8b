internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import Margins
internal import Protocol
internal import Reports

/// What is exported: an annotated file, the output of a configuration's job, or a direction alone.
struct ExportSource {
    enum Kind {
        case rows, configuration, direction

        /// By a file's name.
        init(path: String) {
            switch (path as NSString).pathExtension.lowercased() {
            case "yaml", "yml": self = .configuration
            case "safetensors": self = .direction
            default: self = .rows
            }
        }
    }

    /// The annotated file; nil where there is a direction alone.
    let rows: String?
    let direction: String

    /// How the rows are read.
    let options: DatasetOptions

    /// What the job measured of the margins; nil where it did not, or the file is of another software.
    private let trust: TrustFigures?

    /// What is read, and what belongs to the job.
    private let paths: Configuration.Paths

    /// - Parameters:
    ///   - path: of an annotated file, a configuration (`.yaml`) or a direction (`.safetensors`).
    ///   - overrides: of the configuration's values.
    /// - Throws: `ConfigurationError` where the configuration cannot be read, `Problem` where there is no such file.
    init(_ path: String, overrides: [String]) throws {
        let path = FilePlace.absolute((path as NSString).expandingTildeInPath)
        var options = DatasetOptions(purpose: .row)
        var paths: Configuration.Paths
        switch Kind(path: path) {
        case .configuration:
            let configuration = try Configuration(ofJob: path, overrides: overrides)
            rows = configuration.job.output
            direction =
                switch configuration.job.directionSource {
                case .saved(let path): path
                case .fitted: configuration.job.directionOutput
                }
            options = try DatasetOptions(configuration.dataset, formats: DatasetFormat.all).ofOutput
            paths = configuration.paths(ofFile: path)
        case .direction:
            rows = nil
            direction = path
            paths = .init(read: [.init("the direction", path)], written: [], folders: [])
        case .rows:
            rows = path
            direction = Configuration.Job.path(beside: path, ending: Configuration.Job.directionEnding)
            paths = .init(
                read: [.init("the annotated file", path), .init("its direction", direction)]
                    + [
                        ("its errors", Configuration.Job.errorsEnding),
                        ("its trust figures", Configuration.Job.trustEnding),
                        ("its report", Configuration.Job.reportEnding),
                    ].map { .init($0, Self.path(path, $1)) }, written: [], folders: [])
        }
        let file = rows ?? direction
        guard FileStatus(path: file) != nil else {
            let output = file == path ? "" : ", the output of \(path): `legend-coordinator run` first"
            throw Problem("\(file): no such file\(output)", isOfConfiguration: true)
        }
        // A job's output has a line of JSON for each row where it is not Parquet, whatever its name.
        options.container = rows.map { .written(to: $0) }
        options.maxRowBytes = AnnotatedFile.rowBytesMax
        self.options = options
        // What cannot be read is no reason to do without the rows; `report` says what is wrong with it.
        trust = try? rows.flatMap { try TrustFigures(ifAt: Self.path($0, Configuration.Job.trustEnding)) }
        if let rows {
            paths.read += [
                .init("the evaluation", Self.path(rows, Configuration.Job.evaluationEnding)),
                .init("the reward heads", Self.path(rows, Configuration.Job.headsEnding)),
            ]
        }
        if let trust, Kind(path: path) == .rows {
            paths.read.append(.init("the job's input", trust.run.input))
            paths.read += trust.run.anchorFiles.map { .init("the job's anchors", $0) }
        }
        self.paths = paths
    }

    private static func path(_ rows: String, _ ending: String) -> String {
        Configuration.Job.path(beside: rows, ending: ending)
    }

    /// The model that the margins are of; nil where nobody says it.
    var model: String? { trust?.run.model }

    /// Where the file goes where nobody says it.
    func usualOutput(_ format: ExportFormat) -> String {
        if let rows { return Self.path(rows, format.ending) }
        let ending = [Configuration.Job.directionEnding, ".safetensors"].first { direction.hasSuffix($0) } ?? ""
        return direction.dropLast(ending.count) + format.ending
    }

    /// - Throws: `ConfigurationError` where what is written would take the place of what is read, by whatever name, or of
    ///   what belongs to the job.
    func check(writing output: String, errors: String?) throws {
        let written = [("--output", output), ("the errors of --output", errors)].flatMap { name, path in
            path.map { Configuration.written(name, $0) } ?? []
        }
        let problems = paths.besides(writing: written).collisions
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
    }

    /// What a person should know of the margins before somebody trains with them, where the job or `evaluate` measured it.
    ///
    /// - Parameter found: the rows' margins.
    func remarks(_ found: AnnotatedMargins) -> [String] {
        guard let rows else { return [] }
        let misfit = trust?.misfit(found.margins, raw: found.raw, areAsLabelled: found.flippedRows == 0)
        if let misfit {
            return ["warning: \(Self.path(rows, Configuration.Job.trustEnding)) is not of these rows: \(misfit)"]
        }
        let evaluation = try? EvaluationFigures(ifAt: Self.path(rows, Configuration.Job.evaluationEnding))
        let headlines = evaluation.flatMap { $0.misfit(trust) == nil ? $0.headlines : nil } ?? []
        // The first line says how often margins agree with labels, and what else does.
        let agreement = trust?.labelAgreement == nil ? [] : trust?.lines.prefix(1) ?? []
        return agreement + (trust?.warnings ?? []).map { "warning: \($0)" } + headlines.map { "evaluate: \($0)" }
    }

    // MARK: The length of a direction

    /// By how much the chosen response's score is above the rejected one's, on average over the rows as labelled.
    ///
    /// - Parameter found: the rows' margins; nil of a direction alone.
    /// - Throws: `Problem` where that is not known, or not above 0 beyond chance.
    func typicalLength(of saved: SavedDirection, _ found: AnnotatedMargins?) throws(Problem) -> Double {
        func unknown(_ reason: String) -> Problem {
            Problem("\(rows ?? direction): \(reason); --length exports it all the same", isOfConfiguration: true)
        }
        guard rows != nil, let found else {
            throw unknown("a direction alone does not say how far responses are apart: export the annotated file")
        }
        if let other = misfit(saved) {
            throw unknown("\(direction) is not the direction of these rows: \(other)")
        }
        guard saved.categories == nil else {
            throw unknown("its rows have directions by category, and what is exported is that of all rows")
        }
        guard trust?.run.droppedRows ?? 0 == 0 else {
            throw unknown("its rows below 0 were dropped, so that they do not say whether the direction is right")
        }
        guard found.areRawKnown else {
            throw unknown("expected margin_raw, or score_chosen and score_rejected, in every row")
        }
        let mean = found.raw.mean
        // Rows of one prompt are no independent witnesses, which the job's interval knows.
        let isAboveChance: Bool
        let text: String
        if let agreement = trust?.labelAgreement, agreement.isEnough {
            isAboveChance = agreement.low > 0.5 && mean > 0
            text = "\(agreement.value.percent) (\(agreement.low.percent) to \(agreement.high.percent)) are as labelled"
        } else {
            let error = found.raw.standardDeviation / Double(found.raw.count).squareRoot()
            isAboveChance = found.raw.count > 1 && mean > 2 * error
            text = "the standard error is \(error.rounded(toPlaces: 4)), of \(found.raw.count.counted("row"))"
        }
        guard isAboveChance else {
            throw unknown(
                """
                chosen responses' scores are not above rejected ones' beyond chance (on average by \
                \(mean.rounded(toPlaces: 4)); \(text)): the direction says nothing of these rows
                """)
        }
        return mean
    }

    /// Why a saved direction is not that of the rows; nil where it is, or nobody knows.
    private func misfit(_ saved: SavedDirection) -> String? {
        guard let run = trust?.run else { return nil }
        let provenance = saved.provenance
        let differences = [
            ("layer", "\(run.layer)", "\(provenance.layer)"), ("token", run.token, provenance.token.rawValue),
            ("model", run.modelSha256, provenance.modelSHA256), ("pairs", "\(run.pairs)", "\(provenance.anchorPairs)"),
            ("estimator", run.estimator, provenance.estimator ?? run.estimator),
        ].filter { $0.1 != $0.2 }
        return differences.first.map { "its \($0.0) is \($0.2), and the rows' is \($0.1)" }
    }
}
