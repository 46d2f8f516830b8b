internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol
internal import Reports

/// The states of the rows that are evaluated and of the job's anchors, at the two places that count.
struct EvaluatedRows {
    /// At the job's place, with each row's prompt.
    var rows: PlaceStates
    var prompts: [Int]

    /// Rows that cannot be embedded.
    var failed: Int

    /// Rows that were left out since their two responses have the same states: nothing orders them.
    var equal = 0

    /// Rows with the responses of a row that has another prompt, and whether most rows have one prompt, so that they are told
    /// apart by their responses.
    var repeated: Int
    var haveCommonPrompt: Bool

    /// What the scores and heads that come of it know.
    var fittedOn: FittedPrompts

    /// Chosen less rejected at Legend's place; nil where the states there were not kept.
    var legendRows: PairDifferences?

    /// The refusal less the rejected response of each row there; nil where the anchors are asked instead.
    var legendReferences: PairDifferences?
    var sources: [Source]

    /// Rows of prompts that the anchors, or the direction that is given, know.
    var knownRows: Int
    var readout: Readout

    /// What the job's margins come from.
    struct Source {
        let name: String

        /// At the job's place; nil: the rows, by their own labels.
        var anchors: PairDifferences?

        /// Harmless less harmful, or the refusal less harmful, at Legend's place.
        var legend: PairDifferences?
    }

    init(
        rows: PlaceStates, prompts: [Int], failed: Int, legendRows: PairDifferences?,
        legendReferences: PairDifferences?, sources: [Source], knownRows: Int, fittedOn: FittedPrompts,
        readout: Readout, of step: StepID, ledger: Ledger, references: Int = 0
    ) throws {
        (self.rows, self.prompts, self.failed, self.readout) = (rows, prompts, failed, readout)
        (self.legendRows, self.legendReferences) = (legendRows, legendReferences)
        (self.sources, self.knownRows) = (sources, knownRows)
        repeated = try ledger.repeatedRows(of: step, groups: Dictionary(uniqueKeysWithValues: zip(rows.rows, prompts)))
        haveCommonPrompt = try ledger.commonPrompt() != nil
        self.fittedOn = fittedOn
        try self.fittedOn.add(step, of: ledger, rows: Set(rows.rows), references: references)
        leaveOutEqual()
    }

    private mutating func leaveOutEqual() {
        let places = rows.rows.indices.filter { place in
            let (preferred, other) = rows[place]
            return !preferred.elementsEqual(other)
        }
        equal = rows.rows.count - places.count
        guard equal > 0 else { return }
        rows = rows.of(places)
        prompts = places.map { prompts[$0] }
        legendRows = legendRows?.select(places)
        legendReferences = legendReferences?.select(places)
    }

    /// Those of the ledger's steps.
    ///
    /// - Throws: `Problem` where none of a file's anchors can be used; a ledger error.
    init(_ definition: EvaluationDefinition, ledger: Ledger, model: LoadedModel) throws {
        let readouts = definition.specification(ofRun: "").readouts(layerCount: model.layerCount)
        let (own, legend) = definition.places(readouts, layerCount: model.layerCount)
        let states = try SurveyStates(
            definition.rowStep, ledger: ledger, common: ledger.commonPrompt(), readouts: readouts.count,
            hiddenSize: model.hiddenSize, references: definition.rowReferences)
        let known = try Self.knownRows(
            of: .survey, definition.job, ledger, references: definition.rowReferences, anchorReferences: 1)
        try self.init(
            rows: states.states(own), prompts: states.groups, failed: states.failed,
            legendRows: states.states(legend).differences(states.groups),
            legendReferences: definition.rowReferences > 0 ? states.referenceDifferences(legend) : nil,
            sources: SurveySource.all(
                definition.job, ledger: ledger, readouts: readouts.count, hiddenSize: model.hiddenSize,
                step: definition.step, references: 1
            ).map { source in
                Source(
                    name: source.name, anchors: try source.differences(at: own),
                    legend: try source.anchors?.referenceDifferences(legend))
            }, knownRows: states.rows.count { known.contains($0) },
            fittedOn: Self.known(definition.job, ledger, anchorReferences: 1), readout: readouts[own], of: .survey,
            ledger: ledger, references: definition.rowReferences)
    }

