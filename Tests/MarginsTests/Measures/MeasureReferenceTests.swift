import Testing

@testable import Margins

/// Against scipy and scikit-learn, on columns with ties.
@Suite struct MeasureReferenceTests {
    private let left = ReferenceData.column(50, seed: 1, levels: 8)
    private let right = zip(
        ReferenceData.column(50, seed: 1, levels: 8), ReferenceData.column(50, seed: 2, levels: 4)
    ).map { $0 + 2 * $1 }

    private func expect(_ found: [Double], _ name: String) throws {
        let distance = ReferenceData.distance(found, try ReferenceData.numbers(name))
        print("\(name): largest difference \(distance)")
        #expect(distance < 1e-8)
    }

    @Test func theAreaUnderTheCurve() throws {
        let positive = left.indices.filter { $0 % 3 == 0 }.map { left[$0] + 0.25 }
        let negative = left.indices.filter { $0 % 3 != 0 }.map { left[$0] }
        try expect([try #require(areaUnderCurve(positive: positive, negative: negative))], "auc")
        #expect(
            areaUnderCurve(positive: [], negative: [1]) == nil && areaUnderCurve(positive: [1], negative: []) == nil)
    }

    @Test func correlations() throws {
        try expect([try #require(rankCorrelation(left, right))], "spearman")
        try expect([try #require(correlation(left, right))], "pearson")
        #expect(rankCorrelation([1, 2, 3], [5, 5, 5]) == nil && correlation([0.1, 0.1, 0.1], [1, 2, 3]) == nil)
        #expect(abs(try #require(rankCorrelation([1, 2, 30], [-1, 0, 0.5])) - 1) < 1e-12)
    }

    @Test func theEffectSize() throws {
        try expect([try #require(EffectSize(left.map { $0 + 0.25 }, groups: Array(0..<50))).value], "effect")
    }

    @Test func theVarianceThatAColumnExplains() throws {
        let numeric = try #require(VarianceExplained(of: left, by: right))
        try expect([numeric.share, numeric.adjusted], "numeric")
        let categories = left.indices.map { $0 * 7 % 11 }
        let scores = zip(left, categories).map { $0 + 0.25 * Double($1 % 3) }
        let categorical = try #require(VarianceExplained(of: scores, byCategory: categories.map { 100 - $0 }))
        try expect([categorical.share, categorical.adjusted], "categorical")
    }
}
