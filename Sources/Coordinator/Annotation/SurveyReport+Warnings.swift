internal import Margins
internal import Reports
internal import Trust

extension SurveyReport {
    /// What is wrong with the direction; empty where nothing is seen.
    var warnings: [String] { directionWarnings + [repetitionWarning, refusalWarning].compactMap(\.self) }

    /// Of a few rows it is no matter.
    private static let repeatedShareMax = 0.1

    private var repetitionWarning: String? {
        guard sources.contains(where: { $0.isOwn && $0.isUsed }), let repeatedRows,
            Double(repeatedRows) > Self.repeatedShareMax * Double(own.rows)
        else { return nil }
        return """
            \(repeatedRows) of \(own.rows) surveyed rows have the very responses of a row with another prompt: what orders \
            them as labelled has seen their labels, which flatters all figures; leave such copies out, or give them one \
            prompt
            """
    }

    private var refusalWarning: String? {
        guard let refusals = trust.refusalOfHarmless, refusals.adjusted > RowFigures.confoundMax,
            TrustFigures.Agreement.isEnough(rows: own.rows, prompts: own.groups)
        else { return nil }
        return """
            a direction of refusals of harmless questions (\(trust.refusalOfHarmlessRows) rows) explains \
            \(refusals.adjusted.percent) of the variance of the other rows' scores: the margins lean on which response \
            refuses, of harmless questions too
            """
    }

    private var directionWarnings: [String] {
        guard own.groups >= PlaceChoice.groupsMin else {
            return [
                """
                too few labelled rows to tell whether margins mean anything: \(own.groups) prompts were surveyed, expected at \
                least \(PlaceChoice.groupsMin)
                """
            ]
        }
        guard let anchors else {
            return own.low - luck > 0.5 && !isOfLuck ? [] : [warning(own: own, "margins mean nothing")]
        }
        let advice = "use job.anchors: own, or anchors that are like the rows"
        guard sources.count > 1 else {
            // Where they are swapped, another place may have been chosen only since it hurts less.
            let place = places[choice.defaultCell]
            if !choice.isDefault, let atDefault = place.anchors?.agreement, atDefault.high < 0.5 {
                let whereabouts = " at layer \(place.layer), \(place.token), the default place"
                return [warning("your anchors order", atDefault, advice, at: whereabouts)].compactMap(\.self)
            }
            return [warning("your anchors order", anchors, advice)].compactMap(\.self)
        }
        let bySource = sources.filter { $0.agreement.low - luck <= 0.5 }.map { source in
            source.isOwn
                ? warning(own: source.agreement, "leave own out of job.anchors")
                : warning(
                    "your anchors in \(source.name) order", source.agreement,
                    "leave that source out, or use anchors that are like the rows")
        }
        let used = sources.filter(\.isUsed)
        let subject = used.count == 1 ? "\(used[0].name) alone orders" : "your sources together order"
        return (bySource + [warning(subject, anchors, "use job.anchors: own")]).compactMap(\.self)
    }

    private func warning(own: ClusteredShare, _ consequence: String) -> String {
        let chance =
            if own.high < 0.5 { "fewer than chance" } else if own.low <= 0.5 { "which is no better than chance" } else {
                "which is no better than the best of so many places comes to by chance"
            }
        return """
            the rows' own labels say nothing that the model sees: a direction fitted on other rows orders \(own.text) as \
            labelled, \(chance); \(consequence)
            """
    }

    /// Whether a chosen place and estimator are as good as the best are where labels mean nothing. Of a part of the rows alone
    /// that says nothing.
    private var isOfLuck: Bool {
        !choice.isDefault && permutation.map { $0.rows == own.rows && $0.null.pValue > 0.05 } ?? false
    }

    /// What choosing a place flatters anchors by.
    private var luck: Double { choice.isDefault ? 0 : choice.best?.optimism ?? 0 }

    /// What is wrong with anchors that order so many rows as labelled.
    ///
    /// - Parameter place: where, if not at the chosen place.
    private func warning(
        _ subject: String, _ anchors: ClusteredShare, _ advice: String, at place: String = ""
    ) -> String? {
        if anchors.high < 0.5 {
            return """
                \(subject) \(anchors.text) of your rows as labelled\(place), fewer than chance: their two sides, or the rows', are \
                swapped, or they are about something else (the rows' own labels, cross-fitted: \(own.text)): \(advice)
                """
        }
        let isChance = anchors.low - luck <= 0.5
        guard isChance || anchors.high - luck < own.low else { return nil }
        let isOwnBetter = own.low > 0.5
        return """
            \(subject) \(anchors.text) of your rows as labelled, the rows' own labels, cross-fitted, \(own.text): \
            \(isChance ? "the anchors do not carry over to the rows; " : "")\
            \(isOwnBetter ? advice : "nor do these labels say anything that the model sees: margins mean nothing")
            """
    }
}
