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
        let scores = try scorer.scores(of: vectors, rows: [texts], readouts: readouts, hiddenSize: Self.hidden)
        #expect(scores == expected && scores.count == texts * scorer.scoreCount)
    }

    /// As it was before there were scorers.
    @Test func aPlainDirectionsScoreIsTheProjection() throws {
        var random = SeededGenerator(seed: 5)
        let (vectors, direction) = (random.floats(count: 4 * Self.hidden), random.floats(count: Self.hidden))
        let scores = try Scorer(Self.readouts[0], direction: direction).scores(
            of: vectors, rows: [2, 2], readouts: [Self.readouts[0]], hiddenSize: Self.hidden)
        let expected = (0..<4).map {
            projection(of: vectors[$0 * Self.hidden..<($0 + 1) * Self.hidden], on: direction)
        }
        #expect(scores.map(\.bitPattern) == expected.map(\.bitPattern))
    }

    /// Behind the scores of its readout, by plain loops: of a row's first text its own, of the others that of the
    /// difference to the first.
    @Test func whereThereAreErrorsEachTextGetsOne() throws {
        var random = SeededGenerator(seed: 6)
        let (texts, errors) = (6, 4)
        let rows = [1, 2, 3]
        let readouts = Array(Self.readouts.prefix(2))
        let matrix = random.floats(count: errors * Self.hidden)
        let directions = (0..<2).map { _ in random.floats(count: Self.hidden) }
        let scorer = try Scorer([
            .init(
                readouts[0], Tensor(directions[0], shape: [1, Self.hidden]),
                errors: Tensor(matrix, shape: [errors, Self.hidden])),
            .init(readouts[1], Tensor(directions[1], shape: [1, Self.hidden])),
        ])
        #expect(scorer.scoreCount == 3)
        let vectors = random.floats(count: texts * 2 * Self.hidden)
        let scores = try scorer.scores(of: vectors, rows: rows, readouts: readouts, hiddenSize: Self.hidden)
        #expect(scores.count == texts * 3)
        func state(_ text: Int, _ readout: Int) -> ArraySlice<Float> {
            vectors[(text * 2 + readout) * Self.hidden..<(text * 2 + readout + 1) * Self.hidden]
        }
        for (text, first) in [(0, 0), (1, 1), (2, 1), (3, 3), (4, 3), (5, 3)] {
            var squares = 0.0
            for error in 0..<errors {
                var sum = 0.0
                for element in 0..<Self.hidden {
                    let (own, other) = (Array(state(text, 0))[element], Array(state(first, 0))[element])
                    sum += Double(text == first ? own : own - other) * Double(matrix[error * Self.hidden + element])
                }
                squares += sum * sum
            }
            let found = scores[text * 3..<text * 3 + 3]
            #expect(Array(found)[0] == projection(of: state(text, 0), on: directions[0]))
            #expect(abs(Array(found)[1] - squares.squareRoot()) < 1e-9)
            #expect(Array(found)[2] == projection(of: state(text, 1), on: directions[1]))
        }
    }

    @Test func aScorerOfOtherReadoutsIsRefused() throws {
        let scorer = Scorer(Self.readouts[0], direction: [1, 2])
        let error = #expect(throws: Problem.self) {
            try scorer.scores(of: [1, 2], rows: [1], readouts: [Self.readouts[1]], hiddenSize: 2)
        }
        #expect(
            error?.description
                == "expected a scorer of [layer 22, mean-response] and hidden size 2, found one of "
                + "[layer 18, mean-response] and 2")
        #expect(throws: Problem.self) {
            try scorer.scores(of: [1, 2, 3], rows: [1], readouts: [Self.readouts[0]], hiddenSize: 3)
        }
        #expect(throws: Problem.self) {
            try scorer.scores(of: [1, 2, 3, 4], rows: [1], readouts: Array(Self.readouts.prefix(2)), hiddenSize: 2)
        }
    }
}

extension SeededGenerator {
    fileprivate mutating func floats(count: Int) -> [Float] {
        (0..<count).map { _ in Float.random(in: -1...1, using: &self) }
    }
}
