import Foundation
import SeededRandom
import Testing

@testable import Margins

/// Numbers that `scripts/make-margin-fixtures.py` computed with numpy, scipy and scikit-learn, and the data that both
/// sides make of the same random numbers.
enum ReferenceData {
    static let hiddenSize = 24

    private static let numbers: [String: [Double]] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/reference.json")
        return try! JSONDecoder().decode([String: [Double]].self, from: Data(contentsOf: file))
    }()

    static func numbers(_ name: String) throws -> [Double] { try #require(numbers[name], "no reference \(name)") }

    /// Columns of three sizes, with a mean that is not theirs.
    static func differences(_ rows: Int, seed: UInt64) -> PairDifferences {
        var random = SeededGenerator(seed: seed)
        var differences = PairDifferences(hiddenSize: hiddenSize)
        for row in 0..<rows {
            let values = (0..<hiddenSize).map { column -> Float in
                let noise = Float(random.uniform()) * Float(1 + column % 3)
                return noise + 0.25 * Float(column % 5 - 1)
            }
            differences.append(values, group: row, kind: row % 3)
        }
        return differences
    }

    /// Few different values, so that some are equal.
    static func column(_ rows: Int, seed: UInt64, levels: Double) -> [Double] {
        var random = SeededGenerator(seed: seed)
        return (0..<rows).map { _ in (random.uniform() * levels).rounded(.down) / levels }
    }

    /// The largest difference of two lists of numbers; infinite where they have not as many, or not all are finite.
    static func distance(_ found: [Double], _ expected: [Double]) -> Double {
        guard found.count == expected.count, found.allSatisfy(\.isFinite) else { return .infinity }
        return zip(found, expected).map { abs($0 - $1) }.max() ?? 0
    }
}

extension SeededGenerator {
    /// In -1 ..< 1, of 24 bits: exact in single precision.
    mutating func uniform() -> Double { Double(next() >> 40) * 0x1p-23 - 1 }

    /// About normal, with mean 0 and variance 1: the sum of twelve uniform numbers.
    mutating func normal() -> Double { (0..<12).map { _ in uniform() }.reduce(0, +) / 2 }
}
