internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol
internal import Reports
internal import Trust

extension TrustFigures {
    /// What is known once there is a direction: what is run, and what the survey says.
    ///
    /// - Parameters:
    ///   - model: what computes the rows; nil where nobody said so yet.
    ///   - survey: nil where there was none.
    ///   - output: of the annotated rows.
    init(
        _ definition: JobDefinition, direction: SavedDirection, model: LoadedModel?, survey: SurveyReport?,
        output: String
    ) {
        self.init(run: Run(definition, direction, model, survey, output: output))
        warnings = [
            direction.heldOutWarning, definition.sameRowsWarning(direction), direction.precisionWarning(model),
        ].compactMap(\.self)
        guard let survey else {
            return
        }
        labelAgreement = Agreement(survey.agreement)
        let trust = survey.trust
        effectSize = trust.effect.map { Effect($0, optimism: trust.effectOptimism) }
        splitHalfCosine = trust.splitHalfCosine
        confounds.refusalOfHarmless = trust.refusalOfHarmless
        confounds.refusalOfHarmlessRows = trust.refusalOfHarmlessRows
        self.survey = Survey(
            rows: survey.own.rows, prompts: survey.own.groups, ownLabels: Agreement(survey.own),
            sources: survey.sources.map { source in
                Survey.Source(
                    name: source.name, pairs: source.pairs, agreement: Agreement(source.agreement),
                    cosineWithOwn: source.cosineWithOwn, rankCorrelationWithOwn: source.rankCorrelationWithOwn,
                    isUsed: source.isUsed)
            },
            categories: survey.categories.map { category in
                Survey.Category(
                    name: category.name, pooled: Agreement(category.pooled), own: category.own.map { Agreement($0) },
                    isUsed: category.isUsed)
            }, otherCategoryRows: survey.otherCategories?.rows ?? 0)
        permutation = survey.permutation.map { permutation in
            Permutation(
                bestAgreement: permutation.null.best, pValue: permutation.null.pValue,
                permutations: permutation.null.maxima.count,
                cells: permutation.null.observed.count, nullAgreement: permutation.null.nullAgreement,
                rows: permutation.rows)
        }
        table = survey.places.flatMap { place in
            place.own.map { own in
                // The anchors' figures are of their mean difference, once for each place.
                let anchors = own.estimator == place.anchors?.estimator ? place.anchors : nil
                return Cell(
                    layer: place.layer, token: place.token.rawValue, estimator: own.estimator,
                    agreement: Agreement(own.agreement), effectSize: own.effect?.value,
                    anchorsAgreement: anchors.map { Agreement($0.agreement) },
                    anchorsEffectSize: anchors?.effect?.value,
                    isChosen: place == survey.chosen && survey.sources.count { $0.isUsed } < 2
                        && own.estimator == (place.anchors?.estimator ?? survey.estimator))
            }
        }
        warnings += survey.warnings
    }

    /// Adds what all rows say, once they have their margins.
    mutating func add(_ rows: RowFigures, _ summary: OutputStep.Summary) {
        add(rows)
        rowsByDirection = summary.rowsByDirection
        if let warning = summary.categoryWarning { warnings.append(warning) }
        if let fittedRows { warnings.append(fittedRows.warning(of: summary.comparedRows)) }
        (run.rows, run.failedRows, run.droppedRows) = (
            summary.comparedRows, summary.failedRows, summary.droppedRows
        )
        let (statistics, calibration) = (summary.margins, summary.calibration)
        if statistics.count > 0 {
            margins = Distribution(
                unit: (calibration?.unit ?? .raw).rawValue,
                unitText: calibration?.unitText ?? "the difference of the two scores",
                mean: statistics.mean, standardDeviation: statistics.standardDeviation, minimum: statistics.minimum,
                maximum: statistics.maximum)
            margins?.bins = summary.treatment?.bins.map { .init($0.bins, from: $0.origin) }
        }
        if let calibration, let method = calibration.method, let error = calibration.error {
            self.calibration = Calibrated(method: method.rawValue, error: error, isOfVotes: calibration.isOfVotes)
        }
    }
}

