internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Prompting
internal import Protocol

/// Chooses where the model is read by the survey's rows, fits the direction there on anchors or on the rows' own labels,
/// and scores the survey's rows: by a direction that never saw their prompts.
struct SurveyFit: Sendable {
    let saved: SavedDirection
    let report: SurveyReport
    let failedAnchors: Int

    /// The survey's rows as those of a unit of the rows' step come out: of each text its score and the standard error.
    let outcomes: [(row: UInt64, result: RowResult)]

    private static let folds = 5

    /// Of folds, samples and random halves: results are the same in every run.
    private static let seed: UInt64 = 12

    /// - Throws: `DirectionError` where no direction comes out, or a `Problem` that says why nothing was of use.
    init(ledger: Ledger, definition: JobDefinition, model: LoadedModel) throws {
        let readouts = definition.specification(ofRun: "").readouts(layerCount: model.layerCount)
        let rows = try SurveyStates(.survey, ledger: ledger, readouts: readouts.count, hiddenSize: model.hiddenSize)
        let anchors = try definition.anchors.map { _ in
            try SurveyStates(.anchors, ledger: ledger, readouts: readouts.count, hiddenSize: model.hiddenSize)
        }
        guard rows.count > 1 else {
            throw Problem(
                """
                \(definition.configuration.job.input): expected at least 2 prompts with rows that can be embedded, found \
                \(rows.count) rows: nothing can be said of margins\(rows.firstReason.map { "; the first: \($0)" } ?? "")
                """)
        }
        if let anchors, anchors.count == 0 {
            throw Problem(
                """
                none of the \(anchors.failed) anchor pairs can be embedded\
                \(anchors.firstReason.map { "; the first: \($0)" } ?? "")
                """)
        }
        // Where every row has the prompt of all others, each is left out alone.
        let prompts = Set(rows.groups).count > 1 ? rows.groups : Array(0..<rows.count)
        let chosenEstimator = definition.configuration.direction.estimator
        let ownEstimator = Estimator(anchors == nil ? chosenEstimator : .automatic, ownLabels: true)
        let table = try PlaceTable(
            readouts, rows: rows, prompts: prompts, anchors: anchors, ownBy: ownEstimator, seed: Self.seed)
        let candidates = Self.candidates(readouts, layerCount: model.layerCount)
        let preferred = Self.defaultPlace(among: candidates.map { readouts[$0] }, layerCount: model.layerCount)
        func choose(by margins: [[Double]]) -> PlaceChoice {
            PlaceChoice(candidates.map { margins[$0] }, groups: table.groups, defaultCell: preferred, seed: Self.seed)
        }
        let choice = choose(by: table.margins)
        let cell = candidates[choice.cell]

        let estimator = anchors == nil ? ownEstimator : Estimator(chosenEstimator, ownLabels: false)
        let states = try rows.states(cell)
        guard let folds = Folds(groups: prompts, count: Self.folds, seed: Self.seed) else {
            preconditionFailure("rows of one prompt are groups of their own")
        }
        // What the rows' own labels would give, at the place that they would choose.
        let ownCell = anchors == nil ? cell : candidates[choose(by: table.ownMargins).cell]
        let differences = try (ownCell == cell ? states : rows.states(ownCell)).differences(prompts)
        let crossFitted = try CrossFit(differences, folds, by: ownEstimator)
        let fitted = try anchors.map { try $0.states(cell).differences($0.groups) } ?? differences
        let fit = try FittedDirection(fitted, by: estimator)
        let scored = states.outcomes { anchors == nil ? crossFitted.fits[folds.assignment[$0]] : fit }
        outcomes = try zip(states.rows, scored).map { ($0, .values(try $1.values)) } + rows.failures
        let refusals = try ledger.refusalsOfHarmless(of: .survey)
        guard let own = ClusteredShare(positive: crossFitted.margins, groups: prompts) else {
            preconditionFailure("there are rows")
        }
        report = SurveyReport(
            places: candidates.map { table.places[$0] }, choice: choice, own: own,
            anchors: anchors.flatMap { _ in ClusteredShare(positive: scored.map(\.margin), groups: prompts) },
            estimator: estimator.name,
            trust: SurveyTrust(
                fitted: fitted, by: estimator, states: states, outcomes: scored, prompts: prompts,
                refusals: rows.rows.map { refusals[$0] ?? false },
                effectOptimism: choice.isDefault
                    ? 0
                    : ChosenCell(
                        candidates.map { table.margins[$0] }, groups: table.groups, by: .effectSize, seed: Self.seed)?
                        .optimism ?? 0,
                seed: Self.seed),
            permutation: table.permutation)
        failedAnchors = anchors?.failed ?? 0
        let readout = readouts[cell]
        let unsaved = SavedDirection(
            direction: fit.direction,
            provenance: .init(
                model: model.name, modelSHA256: model.digest, tokenizer: model.tokenizer,
                template: definition.template.identity, compatibility: definition.compatibility,
                layer: readout.layer.number, layerCount: model.layerCount, token: readout.pooling,
                precision: model.precision, numericBuild: model.numericBuild,
                anchorsSHA256: definition.anchors?.digest ?? definition.inputDigest,
                anchorPairs: anchors?.count ?? rows.count, software: ProtocolVersion.software,
                estimator: estimator.name, source: anchors == nil ? SavedDirection.Provenance.ownLabels : nil),
            errors: fit.errors)
        // Through its file's form, so that this job and one that is given the file project on the same numbers.
        var saved = try SavedDirection(serialized: unsaved.serialized(), path: "the fitted direction")
        saved.heldOut = (anchors == nil ? own : table.places[cell].anchorsHeldOut).flatMap(HeldOutAccuracy.init)
        self.saved = saved
    }

