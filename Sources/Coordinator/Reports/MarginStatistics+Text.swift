package import Margins

extension MarginStatistics {
    /// Mean, spread and extremes, on one line for a person.
    package var text: String {
        """
        mean \(mean.rounded(toPlaces: 4)), standard deviation \(standardDeviation.rounded(toPlaces: 4)), from \
        \(minimum.rounded(toPlaces: 4)) to \(maximum.rounded(toPlaces: 4)); \(positiveShare.percent) above 0
        """
    }
}
