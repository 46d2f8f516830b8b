internal import Diagnostics
internal import Margins
internal import Protocol
internal import Reports

/// What the survey's rows say of every place that the fit could choose, of the one that it chose, and of the direction.
///
/// Rows are those of the survey; agreement is the share of them whose margin has the sign that their label says.
struct SurveyReport: Codable, Hashable, Sendable {
    /// One layer and pooling.
    struct Place: Codable, Hashable, Sendable {
        /// Counts from the front.
        var layer: Int
        var token: Pooling

        /// Of the rows' own labels, each row's prompt left out: by every estimator that was looked at.
        var own: [Estimate]

        /// Of the mean difference of the anchors; of several sources, the rows' own labels among them, of the average of
        /// their margins.
        var anchors: Estimate?

        /// Of the anchors themselves, each prompt left out.
        var anchorsHeldOut: ClusteredShare?
    }

    /// How a direction's margins agree with the labels.
    struct Estimate: Codable, Hashable, Sendable {
        /// As a configuration names it.
        var estimator: String
        var agreement: ClusteredShare

        /// nil for margins without spread.
        var effect: EffectSize?

        /// nil without rows.
        init?(_ estimator: Estimator, _ margins: [Double], groups: [Int]) {
            guard let agreement = ClusteredShare(positive: margins, groups: groups) else { return nil }
            (self.estimator, self.agreement) = (estimator.name, agreement)
            effect = EffectSize(margins, groups: groups)
        }
    }

    /// What the direction may be fitted on.
    struct Source: Codable, Hashable, Sendable {
        /// `own`, or the file's.
        var name: String

        /// Whether it is the rows, by their own labels.
        var isOwn: Bool
        var pairs: Int

        /// At the place that is read; of the rows' own labels, cross-fitted.
        var agreement: ClusteredShare

        /// Of its direction and that of the rows' own labels there; nil for these themselves, as is the correlation.
        var cosineWithOwn: Double?

        /// Of the rows' margins along it and along their own labels' direction, cross-fitted.
        var rankCorrelationWithOwn: Double?

        /// Whether the job's direction is of it, alone or among others.
        var isUsed: Bool
    }

    /// The rows with one value in the column by which directions are told apart.
    struct Category: Codable, Hashable, Sendable {
        var name: String

        /// Along the direction of all rows, at the place that is read, held out.
        var pooled: ClusteredShare

        /// Along a direction of these alone, held out; nil where their differences cancel out.
        var own: ClusteredShare?

        /// Whether their margins are along that one.
        var isUsed: Bool
    }

    /// Values of that column with too few prompts for a direction of their own.
    struct OtherCategories: Codable, Hashable, Sendable {
        var values = 0

        /// Values behind as many more frequent ones as there may be directions.
        var valuesTooMany = 0

        /// With one of these values, or none.
        var rows = 0
    }

    var places: [Place]
    var choice: PlaceChoice

    /// Of the rows' own labels, cross-fitted, at the place that they would choose.
    var own: ClusteredShare

    /// How many rows have the very responses of a row that counts as one of another prompt.
    var repeatedRows: Int?

    /// Of the job's direction at the chosen place, where there are anchors.
    var anchors: ClusteredShare?

    /// As a configuration names it.
    var estimator: String

    /// In the order of the configuration.
    var sources: [Source] = []

    /// All sources together, cell 0, or one alone, the cells behind it; nil with one source.
    var combination: PlaceChoice?

    /// The place at which one of several sources was taken alone; nil where it was not.
    var combinedAt: Int?

    /// The most frequent first; none where directions are not told apart.
    var categories: [Category] = []

    /// nil where directions are not told apart.
    var otherCategories: OtherCategories?
    var trust = SurveyTrust()

    /// nil where nothing could be permuted.
    var permutation: PlaceTable.Permutation?

    var chosen: Place { places[choice.cell] }

    /// How often margins have the label's sign.
    var agreement: ClusteredShare { anchors ?? own }
}

