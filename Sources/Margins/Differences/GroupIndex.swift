internal import SeededRandom

/// The groups of rows, numbered by their identifiers' order, so that sums over groups have one order.
struct GroupIndex {
    let count: Int

    /// The number of each row's group, `[rows]`, in `0..<count`.
    let numbers: [Int]

    init(_ groups: [Int]) {
        // Sorted and searched, since a set and a dictionary of a million groups take several times the memory.
        var identifiers: [Int] = []
        for group in groups.sorted() where group != identifiers.last { identifiers.append(group) }
        count = identifiers.count
        numbers = groups.map { identifiers.firstPlace(notBelow: $0) }
    }

    /// The sum of the values of each group's rows, `[groups]`.
    func sums(_ values: [Double]) -> [Double] {
        precondition(values.count == numbers.count, "not a value for each row")
        var sums = Array(repeating: 0.0, count: count)
        for (number, value) in zip(numbers, values) { sums[number] += value }
        return sums
    }

    /// The variance of the sum of values whose mean is zero, had other groups been drawn: `G/(G-1) Σ_g (Σ_{i∈g} vᵢ)²`
    /// (Liang and Zeger, Biometrika 1986, with the usual factor for few groups). Infinite for one group.
    func varianceOfSum(_ values: [Double]) -> Double {
        guard count > 1 else { return .infinity }
        return Double(count) / Double(count - 1) * sums(values).reduce(0) { $0 + $1 * $1 }
    }

    /// Whether each group is in the one half, `[groups]`, drawn at random: half of the groups, rounded down.
    func randomHalf(using random: inout SeededGenerator) -> [Bool] {
        var isIncluded = Array(repeating: false, count: count)
        for group in (0..<count).shuffled(using: &random).prefix(count / 2) { isIncluded[group] = true }
        return isIncluded
    }
}

extension [Int] {
    /// The first place of an ascending array whose element is not below the value; its end where there is none.
    fileprivate func firstPlace(notBelow value: Int) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
