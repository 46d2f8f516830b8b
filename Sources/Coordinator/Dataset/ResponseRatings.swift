/// What a row says of how good its two responses are: a number for each, as the file has it.
package struct ResponseRatings: Hashable, Sendable {
    package var preferred: Double
    package var other: Double

    /// Whether the numbers are places, of which 1 is the best; else more is better.
    package var areRanks: Bool

    package init(preferred: Double, other: Double, areRanks: Bool = false) {
        self.preferred = preferred
        self.other = other
        self.areRanks = areRanks
    }
}
