import Testing

@testable import Margins

/// Against scikit-learn, on margins with ties.
@Suite struct CalibrationReferenceTests {
    private let margins = ReferenceData.column(120, seed: 3, levels: 16).map { $0 + 0.25 }

    private func expect(_ found: [Double], _ name: String) throws {
        let distance = ReferenceData.distance(found, try ReferenceData.numbers(name))
        print("\(name): largest difference \(distance)")
        #expect(distance < 1e-8)
    }

    @Test func theSlopeIsTheMaximumOfTheLikelihood() throws {
        try expect([try #require(PlattCalibration(fitting: margins)).slope], "platt")
    }

    @Test func isotonicRegressionIsThePooledAdjacentViolators() throws {
        let ordered = margins.sorted { abs($0) < abs($1) }
        let blocks = isotonicBlocks(sizes: ordered.map(abs), values: ordered.map { $0 > 0 ? 1 : 0 })
        #expect(zip(blocks, blocks.dropFirst()).allSatisfy { $0.mean < $1.mean && $0.last < $1.first })
        try expect(
            margins.map { margin in
                blocks.first { ($0.first...$0.last).contains(abs(margin)) }?.mean ?? .nan
            }, "isotonic")
    }

    @Test func theCalibrationError() throws {
        try expect([try #require(CalibrationError(logOdds: margins.map { 3 * $0 })).value], "calibration error")
    }
}
