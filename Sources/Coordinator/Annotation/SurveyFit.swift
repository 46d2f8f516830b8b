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

    /// nil where there are too few rows to say anything.
    let report: SurveyReport?
    let failedAnchors: Int

    /// The survey's rows as those of a unit of the rows' step come out: of each text its score and the standard error.
    let outcomes: [(row: UInt64, result: RowResult)]

    static let folds = 5

    /// Of folds, samples and random halves: results are the same in every run.
    private static let seed: UInt64 = 12

    /// - Throws: `DirectionError` where no direction comes out, or a `Problem` that says why nothing was of use.
    init(ledger: Ledger, definition: JobDefinition, model: LoadedModel) throws {
        let readouts = definition.specification(ofRun: "").readouts(layerCount: model.layerCount)
        let rows = try SurveyStates(
            .survey, ledger: ledger, common: ledger.commonPrompt(), readouts: readouts.count,
            hiddenSize: model.hiddenSize)
        let sources = try SurveySource.all(
            definition, ledger: ledger, readouts: readouts.count, hiddenSize: model.hiddenSize)
        let candidates = Self.candidates(readouts, layerCount: model.layerCount)
        let preferred = Self.defaultPlace(among: candidates.map { readouts[$0] }, layerCount: model.layerCount)
        let estimator = definition.configuration.direction.estimator
        // Of copies of one row there are no others to compare with.
        guard Set(rows.groups).count > 1 else {
            if sources.count == 1, let anchors = sources[0].anchors {
                let cell = candidates[preferred]
                let fitted = Estimator(estimator, ownLabels: false)
                let pairs = try anchors.states(cell).differences(anchors.groups)
                let fit = try FittedDirection(pairs, by: fitted)
                let states = try rows.states(cell)
                outcomes =
                    try zip(states.rows, states.outcomes { _ in fit }).map { ($0, .values(try $1.values)) }
                    + rows.failures
                (report, failedAnchors) = (nil, anchors.failed)
                saved = try Self.saved(
                    fit, by: fitted.name, of: [(sources[0], anchors.count)], readouts[cell], definition, model,
                    heldOut: Self.heldOut(pairs), fittedOn: Self.prompts(of: sources, rows, ledger))
                return
            }
            throw Problem(
                """
                \(definition.configuration.job.input): expected at least 2 rows that can be embedded and that differ in their \
                prompts, or in their responses where most have one prompt, found \(rows.count.counted("row")): nothing can be said of margins\(rows.firstReason.map { "; the first: \($0)" } ?? "")
                """, isOfConfiguration: true)
        }
        let prompts = rows.groups
        guard let folds = Folds(groups: prompts, count: Self.folds, seed: Self.seed) else {
            preconditionFailure("rows of two prompts")
        }
        guard sources.count == 1 || folds.count > 2 else {
            throw Problem(
                """
                \(definition.configuration.job.input): expected at least 3 rows that can be embedded and that differ in their \
                prompts, or in their responses where most have one prompt, found \(folds.count): nothing can be said of \
                several sources together
                """)
        }

        let ownMember = sources.firstIndex { $0.anchors == nil }
        let ownEstimator = Estimator(ownMember == nil ? .automatic : estimator, ownLabels: true)
        var table = try PlaceTable(
            readouts, rows: rows, prompts: prompts, sources: sources, ownBy: ownEstimator, seed: Self.seed)
        func choose(by margins: [[Double]]) -> PlaceChoice {
            PlaceChoice(candidates.map { margins[$0] }, groups: table.groups, defaultCell: preferred, seed: Self.seed)
        }
        func fit(at cell: Int, _ combination: PlaceChoice? = nil) throws -> (PlaceStates, PairDifferences, SourceFits) {
            let states = try rows.states(cell)
            let differences = states.differences(prompts)
            let fits = try SourceFits(
                sources.map { try $0.differences(at: cell) }, rows: differences, folds: folds, by: estimator,
                seed: Self.seed, combination: combination)
            return (states, differences, fits)
        }
        var choice = choose(by: table.margins)
        var (states, differences, fits) = try fit(at: candidates[choice.cell])
        var combinedAt: Int?
        // One source alone may be read best where all together are not.
        if sources.count > 1, fits.used.count == 1 {
            combinedAt = choice.cell
            let source = fits.used.lowerBound
            table.use(source, source == ownMember ? ownEstimator : .meanDifference)
            choice = choose(by: table.margins)
            if choice.cell != combinedAt {
                (states, differences, fits) = try fit(at: candidates[choice.cell], fits.choice)
            }
        }
        let cell = candidates[choice.cell]

        var scored =
            fits.ofFolds.map { states.outcomes(folds, ofFolds: $0, whole: fits.whole) }
            ?? states.outcomes { _ in fits.whole }
        var categories = try definition.categoryNames(of: states.rows).map { names in
            try CategoryFits(
                names, rows: differences, pooled: fits.margins, by: ownEstimator, seed: Self.seed)
        }
        categories?.score(&scored, of: states)
        let hasCategories = categories?.used.isEmpty == false
        outcomes = try zip(states.rows, scored).map { ($0, .values(try $1.values)) } + rows.failures

        // What the rows' own labels say there, and at the place that they would choose.
        let ownLabels = ownMember.map { OwnLabels(fits.members[$0]) } ?? OwnLabels(differences, folds)
        let ownCell = candidates[choose(by: table.ownMargins).cell]
        let isKnown = ownCell == cell && (ownMember == nil || sources.count == 1)
        let ownMargins =
            try isKnown
            ? hasCategories ? scored.map(\.margin) : ownLabels.margins
            : OwnLabels.margins(rows.states(ownCell).differences(prompts), folds)

        let described = sources.indices.map { index in
            SurveyReport.Source(
                sources[index], rows: rows.count, prompts: prompts, fits.members[index],
                margins: hasCategories ? scored.map(\.margin) : fits.members[index].margins, ownLabels,
                isUsed: fits.used.contains(index))
        }
        report = SurveyReport(
            places: candidates.map { table.places[$0] }, choice: choice,
            own: ClusteredShare(ofSurveyed: ownMargins, groups: prompts),
            repeatedRows: try ledger.repeatedRows(
                of: .survey, groups: Dictionary(uniqueKeysWithValues: zip(rows.rows, prompts))),
            anchors: described.contains { !$0.isOwn } ? ClusteredShare(ofSurveyed: fits.margins, groups: prompts) : nil,
            estimator: fits.estimator, sources: described, combination: fits.choice,
            combinedAt: combinedAt,
            categories: categories?.described ?? [], otherCategories: categories?.others,
            trust: try SurveyTrust(
                hasCategories ? nil : Self.fitted(sources, fits, differences, at: cell), states: states,
                outcomes: scored,
                directions: categories?.directionNumbers(rows: rows.count) ?? Array(repeating: 0, count: rows.count),
                prompts: prompts,
                refusals: ledger.refusalsOfHarmless(of: .survey),
                effectOptimism: choice.isDefault
                    ? 0
                    : ChosenCell(
                        candidates.map { table.margins[$0] }, groups: table.groups, by: .effectSize, seed: Self.seed)?
                        .optimism ?? 0,
                seed: Self.seed),
            // Of the direction of all rows, which is not what the margins are of.
            permutation: hasCategories ? nil : table.permutation)
        failedAnchors = sources.reduce(0) { $0 + ($1.anchors?.failed ?? 0) }
        let used = fits.used.map { (source: sources[$0], pairs: described[$0].pairs) }
        saved = try Self.saved(
            fits.whole, by: fits.estimator, of: used, readouts[cell], definition, model,
            heldOut: Self.heldOut(used.map(\.source), scored.map(\.margin), prompts, at: cell),
            fittedOn: Self.prompts(of: used.map(\.source), rows, ledger),
            hasErrors: scored.allSatisfy { $0.errors != nil },
            categories: definition.configuration.direction.by.flatMap { categories?.directions(column: $0) })
    }

    private static func prompts(
        of sources: [SurveySource], _ rows: SurveyStates, _ ledger: Ledger
    ) throws -> FittedPrompts {
        var prompts = FittedPrompts()
        for pairs in sources.map({ $0.anchors ?? rows }) {
            try prompts.add(pairs.step.id, of: ledger, rows: Set(pairs.rows))
        }
        return prompts
    }

    /// The pairs of a direction of one source, and how it was fitted on them.
    private static func fitted(
        _ sources: [SurveySource], _ fits: SourceFits, _ rows: PairDifferences, at cell: Int
    ) throws -> SurveyTrust.Fitted? {
        guard fits.used.count == 1, let used = fits.used.first else { return nil }
        return (try sources[used].differences(at: cell) ?? rows, fits.members[used].estimator)
    }

    private static func saved(
        _ fit: FittedDirection, by estimator: String, of used: [(source: SurveySource, pairs: Int)],
        _ readout: Readout, _ definition: JobDefinition, _ model: LoadedModel, heldOut: HeldOutAccuracy?,
        fittedOn: FittedPrompts, hasErrors: Bool = true, categories: CategoryDirections? = nil
    ) throws -> SavedDirection {
        // A single file's pairs are anchors, as those of a direction that knows no other source.
        let isOneFile = used.count == 1 && used[0].source.anchors != nil && !used[0].source.isKind
        let fitted = SavedDirection(
            direction: fit.direction,
            provenance: .init(
                model: model.name, modelSHA256: model.digest, architecture: model.architecture,
                tokenizer: model.tokenizer,
                template: definition.template.identity, compatibility: definition.compatibility,
                layer: readout.layer.number, layerCount: model.layerCount, token: readout.pooling,
                precision: model.precision, numericBuild: model.numericBuild,
                anchorsSHA256: used.map(\.source.digest).uniqued().joined(separator: ", "),
                anchorPairs: used.reduce(0) { $0 + $1.pairs }, software: ProtocolVersion.software,
                estimator: estimator,
                source: isOneFile ? nil : used.map(\.source.name).joined(separator: ", ")),
            // Of which the surveyed rows have none, no other row has any.
            errors: hasErrors ? fit.errors : nil, categories: categories)
        // Through its file's form, so that this job and one that is given the file project on the same numbers.
        var saved = try SavedDirection(serialized: fitted.serialized(), path: "the fitted direction")
        saved.fittedOn = fittedOn
        saved.heldOut = heldOut
        return saved
    }

    /// How many pairs of a single source are on the right side of a direction that never saw their prompt; nil for several
    /// sources, whose own pairs are not what they are averaged for.
    private static func heldOut(
        _ used: [SurveySource], _ margins: [Double], _ prompts: [Int], at cell: Int
    ) throws -> HeldOutAccuracy? {
        guard used.count == 1 else { return nil }
        return try used[0].differences(at: cell).map(heldOut)
            ?? ClusteredShare(positive: margins, groups: prompts).flatMap(HeldOutAccuracy.init)
    }

    /// Of anchors, each prompt left out; nil where all have one.
    private static func heldOut(_ anchors: PairDifferences) -> HeldOutAccuracy? {
        guard Set(anchors.groups).count > 1 else { return nil }
        return ClusteredShare(positive: anchors.leaveGroupOutMargins(), groups: anchors.groups)
            .flatMap(HeldOutAccuracy.init)
    }

    /// The places that may be chosen: after the final norm the model is not read unless that is asked for.
    private static func candidates(_ readouts: [Readout], layerCount: Int) -> [Int] {
        let inner = readouts.indices.filter { readouts[$0].layer.number < layerCount }
        return inner.isEmpty ? Array(readouts.indices) : inner
    }

    /// The mean over the response where the model has done 0.7 of its work, or what is nearest to it.
    static func defaultPlace(among readouts: [Readout], layerCount: Int) -> Int {
        let poolings: [Pooling] = [.meanResponse, .meanText, .lastToken]
        let layer = Int((0.7 * Double(layerCount)).rounded())
        func distance(_ readout: Readout) -> (Int, Int) {
            (poolings.firstIndex(of: readout.pooling) ?? poolings.count, abs(readout.layer.number - layer))
        }
        return readouts.indices.min { distance(readouts[$0]) < distance(readouts[$1]) } ?? 0
    }
}