    /// What the job's anchors, or the direction that is given, know.
    ///
    /// - Parameter anchorReferences: responses before each anchor's own.
    static func known(_ job: JobDefinition, _ ledger: Ledger, anchorReferences: Int = 0) throws -> FittedPrompts {
        var known = job.savedDirection?.fittedOn ?? FittedPrompts()
        for file in job.anchorFiles { try known.add(file.step.id, of: ledger, references: anchorReferences) }
        return known
    }

    /// Rows of a step whose prompts the job's anchors, or the direction that is given, know.
    ///
    /// - Parameter references: responses before each row's own, and each anchor's.
    static func knownRows(
        of step: StepID, _ job: JobDefinition, _ ledger: Ledger, references: Int = 0, anchorReferences: Int = 0
    ) throws -> Set<UInt64> {
        let known = try known(job, ledger, anchorReferences: anchorReferences)
        guard !known.isEmpty else { return [] }
        let texts = try ledger.rowPrompts(of: [step], common: ledger.commonPrompt(), references: references).texts
        var rows: Set<UInt64> = []
        try ledger.forEachPrompt(of: [step]) { _, row, prompt in
            if known.contains(prompt, text: texts[row]) { rows.insert(row) }
        }
        return rows
    }
}

extension EvaluatedRows {
    /// What reward heads are trained on.
    ///
    /// - Throws: `DirectionError` where anchors give no direction, `Problem` where there are too few rows, or the direction
    ///   that is given is of another size.
    func rewardData(_ job: JobDefinition) throws -> RewardData {
        let pairs = rows.differences(prompts)
        let input = job.configuration.job.input
        let promptCount = Set(prompts).count
        guard TrustFigures.Agreement.isEnough(rows: pairs.count, prompts: promptCount) else {
            throw Problem(
                """
                \(input): expected at least \(Self.rowsMin) rows of \(Self.promptsMin) prompts that can be embedded, found \
                \(pairs.count.counted("row")) of \(promptCount.counted("prompt")): what a reward head makes of fewer says nothing
                """, isOfConfiguration: true)
        }
        let choice = job.configuration.direction.estimator
        let isOneOfSeveral = sources.count > 1
        var ours = try sources.map { source in
            guard let anchors = source.anchors else {
                return MarginSource.fitted(
                    on: pairs, by: Estimator(choice, ownLabels: true, isMember: isOneOfSeveral), rows: pairs)
            }
            let estimator = Estimator(choice, ownLabels: false, isMember: isOneOfSeveral)
            return try fixed(pairs, along: estimator.fit(anchors))
        }
        if let saved = job.savedDirection {
            let unit = saved.direction.unit
            guard unit.count == pairs.hiddenSize else {
                throw Problem(
                    "expected a direction of \(pairs.hiddenSize) numbers, found \(unit.count)", isOfConfiguration: true)
            }
            ours = [fixed(pairs, along: unit)]
        }
        let states = rows.values
        return RewardData(
            pairs: pairs,
            states: ResponseStates(
                preferred: states.preferred, others: states.other, hiddenSize: pairs.hiddenSize),
            ours: ours, choosesSource: isOneOfSeveral && choice != .ensemble, legend: try legend())
    }

    private static let rowsMin = TrustFigures.Agreement.rowsMin
    private static let promptsMin = TrustFigures.Agreement.promptsMin

    /// nil where there is nothing to fit its direction on.
    private func legend() throws -> MarginSource? {
        guard let legendRows else { return nil }
        var anchors = PairDifferences(hiddenSize: legendRows.hiddenSize)
        for source in sources {
            guard let own = source.legend else { continue }
            for pair in 0..<own.count { anchors.append(own[pair], group: own.groups[pair]) }
        }
        if anchors.count > 0 { return fixed(legendRows, along: try Estimator.meanDifference.fit(anchors)) }
        return legendReferences.map { .fitted(on: $0, by: .meanDifference, rows: legendRows) }
    }

    private func fixed(_ pairs: PairDifferences, along unit: [Float]) -> MarginSource {
        .fixed((0..<pairs.count).map { projection(of: pairs[$0], on: unit) }, along: unit)
    }

    /// What Legend's direction is fitted on, for a person; nil where there is nothing.
    var legendText: String? {
        guard legendRows != nil else { return nil }
        if sources.contains(where: { $0.legend != nil }) { return "a refusal and the anchors' harmful responses" }
        return legendReferences == nil ? nil : "a refusal and the rejected responses of the rows that are trained on"
    }
}
