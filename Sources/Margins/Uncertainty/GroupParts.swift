/// Groups as the parts that are counted as independent of one another: as many parts as groups, up to a number; from
/// then on, further groups join those at random, as whole ones (the method of random groups: Wolter, Introduction to
/// Variance Estimation, 2007, chapter 2).
struct GroupParts: Sendable {
    /// How many parts there are at most, and the seed that decides which of them a further group joins.
    let partsMax: Int
    let seed: UInt64

    /// How many rows there were, of all parts and of each.
    private(set) var rowCount = 0
    private(set) var sizes: [Double] = []
    private var places: [Int: Int] = [:]

    /// - Precondition: `partsMax` > 1.
    init(partsMax: Int, seed: UInt64) {
        precondition(partsMax > 1, "one part says nothing of how parts vary")
        self.partsMax = partsMax
        self.seed = seed
    }

    /// The parts so far.
    var count: Int { sizes.count }

    /// Takes a row of a group.
    ///
    /// - Returns: the row's part: `count` before the call, where that is a new one.
    mutating func add(_ group: Int) -> Int {
        let part = place(of: group)
        if part == sizes.count { sizes.append(0) }
        sizes[part] += 1
        rowCount += 1
        return part
    }

    private mutating func place(of group: Int) -> Int {
        if let place = places[group] { return place }
        guard count < partsMax else { return Int(seededHash(group, seed: seed) % UInt64(partsMax)) }
        places[group] = count
        return count
    }

    /// `√(G/(G-1)) B_g` with `B_g = Σ_{i∈g} (vᵢ - v̄) / n`, what each part moves the mean `v̄` of all rows' vectors by:
    /// the sum of their squares is the mean's variance.
    ///
    /// - Parameters:
    ///   - sums: of each part's vectors, `[parts, components]`.
    ///   - mean: `v̄`, `[components]`.
    /// - Returns: `[parts, components]`; nil for fewer than two parts.
    func contributions(_ sums: [Double], mean: [Double]) -> [Double]? {
        precondition(sums.count == count * mean.count, "sums of other parts")
        guard count > 1 else { return nil }
        let factor = (Double(count) / Double(count - 1)).squareRoot() / Double(rowCount)
        var contributions = sums
        for part in 0..<count {
            for component in mean.indices {
                let index = part * mean.count + component
                contributions[index] = factor * (contributions[index] - sizes[part] * mean[component])
            }
        }
        return contributions
    }
}