/// What a direction of the rows' own labels says of the rows at one place.
struct OwnLabels {
    /// Of all of them: `[hidden]`, of norm 1.
    let direction: [Float]

    /// Cross-fitted.
    let margins: [Double]

    private static let estimator = Estimator(.automatic, ownLabels: true)

    init(_ fit: SourceFit) { (direction, margins) = (fit.whole.direction.unit, fit.margins) }

    init(_ rows: PairDifferences, _ folds: Folds) {
        direction = Self.fit(rows)
        margins = Self.margins(rows, folds)
    }

    static func margins(_ rows: PairDifferences, _ folds: Folds) -> [Double] {
        rows.crossFittedMargins(folds) { fit($0) }
    }

    /// Where the rows' differences cancel out, they say nothing, and all margins are 0.
    private static func fit(_ rows: PairDifferences) -> [Float] {
        (try? estimator.fit(rows)) ?? Array(repeating: 0, count: rows.hiddenSize)
    }
}

extension SurveyReport.Source {
    fileprivate init(
        _ source: SurveySource, rows: Int, prompts: [Int], _ fit: SourceFit, margins: [Double], _ own: OwnLabels,
        isUsed: Bool
    ) {
        self.init(
            name: source.name, isOwn: source.anchors == nil, pairs: source.anchors?.count ?? rows,
            agreement: ClusteredShare(ofSurveyed: margins, groups: prompts),
            cosineWithOwn: source.anchors == nil ? nil : cosine(fit.whole.direction.unit, own.direction),
            rankCorrelationWithOwn: source.anchors == nil ? nil : rankCorrelation(fit.margins, own.margins),
            isUsed: isUsed)
    }
}

extension ClusteredShare {
    /// Of the surveyed rows' margins.
    fileprivate init(ofSurveyed margins: [Double], groups: [Int]) {
        guard let share = ClusteredShare(positive: margins, groups: groups) else {
            preconditionFailure("a survey without rows")
        }
        self = share
    }
}

extension HeldOutAccuracy {
    init?(_ share: ClusteredShare) {
        self.init(
            pairs: share.rows, groups: share.groups, right: Int((share.value * Double(share.rows)).rounded()),
            low: share.low, high: share.high)
    }
}
