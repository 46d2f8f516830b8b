internal import Margins

extension PageSection {
    /// Whether margins know when they are right; nil where nothing was measured.
    static func certainty(_ trust: TrustFigures) -> PageSection? {
        let isEmpty =
            trust.calibration == nil && trust.selective.isEmpty && trust.effectSize == nil
            && trust.splitHalfCosine == nil
        guard !isEmpty else { return nil }
        return PageSection("certainty", "Do the margins know when they are right?") {
            if let calibration = trust.calibration, !calibration.bins.isEmpty { curve(calibration) }
            if !trust.selective.isEmpty { selective(trust) }
            if let effect = trust.effectSize {
                element("h3") { "Effect size" }
                paragraph(
                    """
                    \(effect.value.figure) standard deviations (95 % interval: \(effect.low.figure) to \
                    \(effect.high.figure)): how far margins of rows that the direction never saw stand from 0, on average. \
                    0 is nothing, 0.2 is called small, 0.5 medium and 0.8 large. Having chosen the place adds \
                    \(effect.optimism.figure) to it.
                    """)
            }
            if let cosine = trust.splitHalfCosine {
                element("h3") { "Directions of two halves" }
                paragraph(
                    """
                    The directions of two halves of the pairs have the cosine \(cosine.figure): near 1, other pairs of the \
                    same kind would give the same margins; near 0, the direction is noise.
                    """)
            }
        }
    }

    @MarkupBuilder
    private static func curve(_ calibration: TrustFigures.Calibrated) -> Markup {
        let points = calibration.bins.map { bin in
            let interval = bin.interval
            return CurvePlot.Point(x: bin.confidence, y: bin.accuracy, low: interval.low, high: interval.high)
        }
        element("h3") { "Calibration" }
        paragraph(
            """
            Probabilities\(calibration.isOfVotes ? " that an annotator agrees with what a margin says" : "") are off by \
            \(calibration.error.percentText) on average (expected calibration error, out of fold, \
            \(calibration.method.shownName)).
            """)
        figure(
            CurvePlot(
                points: points, reference: .diagonal, referenceLabel: "said and true are equal",
                xTitle: "said: probability that the margin's sign is right",
                yTitle: calibration.isOfVotes ? "true: votes that it is right" : "true: it is right"
            ).markup(id: "calibration", title: "Calibration curve"),
            caption: """
                How to read it: dots on the dashed line are probabilities that come true as often as they say; below it, \
                they promise too much. Lines are 95 % intervals, if rows are independent.
                """)
        MarkupTable(
            "Calibration, by what is said", header: ["Said", "True (95 % interval)", "Rows"],
            rows: calibration.bins.map { bin in
                let interval = bin.interval
                return [
                    bin.confidence.percentText,
                    "\(bin.accuracy.percentText) (\(interval.low.percentText) to \(interval.high.percentText))",
                    "\(bin.rows)",
                ]
            }
        ).markup
    }

    @MarkupBuilder
    private static func selective(_ trust: TrustFigures) -> Markup {
        let points = trust.selective.map { selective in
            CurvePlot.Point(
                x: selective.coverage, y: selective.accuracy.value, low: selective.accuracy.low,
                high: selective.accuracy.high)
        }
        let chance = trust.baselines.chance
        element("h3") { "Agreement among the most certain rows" }
        figure(
            CurvePlot(
                points: points, reference: .horizontal(chance), referenceLabel: "chance",
                xTitle: "the most certain rows, as a share of all", yTitle: "agree with their label"
            ).markup(id: "selective", title: "Agreement with the labels among the most certain rows"),
            caption: """
                How to read it: a curve that falls to the right is of margins that are larger where they are right; a level \
                one is of margins whose size says nothing.
                """)
        MarkupTable(
            "Agreement among the most certain rows", header: ["Most certain", "Agreement (95 % interval)", "Rows"],
            rows: trust.selective.map { selective in
                let accuracy = selective.accuracy
                return [
                    selective.coverage.percentText,
                    "\(accuracy.value.percentText) (\(accuracy.low.percentText) to \(accuracy.high.percentText))",
                    "\(accuracy.rows)",
                ]
            }
        ).markup
    }
}

extension CalibrationError.Bin {
    /// Of its accuracy: Wilson's, 95 %, if rows are independent.
    fileprivate var interval: (low: Double, high: Double) {
        HeldOutAccuracy.wilson(share: min(max(accuracy, 0), 1), count: Double(max(rows, 1)))
    }
}
