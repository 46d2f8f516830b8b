extension String {
    /// How many characters must be inserted, removed or changed to make one text of the other.
    package func editDistance(to other: String) -> Int {
        let other = Array(other)
        var distances = Array(0...other.count)
        for (row, character) in enumerated() {
            var diagonal = distances[0]
            distances[0] = row + 1
            for column in other.indices {
                let substitution = diagonal + (character == other[column] ? 0 : 1)
                diagonal = distances[column + 1]
                distances[column + 1] = Swift.min(substitution, diagonal + 1, distances[column] + 1)
            }
        }
        return distances[other.count]
    }
}