extension SurveyReport {
    /// What the places were compared on.
    private var measured: ClusteredShare { chosen.own.first?.agreement ?? agreement }

    /// Why the model is read where it is.
    var choiceText: String {
        let place = "layer \(chosen.layer), \(chosen.token)"
        guard places.count > 1 else { return "\(place), as configured" }
        guard let best = choice.best else {
            return """
                \(place): the default, since \(measured.groups) prompts with a label choose nothing (expected at least \
                \(PlaceChoice.groupsMin))
                """
        }
        let bestPlace = places[best.cell]
        let found = """
            \(best.value.percent) of \(measured.rows) rows as labelled, of which \(best.optimism.percent) is luck of \
            \(places.count) places
            """
        if best.cell == choice.defaultCell {
            return "\(place): the default, and the best by the rows' labels (\(found))"
        }
        return choice.isDefault
            ? """
            \(place): the default; the best by the rows' labels, layer \(bestPlace.layer), \(bestPlace.token), is better by \
            no more than chance (\(choice.gain.percent) ± \((1.96 * choice.gainError).percent) more, \
            and \(best.optimism.percent) is the luck of the best of \(places.count) places)
            """
            : "\(place): chosen by the rows' labels (\(found); \(choice.gain.percent) more than the default place)"
    }

    /// How the margins agree with the labels.
    var agreementText: String { "\(direction) \(agreement.text) of \(agreement.rows) surveyed rows as labelled" }

    /// What orders the rows, for a person.
    private var direction: String {
        guard anchors != nil else { return "the rows' own labels, cross-fitted, order" }
        guard let combination else { return "the anchors order" }
        let used = sources.filter(\.isUsed)
        guard used.count == 1 else { return "\(used.count) sources together order" }
        let place = combinedAt.map { places[$0] }
        let whereabouts = place.map { $0 == chosen ? "" : " at layer \($0.layer), \($0.token)" } ?? ""
        return """
            \(used[0].name) alone, better than all sources together\(whereabouts) (\(combination.gain.percent) ± \
            \((1.96 * combination.gainError).percent) more), orders
            """
    }

    /// What becomes of each category, a line each.
    var categoryTexts: [String] {
        var texts = categories.map { category in
            let pooled = "the direction of all rows orders \(category.pooled.text) as labelled"
            let name = "\(category.name.excerpt()), \(category.pooled.rows.counted("row"))"
            guard let own = category.own else { return "\(name): its own labels give no direction; \(pooled)" }
            let verdict = category.isUsed ? "used" : "not used, since it is better by no more than chance"
            return "\(name): its own direction orders \(own.text) as labelled, \(pooled); \(verdict)"
        }
        if let others = otherCategories, others.rows > 0 {
            let tooMany =
                others.valuesTooMany == 0
                ? "" : ", or one of \(others.valuesTooMany) behind the \(CategoryDirections.countMax) most frequent"
            texts.append(
                """
                \(others.rows.counted("row")) with no value (or one of more than \(RowCategories.nameBytesMax) bytes), or \
                one of \(others.values) with too few prompts for a direction of its own (expected at least \
                \(PlaceChoice.groupsMin))\(tooMany), are along the direction of all rows
                """)
        }
        return texts
    }

    /// What each source says of the rows, a line each; none where there is nothing but their own labels.
    var sourceTexts: [String] {
        guard anchors != nil else { return [] }
        return sources.map { source in
            var text = "\(source.name), \(source.pairs.counted("pair")), orders \(source.agreement.text) as labelled"
            if let cosine = source.cosineWithOwn, let correlation = source.rankCorrelationWithOwn {
                text += """
                    ; with the rows' own labels it has a cosine of \(cosine.rounded(toPlaces: 2)) and a rank correlation \
                    of \(correlation.rounded(toPlaces: 2))
                    """
            }
            return source.isUsed ? text : text + "; not used"
        }
    }
}
