package import Margins

/// What a job's margins are worth to a reward model, measured: what `<output>.evaluation.json` says.
///
/// Shares are 0 to 1; intervals are of 95 %, clustered by prompt.
package struct EvaluationFigures: Codable, Hashable, Sendable {
    /// Of this form of the file.
    package static let version = 1

    package var version = EvaluationFigures.version
    package var run: Run
    package var rows: Int
    package var prompts: Int
    package var folds: Int

    /// Rows of prompts that the job's direction or its anchors know, which flatters them; such rows are there only where the
    /// others are too few.
    package var knownRows: Int
    package var arms: [Arm]

    /// What came of it, in short and for each head, and what a person must know to read it, a sentence each.
    package var headlines: [String]
    package var findings: [String]
    package var notes: [String]

    /// What was run.
    package struct Run: Codable, Hashable, Sendable {
        package var job: String
        package var input: String
        package var inputSha256: String
        package var software: String
        package var model: String
        package var modelSha256: String
        package var precision: String
        package var template: String
        package var layer: Int
        package var layerCount: Int
        package var token: String

        /// What our margins are fitted on, and Legend's; the latter nil where there are none.
        package var ours: [String]
        package var legend: String?

        /// Of those that were to be evaluated, rows that cannot be embedded.
        package var failedRows: Int

        package init(
            job: String, input: String, inputSha256: String, software: String, model: String, modelSha256: String,
            precision: String, template: String, layer: Int, layerCount: Int, token: String, ours: [String],
            legend: String?, failedRows: Int
        ) {
            (self.job, self.input, self.inputSha256, self.software) = (job, input, inputSha256, software)
            (self.model, self.modelSha256, self.precision) = (model, modelSha256, precision)
            (self.template, self.layer, self.layerCount, self.token) = (template, layer, layerCount, token)
            (self.ours, self.legend, self.failedRows) = (ours, legend, failedRows)
        }
    }

    /// What one way to train a reward head, or to do without one, comes to on rows of other prompts.
    package struct Arm: Codable, Hashable, Sendable {
        package var arm: RewardArm

        /// nil for what has no head.
        package var head: RewardHead?
        package var accuracy: Double
        package var low: Double
        package var high: Double

        /// By how much the accuracy is above that of the same head without a margin (without a head: of the first head); nil
        /// for that one itself.
        package var difference: Double?
        package var differenceLow: Double?
        package var differenceHigh: Double?

        /// Of the difference, and adjusted by Holm for all comparisons of the file.
        package var p: Double?
        package var pHolm: Double?

        /// How far probabilities are off on average, `σ` of the difference of rewards; of what has no unit of its own, those
        /// that a factor makes of it, which other folds' labels decide.
        package var calibrationError: Double?

        /// The size of margins in the loss that was chosen within the folds, as their root mean square: the median.
        package var marginSize: Double?
        package var seeds: Int
        package var rows: Int
    }
}

extension EvaluationFigures {
    /// - Parameters:
    ///   - knownRows: those of prompts that what gives the margins was fitted on.
    ///   - notes: what a person must know, a sentence each.
    init(run: Run, rows: Int, prompts: Int, folds: Int, knownRows: Int, arms: [Arm], notes: [String] = []) {
        (self.run, self.rows, self.prompts, self.folds) = (run, rows, prompts, folds)
        (self.knownRows, self.arms, self.notes) = (knownRows, arms, notes)
        headlines =
            knownRows > 0
            ? [
                """
                Nothing can be said of our margins and our score: \(knownRows) of \(rows) rows have a prompt that the job's \
                direction or its anchors know, and there are too few others.
                """
            ] : Finding.headlines(arms)
        findings = RewardHead.allCases.filter { head in arms.contains { $0.head == head } }.map {
            Finding(arms, head: $0).sentence
        }
    }

    /// - Parameters:
    ///   - seeds: one or more.
    ///   - known: pairs of prompts that what gives the margins was fitted on.
    ///   - notes: what a person must know, a sentence each.
    package init(
        run: Run, seeds: [HeldOutRewards], folds: Int, heads: [RewardHead], _ data: RewardData, known: Int,
        notes: [String]
    ) {
        let figures = ArmFigures.all(seeds, arms: data.arms, heads: heads, groups: data.pairs.groups)
        let arms = figures.map { figures in
            Arm(
                arm: figures.arm, head: figures.head, accuracy: figures.accuracy.value, low: figures.accuracy.low,
                high: figures.accuracy.high, difference: figures.difference?.value,
                differenceLow: figures.difference?.low, differenceHigh: figures.difference?.high,
                p: figures.difference?.p, pHolm: figures.adjustedP, calibrationError: figures.calibrationError,
                marginSize: figures.size, seeds: seeds.count, rows: data.pairs.count)
        }
        self.init(
            run: run, rows: data.pairs.count, prompts: Set(data.pairs.groups).count, folds: folds, knownRows: known,
            arms: arms, notes: notes)
    }
}
