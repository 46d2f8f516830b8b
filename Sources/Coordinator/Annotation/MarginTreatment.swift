internal import Dataset
internal import JobConfiguration
internal import Margins

/// What becomes of margins that have their unit: of those below zero as `margin.negative` says, and then each gets the
/// number of its bin.
struct MarginTreatment: Sendable {
    let negative: JobConfiguration.Configuration.Margin.Negative

    /// nil where no row has a number.
    let bins: RowBins?

    /// - Parameters:
    ///   - choice: of bins, which are those of the margins that the output has.
    ///   - margins: of all rows, in their unit; not looked at where the choice is to have none.
    ///   - isLogOdds: whether that is the unit.
    init(
        negative: JobConfiguration.Configuration.Margin.Negative,
        bins choice: JobConfiguration.Configuration.Margin.Bins, margins: [Double], isLogOdds: Bool
    ) {
        self.negative = negative
        let written = margins.compactMap { Self.written($0, negative) }
        bins = RowBins(choice, of: written, isLogOdds: isLogOdds)
    }

    /// What the row comes out with.
    func outcome(_ annotation: Annotation) -> RowOutcome {
        guard let margin = Self.written(annotation.margin, negative) else {
            return .dropped(reason: "the margin is \(annotation.margin), below 0 \(RowOutcome.dropReasonEnding)")
        }
        let isNegative = annotation.margin < 0
        var treated = annotation
        switch negative {
        case .keep, .drop: break
        case .clip: treated = annotation.clipped
        case .flag: treated.mark = .negative(isNegative)
        case .flip:
            if isNegative { treated = annotation.opposite }
            treated.mark = .flipped(isNegative)
        }
        treated.bin = bins?.bins.bin(of: margin)
        return .annotated(treated)
    }

    /// What the output has for a margin; nil where it has no such row.
    private static func written(
        _ margin: Double, _ negative: JobConfiguration.Configuration.Margin.Negative
    ) -> Double? {
        switch negative {
        case .keep, .flag: margin
        case .clip: max(margin, 0)
        case .flip: abs(margin)
        case .drop: margin < 0 ? nil : margin
        }
    }
}
