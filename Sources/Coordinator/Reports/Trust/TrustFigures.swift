package import Margins

/// Whether a job's margins mean anything on its rows, measured: what `<output>.trust.json` says.
///
/// Where a figure is nil there was nothing to measure it on. Shares are 0 to 1; intervals are of 95 %, clustered by prompt.
package struct TrustFigures: Codable, Hashable, Sendable {
    /// Of this form of the file.
    package static let version = 3

    package var version = TrustFigures.version
    package var run: Run

    /// All annotated rows' margins, in their unit.
    package var margins: Distribution?

    /// How often a margin has the sign that the row's label says. A direction of the rows' own labels that scores a row never
    /// saw its prompt.
    package var labelAgreement: Agreement?
    package var baselines = Baselines()

    /// Where length cannot tell: among rows whose responses' lengths differ by less than a quarter.
    package var agreementAtEqualLength: Agreement?

    /// Among the most certain rows.
    package var selective: [SelectiveAccuracy] = []

    /// Whether margins are larger where labels are stronger; nil where the rows do not say how strongly they are labelled.
    package var strength: Strength?

    /// Of `p_safer`; nil where no row has it.
    package var calibration: Calibrated?

    /// How far the margins of rows that the direction never saw are from 0, in their standard deviations.
    package var effectSize: Effect?

    /// How alike directions of two halves of the pairs are.
    package var splitHalfCosine: Double?
    package var permutation: Permutation?

    /// How many rows are along each category's direction, and along that of all (without a name); nil where there is one
    /// direction.
    package var rowsByDirection: [DirectionRows]?

    package struct DirectionRows: Codable, Hashable, Sendable {
        package var name: String?
        package var rows: Int

        package init(name: String?, rows: Int) { (self.name, self.rows) = (name, rows) }
    }

    /// Rows of prompts that the direction was fitted on; nil where there are none, before the rows are written, and where
    /// its file does not say its prompts.
    package var fittedRows: FittedRows?

    /// What the surveyed rows say; nil without a survey.
    package var survey: Survey?

    /// What explains the scores' variance.
    package var confounds = Confounds()

    /// Every place and estimator that was measured on the surveyed rows.
    package var table: [Cell] = []

    /// What is wrong, a plain sentence each.
    package var warnings: [String] = []

    package init(run: Run) { self.run = run }
}

