package import Margins

// Numbers as a person reads them.

extension Double {
    /// Shortest decimal text of the number rounded to that many digits behind the point.
    package func rounded(toPlaces places: Int) -> Double {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = (self * scale).rounded()
        return scaled.isFinite ? scaled / scale : self
    }

    /// A share as a person reads it.
    package var percent: String { "\((self * 100).rounded(toPlaces: 1)) %" }
}

extension ClusteredShare {
    /// With its 95 % interval, for a person.
    package var text: String { TrustFigures.Agreement(self).text }
}

extension TrustFigures.Agreement {
    /// With its 95 % interval, for a person.
    package var text: String { "\(value.percent) (\(low.percent) to \(high.percent))" }
}
