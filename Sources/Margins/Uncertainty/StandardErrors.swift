/// How much a score would vary, had other anchors been drawn: `x ↦ |E x|` for a matrix `E` `[directions, hidden]`, so
/// that projecting a state on more directions gives its standard error with its score.
///
/// It is that of the mean difference alone, and of the fit that there is: the difference of two fits on fresh anchors
/// varies √2 times as much. What the directions of other estimators vary by is larger.
package struct StandardErrors: Hashable, Sendable {
    /// The columns of `E`.
    package let hiddenSize: Int

    /// `E`, `[directions, hidden]`, row-major.
    package let directions: [Float]

    /// - Precondition: `directions` has whole rows of `hiddenSize`.
    package init(hiddenSize: Int, directions: [Float]) {
        precondition(hiddenSize > 0 && directions.count.isMultiple(of: hiddenSize), "directions of another hidden size")
        self.hiddenSize = hiddenSize
        self.directions = directions
    }

    /// The standard error of `x · direction`, in the unit of that score.
    ///
    /// - Parameter state: `x`: a hidden state for its score's error, the difference of two for their margin's;
    ///   `[hidden]`.
    package func standardError(of state: some Collection<Float>) -> Double {
        let state = state.map { Double($0) }
        precondition(state.count == hiddenSize, "a state of another hidden size")
        return state.withUnsafeBufferPointer { state in
            directions.withUnsafeBufferPointer { directions in
                let rows = stride(from: 0, to: directions.count, by: hiddenSize).map { start in
                    dot(UnsafeBufferPointer(rebasing: directions[start..<start + hiddenSize]), state)
                }
                return Self.combined(rows)
            }
        }
    }

    /// The same from the projections of `x` on each of the directions: of two texts' projections, their difference is
    /// the margin's.
    package static func combined(_ projections: [Double]) -> Double { projections.norm }
}

/// Sums of a stream of pair differences, for the mean difference and the standard errors of its scores by closed forms.
///
/// With `B_g = Σ_{i∈g} (dᵢ - d̄) / n`, what group `g` moves the mean by, the variance of a score `x · d̄` is `G/(G-1)
/// Σ_g (x · B_g)²`: the linearisation of a mean whose groups are drawn whole (Cochran, Sampling Techniques, 1977, 9A;
/// Liang and Zeger 1986). That of `x · u` on the unit direction, by the delta method, is the same of `x⊥ = x - (x · u)
/// u`, divided by `|d̄|²`. A bootstrap of the unit direction varies less than fresh anchors do where these leave much
/// of the mean in doubt: each refit adds noise to the mean's length once more. The closed form does not.
///
/// Memory is `partsMax · hidden` doubles, however many groups there are: from `partsMax` groups on, further ones join
/// those at random, as whole ones (the method of random groups: Wolter, Introduction to Variance Estimation, 2007,
/// chapter 2). The variance stays unbiased; a standard error then varies itself by `1/√(2 · parts)`, 2.2 % of 1,024.
package struct DifferenceMoments: Sendable {
    /// The components of a difference.
    package let hiddenSize: Int

    /// From how many groups on they are merged, and the seed that decides which.
    package let partsMax: Int
    package let seed: UInt64

    /// How many pairs there were.
    package private(set) var count = 0
    private var places: [Int: Int] = [:]
    private var sizes: [Double] = []

    /// The sum of each part's differences, `[parts, hidden]`.
    private var sums: [Double] = []

    /// - Precondition: `partsMax` > 1.
    package init(hiddenSize: Int, partsMax: Int = 1024, seed: UInt64) {
        precondition(hiddenSize > 0 && partsMax > 1)
        self.hiddenSize = hiddenSize
        self.partsMax = partsMax
        self.seed = seed
    }

    /// The parts that groups make up so far: as many as groups, up to `partsMax`.
    package var parts: Int { sizes.count }

    /// - Precondition: the difference is `[hidden]`.
    package mutating func add(_ difference: some Collection<Float>, group: Int) {
        precondition(difference.count == hiddenSize, "a difference of another hidden size")
        let part = part(of: group)
        count += 1
        sizes[part] += 1
        // An array's elements are read directly, those of any collection one call at a time.
        let values = Array(difference)
        sums.withUnsafeMutableBufferPointer { sums in
            let start = part * hiddenSize
            for index in 0..<hiddenSize { sums[start + index] += Double(values[index]) }
        }
    }

    private mutating func part(of group: Int) -> Int {
        if let place = places[group] { return place }
        guard parts < partsMax else { return Int(seededHash(group, seed: seed) % UInt64(partsMax)) }
        places[group] = parts
        sizes.append(0)
        sums.append(contentsOf: repeatElement(0, count: hiddenSize))
        return parts - 1
    }

    /// The mean difference.
    ///
    /// - Throws: `DirectionError` without pairs, where they cancel out, or for numbers that are not finite.
    package func direction() throws -> Direction {
        guard count > 0 else { throw DirectionError.noAnchors }
        var mean = Array(repeating: 0.0, count: hiddenSize)
        for (index, sum) in sums.enumerated() { mean[index % hiddenSize] += sum / Double(count) }
        return try Direction(difference: mean)
    }

    /// Of scores on the mean difference as it is, in the states' unit squared.
    ///
    /// - Returns: nil for fewer than two groups, which say nothing of how groups vary.
    /// - Throws: as `direction()`.
    package func rawStandardErrors() throws -> StandardErrors? {
        try contributions(direction()).map { StandardErrors(hiddenSize: hiddenSize, directions: $0.map { Float($0) }) }
    }

    /// Of scores on the direction of norm 1, in the states' unit.
    ///
    /// - Returns: nil for fewer than two groups.
    /// - Throws: as `direction()`.
    package func unitStandardErrors() throws -> StandardErrors? {
        let direction = try direction()
        guard let contributions = contributions(direction) else { return nil }
        let unit = direction.difference.scaled(by: 1 / direction.norm)
        let directions = stride(from: 0, to: contributions.count, by: hiddenSize).flatMap { start in
            // x⊥ · B = x · B⊥.
            var across = Array(contributions[start..<start + hiddenSize])
            across.add(unit, scaledBy: -dot(across, unit))
            return across.map { Float($0 / direction.norm) }
        }
        return StandardErrors(hiddenSize: hiddenSize, directions: directions)
    }

    /// `√(G/(G-1)) B_g`, `[parts, hidden]`.
    private func contributions(_ direction: Direction) -> [Double]? {
        guard parts > 1 else { return nil }
        let factor = (Double(parts) / Double(parts - 1)).squareRoot() / Double(count)
        return sums.indices.map { index in
            factor * (sums[index] - sizes[index / hiddenSize] * direction.difference[index % hiddenSize])
        }
    }
}
