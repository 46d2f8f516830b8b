/// A share of rows with its 95 % interval, where rows of one group (prompt) resemble one another.
///
/// The interval is a closed form, Wilson's (JASA 1927) for as many independent rows as these are worth, which is their
/// number by the design effect (Kish, Survey Sampling, 1965): how many times larger the share's variance is where whole
/// groups are drawn. A bootstrap of groups would need thousands of passes over a million rows, draw random numbers, and
/// say that a share of 1 is certain. Of few groups that number is a guess, so that Student's distribution takes the normal
/// one's place, with a degree of freedom less than there are groups. Rows of one group alone are worth one row.
package struct ClusteredShare: Hashable, Sendable, Codable {
    /// The share, 0 to 1.
    package let value: Double

    /// The interval's bounds, 0 to 1, around the value.
    package let low: Double
    package let high: Double

    /// How many rows it is of, and how many groups they make up.
    package let rows: Int
    package let groups: Int

    /// - Parameters:
    ///   - values: of each row, 0 to 1.
    ///   - groups: of each row.
    /// - Returns: nil without rows.
    package init?(_ values: [Double], groups: [Int]) {
        precondition(values.count == groups.count, "not a group for each row")
        precondition(values.allSatisfy { (0...1).contains($0) }, "a share of a row that is none")
        guard !values.isEmpty else { return nil }
        let index = GroupIndex(groups)
        let count = Double(values.count)
        value = min(values.reduce(0, +) / count, 1)
        rows = values.count
        self.groups = index.count
        let mean = value
        let alone = mean * (1 - mean) * count
        var independent = count
        var z = HeldOutAccuracy.normalQuantile
        if index.count < values.count {
            z = index.count > 1 ? studentQuantile(degreesOfFreedom: index.count - 1) : z
            let clustered = index.varianceOfSum(values.map { $0 - mean })
            independent = alone > 0 ? count / max(clustered / alone, 1) : Double(index.count)
        }
        (low, high) = HeldOutAccuracy.wilson(share: value, count: max(independent, 1), z: z)
    }

    /// How many margins have the sign that the labels say; those that are 0 count half.
    package init?(positive margins: [Double], groups: [Int]) {
        self.init(margins.map { $0 > 0 ? 1 : $0 < 0 ? 0 : 0.5 }, groups: groups)
    }

    /// Whether the value could be `share` by chance, at 95 %.
    package func isCompatible(with share: Double) -> Bool { (low...high).contains(share) }
}

/// The 97.5th percentile of Student's distribution: for one degree of freedom and two in closed form, else by Fisher's
/// expansion (Abramowitz and Stegun 26.7.5), to 0.12 %.
func studentQuantile(degreesOfFreedom: Int) -> Double {
    switch degreesOfFreedom {
    case 1: return 12.706204736432095
    case 2: return 4.302652729911275
    default: break
    }
    let (z, n) = (HeldOutAccuracy.normalQuantile, Double(degreesOfFreedom))
    func polynomial(_ coefficients: [Double]) -> Double {
        // Of z, of odd degrees from 1 on.
        coefficients.reversed().reduce(0) { $0 * z * z + $1 } * z
    }
    return z + polynomial([1, 1]) / (4 * n) + polynomial([3, 16, 5]) / (96 * n * n)
        + polynomial([-15, 17, 19, 3]) / (384 * n * n * n)
        + polynomial([-945, -1920, 1482, 776, 79]) / (92_160 * n * n * n * n)
}
