internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Prompting
internal import Protocol
internal import Reports
internal import Synchronization

/// Trains and tests reward heads seed by seed, and writes what came of it.
struct EvaluationOutput: Sendable {
    let definition: EvaluationDefinition

    /// Is told how many seeds are done.
    let progress: EvaluationProgress

    struct Summary: LocalOutcome {
        let figures: EvaluationFigures

        /// nil where there is no annotated file, of which the report is.
        let report: String?
    }

    /// - Throws: `Problem` where there are too few rows; `DirectionError`; `FileError` where a file cannot be written.
    func run(_ rows: EvaluatedRows, model: LoadedModel) throws -> Summary {
        let data = try rows.rewardData(definition.job)
        var training = RewardTraining()
        training.ensemble = definition.settings.ensemble
        training.heads = definition.settings.heads.map { $0 == .linear ? .linear : .mlp }
        training.unit =
            definition.job.calibrates ? .init(definition.job.configuration.margin.unit) : .raw
        let evaluation = try RewardEvaluation(data, training)
        let seeds = try concurrently((0..<definition.settings.seeds).map { UInt64($0) }) { seed in
            defer { progress.add() }
            guard let held = try evaluation.heldOut(seed: seed) else {
                preconditionFailure("rows of many prompts have folds")
            }
            return held
        }
        let figures = EvaluationFigures(
            run: run(rows, model), seeds: seeds, folds: training.folds, heads: training.heads, data,
            notes: notes(rows))
        try AtomicFile.write(figures.serialized, to: definition.output)
        let heads = RewardHeadsFile(
            heads: try evaluation.heads(seeds), penalty: evaluation.penalty(seeds), rows: rows.rows.rows,
            run: figures.run)
        try AtomicFile.write(heads.serialized(), to: definition.headsOutput)
        return Summary(figures: figures, report: try writeReport(figures))
    }

    private func run(_ rows: EvaluatedRows, _ model: LoadedModel) -> EvaluationFigures.Run {
        let job = definition.job.configuration.job
        return .init(
            job: job.name, input: job.input, inputSha256: definition.job.inputDigest,
            software: ProtocolVersion.software,
            model: model.name, modelSha256: model.digest, precision: model.precision.rawValue,
            template: definition.job.template.identity, layer: rows.readout.layer.number, layerCount: model.layerCount,
            token: rows.readout.pooling.rawValue,
            ours: definition.job.savedDirection == nil ? rows.sources.map(\.name) : ["a saved direction"],
            legend: rows.legendText, failedRows: rows.failed)
    }

    /// What a person must know to read the figures, a sentence each.
    private func notes(_ rows: EvaluatedRows) -> [String] {
        var notes: [String] = []
        if rows.knownRows > 0 {
            notes.append(
                """
                \(rows.knownRows) of \(rows.prompts.count) rows have a prompt that the job's anchors or its direction were \
                fitted on, which flatters our margins and the score
                """)
        }
        if rows.legendText == nil {
            notes.append(
                """
                Legend's margins are left out: its direction is read at the last token of the last layer, which is not among \
                the kept embeddings (embedding.keep_layers: [-1], keep_tokens: [last]), or there are no anchors to fit it on
                """)
        }
        if definition.job.configuration.direction.by != nil || definition.job.savedDirection?.categories != nil {
            notes.append("the directions of categories are left out: all rows' margins are along the one of all")
        }
        return notes
    }

    /// The page about the annotated rows, with the evaluation in it.
    ///
    /// - Returns: its path; nil where there are no annotated rows.
    private func writeReport(_ figures: EvaluationFigures) throws -> String? {
        let job = definition.job.configuration.job
        guard FileManager.default.fileExists(atPath: job.output) else { return nil }
        let path = Configuration.Job.path(beside: job.output, ending: Configuration.Job.reportEnding)
        let errors = FileManager.default.fileExists(atPath: job.errors) ? job.errors : nil
        do {
            let trust = try TrustFigures(
                ifAt: Configuration.Job.path(beside: job.output, ending: Configuration.Job.trustEnding))
            try JobReport(path: job.output, errorsPath: errors, trust: trust, evaluation: figures).write(to: path)
        } catch {
            // The file may be another program's; the figures are there all the same.
            progress.warn("the page about \(job.output) is not written: \(error)")
            return nil
        }
        return path
    }
}

extension RewardTraining.Unit {
    fileprivate init(_ unit: Configuration.Margin.Unit) {
        self =
            switch unit {
            case .logOdds: .logOdds
            case .standard: .standard
            case .raw: .raw
            }
    }
}

extension EvaluationProgress {
    /// For who watches without a coordinator.
    func report(job: String) -> StatusReport {
        var report = StatusReport()
        report.job = job
        describe(in: &report)
        return report
    }

    func describe(in report: inout StatusReport) {
        guard let done else { return }
        report.step = "training reward heads"
        (report.rowsDone, report.rowsTotal) = (UInt64(done), UInt64(total))
        (report.rowsFailed, report.rowsTotalIsFinal) = (0, true)
    }
}

/// How many seeds are done, for who watches.
final class EvaluationProgress: Sendable {
    let total: Int
    private let state = Mutex<(done: Int, begun: Bool, warnings: [String])>((0, false, []))

    init(total: Int) { self.total = total }

    func begin() { state.withLock { $0.begun = true } }
    func add() { state.withLock { $0.done += 1 } }
    func warn(_ sentence: String) { state.withLock { $0.warnings.append(sentence) } }

    /// nil before the first one is begun.
    var done: Int? { state.withLock { $0.begun ? $0.done : nil } }
    var warnings: [String] { state.withLock(\.warnings) }
}
