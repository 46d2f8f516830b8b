/// Which of many places of a model (a layer, a pooling) is read: the best by held-out margins only where that is beyond
/// what chance gains by choosing, else the place that is good by experience.
///
/// Many places are about equally good, and the best of them on some rows is seldom the best on others. What the best
/// place gains over the default one has a standard error, clustered by group, and an optimism (``ChosenCell``): it is
/// taken where the gain less the optimism is more than 1.96 standard errors.
package struct PlaceChoice: Hashable, Sendable, Codable {
    /// The place that is read.
    package let cell: Int

    /// The place that is read where nothing speaks for another one.
    package let defaultCell: Int

    /// The best one, and how much having chosen it flatters; nil where there are too few groups to choose by.
    package let best: ChosenCell?

    /// By how much the best place's accuracy is above the default one's.
    package let gain: Double

    /// Of the gain, clustered by group.
    package let gainError: Double

    package var isDefault: Bool { cell == defaultCell }

    /// Fewer groups choose nothing.
    package static let groupsMin = 30

    /// - Parameters:
    ///   - margins: held out, of each place on the same rows, positive by the labels: `[cells][rows]`.
    ///   - groups: of each row.
    /// - Precondition: `defaultCell` is one of the places.
    package init(_ margins: [[Double]], groups: [Int], defaultCell: Int, seed: UInt64) {
        precondition(margins.indices.contains(defaultCell), "a default that is no place")
        self.defaultCell = defaultCell
        let index = GroupIndex(groups)
        let isEnough = index.count >= Self.groupsMin
        best = isEnough ? ChosenCell(margins, groups: groups, by: .accuracy, seed: seed) : nil
        guard let best, best.cell != defaultCell else {
            (cell, gain, gainError) = (defaultCell, 0, 0)
            return
        }
        func right(_ margin: Double) -> Double { margin > 0 ? 1 : margin < 0 ? 0 : 0.5 }
        let gains = zip(margins[best.cell], margins[defaultCell]).map { right($0) - right($1) }
        let count = Double(gains.count)
        let mean = gains.reduce(0, +) / count
        let error = index.varianceOfSum(gains.map { $0 - mean }).squareRoot() / count
        (gain, gainError) = (mean, error)
        cell = mean - best.optimism > 1.96 * error ? best.cell : defaultCell
    }
}
