/// At most a number of pairs of a stream, each pair as likely as any other: those with the smallest hash of the seed,
/// the group and the pair's number within its group (bottom-k sampling: Cohen and Kaplan, PODC 2007).
///
/// Which pairs are drawn, and their order, does not depend on how the groups' pairs are interleaved. Memory:
/// `pairsMax · hidden` floats, and a few bytes for each group seen.
package struct DifferenceSample: Sendable {
    /// How many pairs the estimators that need more than the mean are fitted on: at a hidden size of 4096 a fit then
    /// takes less than 200 MiB, in which are the pairs, a copy in double precision and their products with one another.
    package static let pairsMax = 2048

    /// How many pairs are drawn at most, and the seed that decides which.
    package let pairsMax: Int
    package let seed: UInt64
    private var pairs: PairDifferences
    private var ordinals: [Int: Int] = [:]

    /// A heap with the largest hash first, of the pairs' slots in `values`.
    private var heap: [(hash: UInt64, slot: Int)] = []
    private var values: [Float] = []
    private var labels: [(group: Int, kind: Int)] = []

    /// - Precondition: `hiddenSize` and `pairsMax` > 0.
    package init(hiddenSize: Int, pairsMax: Int = pairsMax, seed: UInt64) {
        precondition(pairsMax > 0, "a sample without a pair")
        self.pairsMax = pairsMax
        self.seed = seed
        pairs = PairDifferences(hiddenSize: hiddenSize)
    }

    /// How many pairs have been seen.
    package private(set) var seenCount = 0

    /// - Precondition: the difference is `[hidden]`.
    package mutating func add(_ difference: some Collection<Float>, group: Int, kind: Int = 0) {
        precondition(difference.count == pairs.hiddenSize, "a difference of another hidden size")
        seenCount += 1
        let ordinal = ordinals[group, default: 0]
        ordinals[group] = ordinal + 1
        let hash = seededHash(ordinal, seed: seededHash(group, seed: seed))
        if heap.count < pairsMax {
            values.append(contentsOf: difference)
            labels.append((group, kind))
            heap.append((hash, heap.count))
            rise()
        } else if hash < heap[0].hash {
            let slot = heap[0].slot
            values.replaceSubrange(slot * pairs.hiddenSize..<(slot + 1) * pairs.hiddenSize, with: difference)
            labels[slot] = (group, kind)
            heap[0].hash = hash
            sink()
        }
    }

    /// The pairs that were drawn, by their hash.
    package var differences: PairDifferences {
        var drawn = pairs
        for (_, slot) in heap.sorted(by: { ($0.hash, $0.slot) < ($1.hash, $1.slot) }) {
            let row = values[slot * pairs.hiddenSize..<(slot + 1) * pairs.hiddenSize]
            drawn.append(row, group: labels[slot].group, kind: labels[slot].kind)
        }
        return drawn
    }

    private mutating func rise() {
        var place = heap.count - 1
        while place > 0, heap[(place - 1) / 2].hash < heap[place].hash {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink() {
        var place = 0
        while true {
            var largest = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < heap.count && heap[child].hash > heap[largest].hash {
                largest = child
            }
            guard largest != place else { return }
            heap.swapAt(place, largest)
            place = largest
        }
    }
}

extension PairDifferences {
    /// These pairs, or a sample of them where there are more than `pairsMax`.
    package func sampled(pairsMax: Int = DifferenceSample.pairsMax, seed: UInt64) -> PairDifferences {
        guard count > pairsMax else { return self }
        return select(sampledRows(groups, rowsMax: pairsMax, seed: seed))
    }
}

/// The numbers of the rows that a `DifferenceSample` of them draws, in its order; of no more than `rowsMax`, all as
/// they are.
package func sampledRows(_ groups: [Int], rowsMax: Int, seed: UInt64) -> [Int] {
    guard groups.count > rowsMax else { return Array(groups.indices) }
    var ordinals: [Int: Int] = [:]
    let hashes = groups.map { group in
        let ordinal = ordinals[group, default: 0]
        ordinals[group] = ordinal + 1
        return seededHash(ordinal, seed: seededHash(group, seed: seed))
    }
    return Array(groups.indices.sorted { (hashes[$0], $0) < (hashes[$1], $1) }.prefix(rowsMax))
}
