internal import SeededRandom

/// Which rows are left out together: all rows of a group are in one fold, and folds have about as many rows.
///
/// A group's fold depends on the seed and on which groups there are with how many rows, and not on the rows' order.
package struct Folds: Hashable, Sendable {
    /// How many folds there are, 2 and more.
    package let count: Int

    /// The fold of each row, `[rows]`, in `0..<count`.
    package let assignment: [Int]

    /// - Parameters:
    ///   - groups: of each row.
    ///   - count: at most that many folds; of fewer groups, as many as groups.
    /// - Returns: nil for fewer than two groups: then nothing is left to fit on.
    package init?(groups: [Int], count: Int, seed: UInt64) {
        precondition(count > 1, "one fold leaves nothing out")
        var sizes: [Int: Int] = [:]
        for group in groups { sizes[group, default: 0] += 1 }
        guard sizes.count > 1 else { return nil }
        self.count = min(count, sizes.count)
        // The largest first, each to the fold that has the fewest rows.
        let order = sizes.map { (group: $0.key, size: $0.value, hash: seededHash($0.key, seed: seed)) }
            .sorted { ($1.size, $0.hash, $0.group) < ($0.size, $1.hash, $1.group) }
        var rows = Array(repeating: 0, count: self.count)
        var folds: [Int: Int] = [:]
        for (group, size, _) in order {
            let fold = rows.indices.min { (rows[$0], $0) < (rows[$1], $1) }!
            folds[group] = fold
            rows[fold] += size
        }
        assignment = groups.map { folds[$0]! }
    }
}

/// A number that looks random and is the same for the same identifier and seed. No two identifiers have the same.
package func seededHash(_ identifier: Int, seed: UInt64) -> UInt64 {
    var random = SeededGenerator(seed: seed)
    let salt = random.next()
    random = SeededGenerator(seed: salt ^ UInt64(bitPattern: Int64(identifier)))
    return random.next()
}