extension TrustFigures {
    /// A `ClusteredShare` in this file's words.
    package struct Agreement: Codable, Hashable, Sendable {
        package var value: Double
        package var low: Double
        package var high: Double
        package var rows: Int
        package var prompts: Int

        /// Of fewer rows or prompts nothing is said but the figures: their intervals are too wide to tell length or wording
        /// from more.
        package static let rowsMin = 100
        package static let promptsMin = PlaceChoice.groupsMin

        package static func isEnough(rows: Int, prompts: Int) -> Bool { rows >= rowsMin && prompts >= promptsMin }

        package var isEnough: Bool { Self.isEnough(rows: rows, prompts: prompts) }

        package init(_ share: ClusteredShare) {
            (value, low, high) = (share.value, share.low, share.high)
            (rows, prompts) = (share.rows, share.groups)
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            value = try container.decode(Double.self, forKey: .value)
            low = try container.decode(Double.self, forKey: .low)
            high = try container.decode(Double.self, forKey: .high)
            rows = try container.decode(Int.self, forKey: .rows)
            prompts = try container.decode(Int.self, forKey: .prompts)
            guard 0 <= low, low <= value, value <= high, high <= 1, rows > 0, (1...rows).contains(prompts) else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "a share with its interval that is none"))
            }
        }
    }

    /// Rows whose scores are along a direction that was fitted on pairs of their prompt, which flatters them.
    package struct FittedRows: Codable, Hashable, Sendable {
        package var rows: Int

        /// Whether the figures are of the other rows alone.
        package var areLeftOut: Bool

        package init(rows: Int, areLeftOut: Bool) { (self.rows, self.areLeftOut) = (rows, areLeftOut) }

        package func warning(of all: Int) -> String {
            let found =
                "the direction was fitted on pairs of the prompts of \(rows) of \(all) rows, whose margins that flatters"
            return areLeftOut
                ? "\(found): the figures are of the other rows"
                : "\(found), and with them all figures: too few rows have other prompts"
        }
    }

    /// What was run.
    package struct Run: Codable, Hashable, Sendable {
        package var job: String
        package var input: String

        /// nil in files of an earlier version.
        package var inputSha256: String?
        package var output: String
        package var software: String

        /// Where the direction comes from: `own`, `anchors`, `saved`, or several of them.
        package var source: String
        package var anchorFiles: [String]

        /// Of the pairs that the direction was fitted on.
        package var pairs: Int
        package var estimator: String
        package var model: String
        package var modelSha256: String
        package var template: String
        package var compatibility: String
        package var precision: String
        package var numericBuild: String
        package var layer: Int
        package var layerCount: Int
        package var token: String

        /// Why the model is read there.
        package var placeReason: String

        /// Of the input; those that have no margin, and those that were dropped for it, are in the errors file.
        package var rows = 0
        package var failedRows = 0
        package var droppedRows = 0

        package init(
            job: String, input: String, output: String, software: String, source: String, anchorFiles: [String],
            pairs: Int, estimator: String, model: String, modelSha256: String, template: String, compatibility: String,
            precision: String, numericBuild: String, layer: Int, layerCount: Int, token: String, placeReason: String
        ) {
            (self.job, self.input, self.output, self.software) = (job, input, output, software)
            (self.source, self.anchorFiles, self.pairs, self.estimator) = (source, anchorFiles, pairs, estimator)
            (self.model, self.modelSha256, self.template) = (model, modelSha256, template)
            (self.compatibility, self.precision, self.numericBuild) = (compatibility, precision, numericBuild)
            (self.layer, self.layerCount, self.token) = (layer, layerCount, token)
            self.placeReason = placeReason
        }
    }

    package struct Distribution: Codable, Hashable, Sendable {
        /// `log-odds`, `raw` or `standard`.
        package var unit: String

        /// The unit as a sentence.
        package var unitText: String
        package var mean: Double
        package var standardDeviation: Double
        package var minimum: Double
        package var maximum: Double

        /// nil where rows have no bin.
        package var bins: Bins?

        package init(
            unit: String, unitText: String, mean: Double, standardDeviation: Double, minimum: Double, maximum: Double,
            bins: Bins? = nil
        ) {
            (self.unit, self.unitText, self.mean) = (unit, unitText, mean)
            (self.standardDeviation, self.minimum, self.maximum) = (standardDeviation, minimum, maximum)
            self.bins = bins
        }

        /// What `margin_bin` counts, from 0.
        package struct Bins: Codable, Hashable, Sendable {
            /// Between bins, ascending, in the margins' unit, as `margin.bins: {edges: …}` takes them.
            package var edges: [Double]

            /// How they were made, in words.
            package var from: String

            package init(_ bins: MarginBins, from: String) { (edges, self.from) = (bins.edges, from) }
        }
    }

    /// How often the labels' order is what something says that knows nothing of safety, cross-fitted by prompt: it is free
    /// to find "the shorter one" or "the longer one".
    package struct Baselines: Codable, Hashable, Sendable {
        package var chance = 0.5
        package var length: Agreement?
        package var refusalWording: Agreement?
        package var bagOfWords: Agreement?

        /// What they were measured on: all rows, or a sample of prompts.
        package var rows = 0

        package init() {}
    }

    package struct Calibrated: Codable, Hashable, Sendable {
        /// `platt` or `isotonic`.
        package var method: String

        /// Expected calibration error, out of fold.
        package var error: Double
        package var bins: [CalibrationError.Bin]

        /// What probabilities are of: `labels`, or the `votes` of annotators; nil, as in files of an earlier version: labels.
        package var of: String?

        package init(method: String, error: CalibrationError, isOfVotes: Bool = false) {
            (self.method, self.error, bins) = (method, error.value, error.bins)
            of = isOfVotes ? Self.votes : Self.labels
        }

        package static let labels = "labels"
        package static let votes = "votes"

        package var isOfVotes: Bool { of == Self.votes }
    }

    package struct Effect: Codable, Hashable, Sendable {
        package var value: Double
        package var low: Double
        package var high: Double

        /// What having chosen the place by the same rows adds to it.
        package var optimism: Double

        package init(_ effect: EffectSize, optimism: Double) {
            (value, low, high, self.optimism) = (effect.value, effect.low, effect.high, optimism)
        }
    }

    /// What the best of all cells comes to where labels mean nothing.
    package struct Permutation: Codable, Hashable, Sendable {
        /// The agreement of the best cell.
        package var bestAgreement: Double

        /// Of that cell; at least `1 / (permutations + 1)`.
        package var pValue: Double
        package var permutations: Int
        package var cells: Int

        /// The agreement that the best cell of one permutation in twenty reaches.
        package var nullAgreement: Double

        /// What it was measured on.
        package var rows: Int

        package init(
            bestAgreement: Double, pValue: Double, permutations: Int, cells: Int, nullAgreement: Double, rows: Int
        ) {
            self.bestAgreement = bestAgreement
            (self.pValue, self.permutations, self.cells) = (pValue, permutations, cells)
            (self.nullAgreement, self.rows) = (nullAgreement, rows)
        }
    }

    /// The share of the variance of single responses' scores that something explains which is not safety.
    package struct Confounds: Codable, Hashable, Sendable {
        package var length: VarianceExplained?
        package var finalCharacter: VarianceExplained?
        package var refusalWording: VarianceExplained?
        package var truncation: VarianceExplained?

        /// A direction of refusals of harmless questions: rows whose rejected response refuses and whose chosen one does
        /// not. nil where there are few such rows.
        package var refusalOfHarmless: VarianceExplained?
        package var refusalOfHarmlessRows = 0

        package init() {}
    }

    package struct Cell: Codable, Hashable, Sendable {
        /// Counts from the front.
        package var layer: Int
        package var token: String
        package var estimator: String

        /// The rows' own labels', held out by prompt.
        package var agreement: Agreement
        package var effectSize: Double?

        /// The anchors', where there are some.
        package var anchorsAgreement: Agreement?
        package var anchorsEffectSize: Double?

        /// Whether the model is read here, and this is what the place was chosen by: the job's estimator of the rows' own labels,
        /// or the anchors' mean difference.
        package var isChosen: Bool

        package init(
            layer: Int, token: String, estimator: String, agreement: Agreement, effectSize: Double?,
            anchorsAgreement: Agreement?, anchorsEffectSize: Double?, isChosen: Bool
        ) {
            (self.layer, self.token, self.estimator) = (layer, token, estimator)
            (self.agreement, self.effectSize) = (agreement, effectSize)
            (self.anchorsAgreement, self.anchorsEffectSize) = (anchorsAgreement, anchorsEffectSize)
            self.isChosen = isChosen
        }
    }
}
