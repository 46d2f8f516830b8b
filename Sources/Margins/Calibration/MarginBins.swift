internal import Foundation

/// Edges between bins of margins, which a later job can use again.
package struct MarginBins: Hashable, Sendable, Codable {
    /// Between bins, ascending, in the margins' unit: one fewer than bins. The outermost bins have no end.
    package let edges: [Double]

    /// How many bins there are, 1 and more.
    package var count: Int { edges.count + 1 }

    /// nil for edges that are not finite and ascending.
    package init?(edges: [Double]) {
        guard edges.allSatisfy(\.isFinite), zip(edges, edges.dropFirst()).allSatisfy(<) else { return nil }
        self.edges = edges
    }

    /// - Throws: `DecodingError` for edges that are not ascending.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard let valid = MarginBins(edges: try values.decode([Double].self, forKey: .edges)) else {
            throw DecodingError.invalid("ascending edges", decoder)
        }
        self = valid
    }

    /// Of equal width between the least and the largest margin.
    ///
    /// - Returns: nil where they are equal or not finite, or too near for as many bins.
    package init?(equalWidth count: Int, over range: ClosedRange<Double>) {
        precondition(count > 0)
        let width = (range.upperBound - range.lowerBound) / Double(count)
        guard width > 0 else { return nil }
        self.init(edges: (1..<count).map { range.lowerBound + Double($0) * width })
    }

    /// With as many rows in each as equal margins allow. Edges that fall together are one, so there may be fewer bins.
    ///
    /// - Returns: nil without margins, or for numbers that are not finite.
    package init?(quantiles count: Int, of margins: [Double]) {
        precondition(count > 0)
        guard !margins.isEmpty, margins.allSatisfy(\.isFinite) else { return nil }
        let sorted = margins.sorted()
        var edges: [Double] = []
        for bin in 1..<count {
            // A margin on an edge is in the upper bin: the least of them that are not below the quantile.
            let edge = sorted[min(bin * sorted.count / count, sorted.count - 1)]
            if edge > sorted[0], edge > edges.last ?? -.infinity { edges.append(edge) }
        }
        self.init(edges: edges)
    }

    /// Between probabilities, for margins in log-odds: 0.5, 0.75, 0.9 give edges at 0, 1.10, 2.20.
    ///
    /// - Returns: nil for probabilities that are not ascending between 0 and 1.
    package init?(probabilities: [Double]) {
        guard probabilities.allSatisfy({ $0 > 0 && $0 < 1 }) else { return nil }
        self.init(edges: probabilities.map { log($0 / (1 - $0)) })
    }

    /// The number of the margin's bin, from 0: how many edges are not above it.
    ///
    /// - Precondition: it is not NaN.
    package func bin(of margin: Double) -> Int {
        precondition(!margin.isNaN, "a margin that is not a number is in no bin")
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] <= margin { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
