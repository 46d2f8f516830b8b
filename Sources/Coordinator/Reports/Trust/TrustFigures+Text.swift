package import Margins

extension TrustFigures {
    /// The figures in plain words, a line each, in the order in which a person wants them.
    package var lines: [String] {
        var lines: [String] = []
        if let agreement = labelAgreement { lines.append(agreementLine(agreement)) }
        let certain = selective.filter { $0.coverage < 1 }
        if !certain.isEmpty {
            let shares = certain.map { "\($0.accuracy.value.percent) of the most certain \($0.coverage.percent)" }
            lines.append("certainty: as labelled are \(shares.joined(separator: ", "))")
        }
        if let equal = agreementAtEqualLength {
            lines.append("equal length: \(equal.text) of the \(equal.rows) rows whose responses are about equally long")
        }
        if let strength { lines.append(strength.line) }
        if let calibration {
            let of = calibration.isOfVotes ? " that an annotator agrees" : ""
            lines.append("calibration: probabilities\(of) are off by \(calibration.error.percent) on average")
        }
        if let effectSize {
            let luck = effectSize.optimism > 0 ? ", of which \(effectSize.optimism.shown) is luck of the choice" : ""
            lines.append(
                "effect size: \(effectSize.value.shown) (\(effectSize.low.shown) to \(effectSize.high.shown))\(luck)")
        }
        if let permutation {
            lines.append(
                """
                without labels: the best of \(permutation.cells) places and estimators (logistic regression is not \
                permuted) orders \(permutation.bestAgreement.percent) of \(permutation.rows) rows as labelled, and \
                \(permutation.nullAgreement.percent) by chance in one of 20 cases (p = \(permutation.pValue.shown))
                """)
        }
        if let splitHalfCosine {
            lines.append("stability: directions of two halves of the pairs have a cosine of \(splitHalfCosine.shown)")
        }
        let confounds = self.confounds.shares.map { "\($0.name) \($0.explained.adjusted.percent)" }
        if !confounds.isEmpty {
            lines.append("what explains the scores' variance: \(confounds.joined(separator: ", "))")
        }
        return lines
    }

    private func agreementLine(_ agreement: Agreement) -> String {
        let others = [
            ("length alone", baselines.length), ("refusal wording alone", baselines.refusalWording),
            ("a bag of words", baselines.bagOfWords),
        ].compactMap { name, agreement in agreement.map { "\(name) \($0.value.percent)" } }
        return """
            labels: \(agreement.value.percent) of \(agreement.rows) raw margins have the label's sign (ties half, 95 % interval: \
            \(agreement.low.percent) to \(agreement.high.percent)); \
            \((["chance \(baselines.chance.percent)"] + others).joined(separator: ", "))
            """
    }
}

extension TrustFigures.Confounds {
    /// Those that were measured, under names for a person.
    package var shares: [(name: String, explained: VarianceExplained)] {
        let all: [(String, VarianceExplained?)] = [
            ("length", length), ("final character", finalCharacter), ("refusal wording", refusalWording),
            ("being cut off", truncation), ("refusing a harmless question", refusalOfHarmless),
        ]
        return all.compactMap { name, explained in explained.map { (name, $0) } }
    }
}

extension Double {
    /// With three digits behind the point.
    fileprivate var shown: String { "\(rounded(toPlaces: 3))" }
}
