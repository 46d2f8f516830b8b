internal import Foundation

/// From raw margins to log-odds by any ascending function (Zadrozny and Elkan, KDD 2002), that of a margin's negative
/// being the opposite one.
///
/// How often margins of a size are right is fitted by isotonic regression on their size, and is never below one half:
/// what is wrong more often than not is worth nothing. Between the sizes that were seen it is drawn straight, from one
/// half at 0.
package struct IsotonicCalibration: Hashable, Sendable, Codable {
    /// Fewer rows than that are fitted too closely, and Platt's form is better (Niculescu-Mizil and Caruana, ICML
    /// 2005).
    package static let rowsMin = 1000

    /// Sizes of margins, ascending, from 0.
    package let sizes: [Double]

    /// How often margins of these sizes are right: from one half, ascending, below 1.
    package let shares: [Double]

    /// nil for lists that are not as they are described.
    package init?(sizes: [Double], shares: [Double]) {
        guard sizes.count == shares.count, sizes.first == 0, shares.first == 0.5, sizes.allSatisfy(\.isFinite),
            zip(sizes, sizes.dropFirst()).allSatisfy(<), zip(shares, shares.dropFirst()).allSatisfy(<=),
            shares.allSatisfy({ $0 < 1 })
        else { return nil }
        self.sizes = sizes
        self.shares = shares
    }

    /// - Throws: `DecodingError` for lists that are not as they are described.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let sizes = try values.decode([Double].self, forKey: .sizes)
        guard let valid = IsotonicCalibration(sizes: sizes, shares: try values.decode([Double].self, forKey: .shares))
        else { throw DecodingError.invalid("ascending sizes from 0 with ascending shares from 0.5", decoder) }
        self = valid
    }

    /// - Parameters:
    ///   - margins: raw, held out, each positive where it agrees with the row's label. Those that are 0 say nothing.
    ///   - shares: of votes for the label's order, 0 to 1, of each row: how often a margin is right is then the share of votes
    ///     for what its sign says. nil: all agree with the label.
    /// - Returns: nil for fewer than `rowsMin`, or for numbers that are not finite.
    package init?(fitting margins: [Double], shares: [Double]? = nil, rowsMin: Int = rowsMin) {
        precondition(shares.map { $0.count == margins.count } ?? true, "not a share for each margin")
        guard margins.count >= max(rowsMin, 1), margins.allSatisfy(\.isFinite) else { return nil }
        let ordered = margins.indices.filter { margins[$0] != 0 }.sorted { abs(margins[$0]) < abs(margins[$1]) }
        let blocks = isotonicBlocks(
            sizes: ordered.map { abs(margins[$0]) },
            values: ordered.map { row in
                let share = shares?[row] ?? 1
                return margins[row] > 0 ? share : 1 - share
            })
        // A block of nothing but right margins is no certainty: Platt's target for as many rows.
        let bound = Double(margins.count + 1) / Double(margins.count + 2)
        var (sizes, shares) = ([0.0], [0.5])
        for block in blocks {
            for size in block.first == block.last ? [block.first] : [block.first, block.last] {
                sizes.append(size)
                shares.append(min(max(block.mean, 0.5), bound))
            }
        }
        self.init(sizes: sizes, shares: shares)
    }

    /// The log-odds that the first response is the preferred one.
    package func logOdds(_ raw: Double) -> Double {
        let share = share(ofSize: abs(raw))
        return (raw < 0 ? -1 : 1) * log(share / (1 - share))
    }

    private func share(ofSize size: Double) -> Double {
        var (low, high) = (0, sizes.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if sizes[middle] <= size { low = middle } else { high = middle }
        }
        guard high < sizes.count else { return shares[low] }
        let part = (size - sizes[low]) / (sizes[high] - sizes[low])
        return shares[low] + part * (shares[high] - shares[low])
    }
}

/// Isotonic regression by pooling adjacent violators (Ayer et al., Annals of Mathematical Statistics 1955): the blocks
/// of equal fitted values, ascending.
///
/// - Parameters:
///   - sizes: ascending; the values of equal ones are averaged first.
///   - values: of each.
func isotonicBlocks(sizes: [Double], values: [Double]) -> [(first: Double, last: Double, mean: Double)] {
    var blocks: [(first: Double, last: Double, sum: Double, count: Double)] = []
    for (size, value) in zip(sizes, values) {
        if let last = blocks.last, last.last == size {
            blocks[blocks.count - 1].sum += value
            blocks[blocks.count - 1].count += 1
        } else {
            // What stands before is complete only now: equal sizes belong together.
            pool(&blocks)
            blocks.append((size, size, value, 1))
        }
    }
    pool(&blocks)
    return blocks.map { ($0.first, $0.last, $0.sum / $0.count) }
}

private func pool(_ blocks: inout [(first: Double, last: Double, sum: Double, count: Double)]) {
    while blocks.count > 1 {
        let (before, last) = (blocks[blocks.count - 2], blocks[blocks.count - 1])
        guard before.sum * last.count >= last.sum * before.count else { return }
        blocks.removeLast()
        blocks[blocks.count - 1] = (before.first, last.last, before.sum + last.sum, before.count + last.count)
    }
}