    /// The places that may be chosen: after the final norm the model is not read unless that is asked for.
    private static func candidates(_ readouts: [Readout], layerCount: Int) -> [Int] {
        let inner = readouts.indices.filter { readouts[$0].layer.number < layerCount }
        return inner.isEmpty ? Array(readouts.indices) : inner
    }

    /// The mean over the response where the model has done 0.7 of its work, or what is nearest to it.
    private static func defaultPlace(among readouts: [Readout], layerCount: Int) -> Int {
        let poolings: [Pooling] = [.meanResponse, .meanText, .lastToken]
        let layer = Int((0.7 * Double(layerCount)).rounded())
        func distance(_ readout: Readout) -> (Int, Int) {
            (poolings.firstIndex(of: readout.pooling) ?? poolings.count, abs(readout.layer.number - layer))
        }
        return readouts.indices.min { distance(readouts[$0]) < distance(readouts[$1]) } ?? 0
    }
}

/// The direction of some pairs, and how uncertain scores on it are.
struct FittedDirection: Sendable {
    /// Of norm 1.
    let direction: Direction

    /// Zero where the pairs say nothing of how uncertain they are.
    let errors: StandardErrors

    init(_ differences: PairDifferences, by estimator: Estimator) throws {
        let fitted = try estimator.fitWithErrors(differences)
        direction = try Direction(difference: fitted.direction.map { Double($0) })
        errors =
            fitted.errors
            ?? StandardErrors(
                hiddenSize: differences.hiddenSize, directions: Array(repeating: 0, count: differences.hiddenSize))
    }
}

/// A direction for each fold, fitted on the others.
private struct CrossFit {
    let fits: [FittedDirection]

    /// Of each pair along the direction that never saw its fold.
    let margins: [Double]

    init(_ differences: PairDifferences, _ folds: Folds, by estimator: Estimator) throws {
        let fits = try differences.fits(without: folds) { try FittedDirection($0, by: estimator) }
        let units = fits.map(\.direction.unit)
        margins = folds.assignment.indices.map { row in
            projection(of: differences[row], on: units[folds.assignment[row]])
        }
        self.fits = fits
    }
}

extension Estimator {
    init(_ choice: JobConfiguration.Configuration.Direction.EstimatorChoice, ownLabels: Bool) {
        self =
            switch choice {
            case .automatic: ownLabels ? .ridge(lambda: 3) : .meanDifference
            case .meanDifference: .meanDifference
            case .firstPrincipalComponent: .firstPrincipalComponent
            case .ridge: .ridge(lambda: 3)
            case .logistic: .logistic(lambda: 1)
            case .ledoitWolf: .ledoitWolf
            }
    }

    /// As the configuration has it.
    var name: String {
        typealias Choice = JobConfiguration.Configuration.Direction.EstimatorChoice
        let choice: Choice =
            switch self {
            case .meanDifference: .meanDifference
            case .firstPrincipalComponent: .firstPrincipalComponent
            case .ridge: .ridge
            case .logistic: .logistic
            case .ledoitWolf: .ledoitWolf
            }
        return choice.rawValue
    }
}

extension HeldOutAccuracy {
    init?(_ share: ClusteredShare) {
        self.init(
            pairs: share.rows, groups: share.groups, right: Int((share.value * Double(share.rows)).rounded()),
            low: share.low, high: share.high)
    }
}
