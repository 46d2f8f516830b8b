internal import Dataset
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

    /// Where seeds that are done are kept; nil where they are not.
    var ledger: Ledger?

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
        let seedNumbers = (0..<definition.settings.seeds).map { UInt64($0) }
        let done = try ledger.map { try DoneSeeds($0, definition, rows, training, model: model) }
        let seeds = try concurrently(seedNumbers, most: Self.bytesMax / evaluation.bytesOfASeed) { seed in
            defer { progress.add() }
            if let held = try done?.held(seed) { return held }
            guard let held = try evaluation.heldOut(seed: seed) else {
                preconditionFailure("rows of many prompts have folds")
            }
            try done?.keep(held, seed)
            return held
        }
        let figures = EvaluationFigures(
            run: run(rows, model), seeds: seeds, folds: training.folds, heads: training.heads, data,
            known: rows.knownRows, notes: try notes(rows, training))
        try AtomicFile.write(figures.serialized, to: definition.output)
        let heads = RewardHeadsFile(
            heads: try evaluation.heads(seeds), scores: try evaluation.scores(), penalty: evaluation.penalty(seeds),
            rows: rows.rows.rows, run: figures.run, compatibility: definition.job.compatibility,
            fittedOn: rows.fittedOn, settings: definition.headsFingerprint)
        try AtomicFile.write(heads.serialized(), to: definition.headsOutput)
        return Summary(figures: figures, report: try writeReport(figures))
    }

    private func unreadableRows() throws -> Int {
        var reader = try DatasetReader(
            path: definition.job.configuration.job.input, options: definition.job.inputOptions)
        var count = 0
        while let record = try reader.next() {
            if case .failure = record.content { count += 1 }
        }
        return count
    }

    /// What all seeds that are under way may take.
    private static let bytesMax = 2 << 30

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
    private func notes(_ rows: EvaluatedRows, _ training: RewardTraining) throws -> [String] {
        var notes: [String] = []
        let unreadable = try unreadableRows()
        if unreadable > 0 {
            notes.append(
                "\(unreadable.counted("row")) of the input cannot be read and have no part in this; `run` says which")
        }
        if rows.equal > 0 {
            notes.append(
                "\(rows.equal.counted("row")) whose two responses are the same to the model have no part in this")
        }
        if rows.haveCommonPrompt {
            notes.append(
                "most rows have one prompt: they are parted by their responses, and nothing is said of new prompts")
        }
        if 10 * rows.repeated > rows.prompts.count {
            notes.append(
                """
                \(rows.repeated) of \(rows.prompts.count) rows have the responses of a row with another prompt, so that heads are \
                tested on what they were trained on, which flatters all arms
                """)
        }
        if rows.legendText == nil {
            notes.append(
                """
                Legend's margins are left out: of the kept embeddings they need the last token of the last layer \
                (embedding.keep_layers: [-1], keep_tokens: [last]), and anchors whose harmless side is always \
                "\(Configuration.legendRefusal)" (anchors.refusal)
                """)
        }
        if definition.chosenPlace != nil {
            notes.append(
                "the model is read where the job chose to by these rows' labels, which flatters all arms alike")
        } else if !definition.everyLayer.isEmpty {
            notes.append(
                """
                the model is read at the default place: where the job would choose another one by its rows' labels, run it \
                first, or name embedding.layer and embedding.token
                """)
        }
        let margin = definition.job.configuration.margin
        if margin.negative != .keep {
            notes.append("\"as written\" are the margins before margin.negative does anything to those below 0")
        }
        if training.unit == .logOdds, margin.calibration != .platt {
            notes.append(
                "\"as written\" are margins by Platt's calibration, also where the job's own would be isotonic")
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
            let page = try JobReport(path: job.output, errorsPath: errors, trust: trust, evaluation: figures)
            if let misfit = page.evaluationMisfit {
                progress.warn("the page about \(job.output) stays as it is: \(misfit)")
                return nil
            }
            try page.write(to: path)
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
        // Of what came before.
        (report.rowsPerSecond, report.tokensPerSecond, report.secondsLeft) = (0, 0, nil)
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
