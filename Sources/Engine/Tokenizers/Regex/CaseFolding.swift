/// The scalars that differ from one another in case alone, by simple folding (no ß for ss).
enum CaseFolding {
    static func variants(of value: UInt32) -> ScalarSet {
        guard let group = groups[value] else { return ScalarSet(value) }
        return ScalarSet(group.map { $0...$0 })
    }

    static func variants(of set: ScalarSet) -> ScalarSet {
        var ranges = set.ranges
        for range in set.intersection(cased).ranges {
            for value in range {
                for variant in groups[value] ?? [] { ranges.append(variant...variant) }
            }
        }
        return ScalarSet(ranges)
    }

    private static let cased = ScalarSet(categories: ScalarCategories(.lu, .ll, .lt, .nl, .so))

    /// For every scalar that has variants all of them, itself included.
    private static let groups: [UInt32: [UInt32]] = {
        var members: [UInt32: [UInt32]] = [:]
        for range in cased.ranges {
            for value in range { members[folded(value), default: []].append(value) }
        }
        var groups: [UInt32: [UInt32]] = [:]
        for group in members.values where group.count > 1 {
            for value in group { groups[value] = group }
        }
        return groups
    }()

    /// The lower case of the upper case, which the long s shares with "s".
    private static func folded(_ value: UInt32) -> UInt32 {
        // The dotless i is none, but for Turkish.
        guard value != 0x131, let scalar = Unicode.Scalar(value) else { return value }
        let upper = single(scalar.properties.uppercaseMapping) ?? scalar
        return (single(upper.properties.lowercaseMapping) ?? upper).value
    }

    private static func single(_ text: String) -> Unicode.Scalar? {
        text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
    }
}
