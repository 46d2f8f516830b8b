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

        /// Of the mean difference of the rows' own labels, each row's prompt left out.
        var own: ClusteredShare
        var ownEffect: EffectSize?

        /// Of the mean difference of the anchors.
        var anchors: ClusteredShare?
        var anchorsEffect: EffectSize?

        /// Of the anchors themselves, each prompt left out.
        var anchorsHeldOut: ClusteredShare?
    }

    var places: [Place]
    var choice: PlaceChoice

    /// Of the rows' own labels, cross-fitted, at the place that they would choose.
    var own: ClusteredShare

    /// Of the anchors' direction at the chosen place.
    var anchors: ClusteredShare?

    /// As a configuration names it.
    var estimator: String

    var chosen: Place { places[choice.cell] }

    /// How often margins have the label's sign.
    var agreement: ClusteredShare { anchors ?? own }
}

extension SurveyReport {
    /// Why the model is read where it is.
    var choiceText: String {
        let place = "layer \(chosen.layer), \(chosen.token)"
        guard places.count > 1 else { return "\(place), as configured" }
        guard let best = choice.best else {
            return """
                \(place): the default, since \(agreement.groups) prompts with a label choose nothing (expected at least \
                \(PlaceChoice.groupsMin))
                """
        }
        let bestPlace = places[best.cell]
        let found = """
            \(best.value.percent) of \(agreement.rows) rows as labelled, of which \(best.optimism.percent) is luck of \
            \(places.count) places
            """
        if best.cell == choice.defaultCell {
            return "\(place): the default, and the best by the rows' labels (\(found))"
        }
        return choice.isDefault
            ? """
            \(place): the default; the best by the rows' labels, layer \(bestPlace.layer), \(bestPlace.token), is better by \
            no more than chance (\(choice.gain.percent) ± \((1.96 * choice.gainError).percent) more)
            """
            : "\(place): chosen by the rows' labels (\(found); \(choice.gain.percent) more than the default place)"
    }

    /// How the margins agree with the labels.
    var agreementText: String {
        let source = anchors == nil ? "the rows' own labels, cross-fitted," : "the anchors"
        return "\(source) order \(agreement.text) of \(agreement.rows) surveyed rows as labelled"
    }

    /// What is wrong with the direction; empty where nothing is seen.
    var warnings: [String] {
        guard let anchors else {
            return own.low > 0.5
                ? []
                : [
                    """
                    the rows' own labels say nothing that the model sees: a direction fitted on other rows orders \
                    \(own.text) as labelled, which is no better than chance; margins mean nothing
                    """
                ]
        }
        let advice = "use job.anchors: own, or anchors that are like the rows"
        if anchors.high < 0.5 {
            return [
                """
                your anchors order \(anchors.text) of your rows as labelled, fewer than chance: their two sides, or the \
                rows', are swapped, or they are about something else (the rows' own labels, cross-fitted: \
                \(own.text)): \(advice)
                """
            ]
        }
        // That a place was chosen flatters them.
        let luck = choice.isDefault ? 0 : choice.best?.optimism ?? 0
        let isChance = anchors.low - luck <= 0.5
        guard isChance || anchors.high - luck < own.low else { return [] }
        return [
            """
            your anchors order \(anchors.text) of your rows as labelled, the rows' own labels, cross-fitted, \
            \(own.text): \(isChance ? "the anchors do not carry over to the rows; " : "")\(advice)
            """
        ]
    }
}
