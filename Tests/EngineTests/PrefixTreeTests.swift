import Engine
import SeededRandom
import Testing

struct PrefixTreeTests {
    @Test func aSharedPrefixHasItsRowsOnce() {
        var tree = PrefixTree()
        for sequence: [Int32] in [[1, 2, 3], [1, 2, 3, 4], [1, 2, 9], [7]] { _ = tree.append(sequence) }
        #expect(tree.tokens == [1, 2, 3, 4, 9, 7])
        #expect(tree.positions == [0, 1, 2, 3, 2, 0])
        #expect(tree.rows(ofSequence: 1, span: 0..<4) == [0..<4])
        #expect(tree.rows(ofSequence: 2, span: 0..<3) == [0..<2, 4..<5])
        #expect(tree.rows(ofSequence: 2, span: 2..<3) == [4..<5])
        #expect(tree.rows(ofSequence: 3, span: 0..<1) == [5..<6])
    }

    @Test func aRepeatedSequenceAddsNoRows() {
        var tree = PrefixTree()
        #expect(tree.append([5, 6]) == 2)
        #expect(tree.append([5, 6]) == 0)
        #expect(tree.rowCount == 2)
        #expect(tree.rows(ofSequence: 1, span: 0..<2) == [0..<2])
    }

    /// Random sequences over few tokens: each path spells its sequence, positions count up, the rows are as many as the
    /// trie has edges.
    @Test func everyPathSpellsItsSequence() {
        for seed in 0..<200 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let sequences = (0..<20).map { _ in
                (0..<Int.random(in: 1...12, using: &random)).map { _ in Int32.random(in: 0...1, using: &random) }
            }.sorted { $0.lexicographicallyPrecedes($1) }
            var tree = PrefixTree()
            for sequence in sequences { _ = tree.append(sequence) }
            let prefixes = Set(sequences.flatMap { sequence in (1...sequence.count).map { Array(sequence[..<$0]) } })
            #expect(tree.rowCount == prefixes.count, "seed \(seed)")
            for (index, sequence) in sequences.enumerated() {
                let rows = tree.rows(ofSequence: index, span: 0..<sequence.count).flatMap { Array($0) }
                #expect(rows.map { tree.tokens[$0] } == sequence, "seed \(seed)")
                #expect(rows.map { tree.positions[$0] } == (0..<Int32(sequence.count)).map { $0 }, "seed \(seed)")
                #expect(rows == rows.sorted(), "seed \(seed)")
            }
        }
    }

    @Test func microBatchesHoldEverySequenceOnceAndAboutTheTarget() {
        var random = SeededGenerator(seed: 1)
        let sequences = (0..<300).map { _ in
            let count = Int.random(in: 1...400, using: &random)
            return TokenSequence(
                tokens: (0..<count).map { _ in Int32.random(in: 0...50, using: &random) }, responseStart: 0)
        }
        let batches = MicroBatch.cut(sequences)
        #expect(batches.flatMap(\.sequences).sorted() == Array(sequences.indices))
        let rows = batches.map(\.rowCount)
        // The last one is no remainder.
        #expect(rows.allSatisfy { (MicroBatch.targetRows / 2...640).contains($0) })
        let total = rows.reduce(0, +)
        #expect(batches.count * MicroBatch.targetRows <= total * 5 / 4)
    }

    /// A prefix whose branches fill several batches is computed in the first; each of them keeps what the next needs.
    @Test func aPrefixIsKeptForTheBatchesThatFollow() {
        let prefix = (0..<400).map { Int32($0) }
        let sequences = (0..<40).map { branch in
            TokenSequence(tokens: prefix + Array(repeating: Int32(1000 + branch), count: 60), responseStart: 400)
        }
        let batches = MicroBatch.cut(sequences)
        #expect(batches.count == 6)
        let total = batches.map(\.rowCount).reduce(0, +)
        #expect(total == 2800)  // 400 + 40 * 60
        #expect(batches.map(\.knownRows) == [0, 400, 400, 400, 400, 400])
        #expect(batches.map(\.keptTokens) == [400, 400, 400, 400, 400, 0])
    }

    /// One that is too long to be kept stays with its branches.
    @Test func aVeryLongPrefixIsComputedOnce() {
        let prefix = (0..<2000).map { Int32($0) }
        let pair = [7, 8].map { TokenSequence(tokens: prefix + Array(repeating: $0, count: 100), responseStart: 2000) }
        #expect(MicroBatch.cut(pair).map(\.rowCount) == [2200])
    }

    @Test func withoutSharingEveryTokenHasARow() {
        let sequence = TokenSequence(tokens: Array(0..<100), responseStart: 0)
        let batches = MicroBatch.cut([sequence, sequence, sequence], sharesPrefixes: false)
        #expect(batches.map(\.rowCount) == [300] && batches.map(\.knownRows) == [0])
        #expect(batches[0].tree.rows(ofSequence: 1, span: 0..<100) == [100..<200])
    }

    @Test func aLongSequenceGetsABatchOfItsOwn() {
        let long = TokenSequence(tokens: Array(repeating: 3, count: 5000), responseStart: 0)
        let short = TokenSequence(tokens: [9], responseStart: 0)
        #expect(MicroBatch.cut([short, long]).map(\.tree.rowCount) == [5000, 1])
    }
}
