import Diagnostics
import Margins
import Protocol
import SeededRandom
import Testing

@testable import Worker

@Suite struct ScorerScoresTests {
    private static let hidden = 33
    private static let readouts = [
        Readout(18, .meanResponse), Readout(22, .meanResponse), Readout(22, .lastToken),
    ]

    /// Against plain loops, to the bit: a sum of products in double precision, in the order of the elements.
    @Test(arguments: [[1], [3], [1, 1], [2, 1, 5]]) func everyTextIsProjectedOnEveryDirection(_ directions: [Int])
        throws
    {
        var random = SeededGenerator(seed: UInt64(directions.count))
        let readouts = Array(Self.readouts.prefix(directions.count))
        let matrices = directions.map { random.floats(count: $0 * Self.hidden) }
        let scorer = try Scorer(
            zip(readouts, zip(matrices, directions)).map { readout, matrix in
                .init(readout, Tensor(matrix.0, shape: [matrix.1, Self.hidden]))
            })
        let texts = 7
        let vectors = random.floats(count: texts * readouts.count * Self.hidden)
        var expected: [Double] = []
        for text in 0..<texts {
            for (slot, matrix) in matrices.enumerated() {
                for direction in 0..<directions[slot] {
                    var sum = 0.0
                    for element in 0..<Self.hidden {
                        let state = vectors[(text * readouts.count + slot) * Self.hidden + element]
                        sum += Double(state) * Double(matrix[direction * Self.hidden + element])
                    }
                    expected.append(sum)
                }
            }
        }
        let scores = try scorer.scores(of: vectors, readouts: readouts, hiddenSize: Self.hidden)
        #expect(scores == expected && scores.count == texts * scorer.scoreCount)
    }

    /// As it was before there were scorers.
    @Test func aPlainDirectionsScoreIsTheProjection() throws {
        var random = SeededGenerator(seed: 5)
        let (vectors, direction) = (random.floats(count: 4 * Self.hidden), random.floats(count: Self.hidden))
        let scores = try Scorer(Self.readouts[0], direction: direction).scores(
            of: vectors, readouts: [Self.readouts[0]], hiddenSize: Self.hidden)
        let expected = (0..<4).map {
            projection(of: vectors[$0 * Self.hidden..<($0 + 1) * Self.hidden], on: direction)
        }
        #expect(scores.map(\.bitPattern) == expected.map(\.bitPattern))
    }

    @Test func aScorerOfOtherReadoutsIsRefused() throws {
        let scorer = Scorer(Self.readouts[0], direction: [1, 2])
        let error = #expect(throws: Problem.self) {
            try scorer.scores(of: [1, 2], readouts: [Self.readouts[1]], hiddenSize: 2)
        }
        #expect(
            error?.description
                == "expected a scorer of [layer 22, mean-response] and hidden size 2, found one of "
                + "[layer 18, mean-response] and 2")
        #expect(throws: Problem.self) {
            try scorer.scores(of: [1, 2, 3], readouts: [Self.readouts[0]], hiddenSize: 3)
        }
        #expect(throws: Problem.self) {
            try scorer.scores(of: [1, 2, 3, 4], readouts: Array(Self.readouts.prefix(2)), hiddenSize: 2)
        }
    }
}

extension SeededGenerator {
    fileprivate mutating func floats(count: Int) -> [Float] {
        (0..<count).map { _ in Float.random(in: -1...1, using: &self) }
    }
}