extension TrustFigures.Run {
    fileprivate init(
        _ definition: JobDefinition, _ direction: SavedDirection, _ model: LoadedModel?, _ survey: SurveyReport?,
        output: String
    ) {
        let job = definition.configuration.job
        let provenance = direction.provenance
        let (files, isOwn) = definition.sources(of: direction)
        let isOfJob = files.count + (isOwn ? 1 : 0) == direction.digests.count
        let source =
            !isOfJob ? "saved" : ((isOwn ? ["own"] : []) + files.map { _ in "anchors" }).joined(separator: ", ")
        self.init(
            job: job.name, input: job.input, output: output, software: ProtocolVersion.software, source: source,
            anchorFiles: isOfJob ? files.map(\.path) : [], pairs: provenance.anchorPairs,
            estimator: provenance.estimator ?? "mean-difference",
            model: provenance.model, modelSha256: provenance.modelSHA256, template: provenance.template,
            compatibility: provenance.compatibility.rawValue,
            precision: (model?.precision ?? provenance.precision).rawValue,
            numericBuild: model?.numericBuild ?? provenance.numericBuild, layer: provenance.layer,
            layerCount: provenance.layerCount,
            token: provenance.token.rawValue, placeReason: survey?.choiceText ?? "as the direction was fitted")
        inputSha256 = definition.inputDigest
    }
}

extension SavedDirection {
    /// Of the files that it was fitted on.
    fileprivate var digests: Set<String> { Set(provenance.anchorsSHA256.components(separatedBy: ", ")) }
}

extension SavedDirection {
    /// Where the rows are computed in another precision than what it was fitted on; nil where nothing is.
    fileprivate func precisionWarning(_ model: LoadedModel?) -> String? {
        guard let model, model.precision != provenance.precision else { return nil }
        return """
            the rows are computed in \(model.precision), and the direction was fitted on states in \(provenance.precision): \
            their margins differ a little from those in \(provenance.precision) (model.precision)
            """
    }
}

extension JobDefinition {
    /// Which of the job's own sources the direction was fitted on.
    fileprivate func sources(of direction: SavedDirection) -> (files: [AnchorFile], isOwn: Bool) {
        (
            anchorFiles.filter { direction.digests.contains($0.digest) },
            configuration.job.directionSource.anchors.contains(.own) && direction.digests.contains(inputDigest)
        )
    }

    /// - Parameters:
    ///   - direction: nil where no row has scores.
    ///   - survey: nil where there was none.
    /// - Throws: a database error.
    func rowPrompts(_ ledger: Ledger, _ direction: SavedDirection?, _ survey: SurveyReport?) throws -> RowPrompts {
        let common = try ledger.commonPrompt()
        guard let direction else { return try RowPrompts(ledger, common: common, fittedOn: .init(), isOwn: false) }
        let (files, isOwn) = sources(of: direction)
        // What it was fitted on besides the surveyed rows, of which none is scored by what saw its prompt.
        let pairs =
            try isOwn
            ? fittedPrompts(files, survey, ledger) : direction.fittedOn ?? fittedPrompts(files, survey, ledger)
        return try RowPrompts(ledger, common: common, fittedOn: pairs, isOwn: isOwn)
    }

    /// Of files' anchors, of which kinds those that are used.
    private func fittedPrompts(_ files: [AnchorFile], _ survey: SurveyReport?, _ ledger: Ledger) throws -> FittedPrompts
    {
        let used = Set(survey?.sources.filter(\.isUsed).map(\.name) ?? [])
        var prompts = FittedPrompts()
        for file in files {
            let kinds = file.kinds.count > 1 ? file.kinds.filter { used.contains(name(of: $0, in: file)) } : []
            let rows = kinds.isEmpty ? nil : kinds.reduce(into: Set()) { $0.formUnion($1.rows) }
            try prompts.add(file.step.id, of: ledger, rows: rows)
        }
        return prompts
    }

    /// What flatters every figure: a direction that was fitted on the very rows that are annotated, all at once.
    fileprivate func sameRowsWarning(_ direction: SavedDirection) -> String? {
        guard direction.fittedOn == nil, direction.digests.contains(inputDigest),
            !configuration.job.directionSource.anchors.contains(.own)
        else {
            return nil
        }
        return """
            the direction was fitted on the rows of this very input: every figure of trust is flattered by that; \
            job.anchors: own scores each row by a direction that never saw its prompt
            """
    }
}
