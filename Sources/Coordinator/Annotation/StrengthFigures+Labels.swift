internal import Dataset
internal import Diagnostics
internal import Reports

extension TrustFigures.Strength {
    /// With where the strengths are from, and how many rows do not say theirs.
    func read(by labels: LabelReader) -> TrustFigures.Strength {
        guard let strength = labels.columns.strength else { return self }
        var figures = self
        figures.columns = strength.names
        figures.source =
            switch strength {
            case .size(let column): column.quoted
            case .ratings, .ratingsOfPairs: "ratings"
            case .severities: "severities"
            }
        figures.unusableRows = labels.strengths.unusable
        figures.contradictingRows = labels.strengths.contradicting
        return figures
    }
}
