import Foundation
import SeededRandom
import Testing

@testable import Margins

@Suite struct MarginBinsTests {
    @Test func aMarginOnAnEdgeIsInTheUpperBin() throws {
        let bins = try #require(MarginBins(edges: [-1, 0, 2.5]))
        #expect(bins.count == 4)
        #expect([-.infinity, -1.5, -1, -0.5, 0, 1, 2.5, 9].map(bins.bin) == [0, 0, 1, 1, 2, 2, 3, 3])
        #expect(MarginBins(edges: [])?.bin(of: 5) == 0)
        for edges in [[1, 1], [2, 1], [0, .nan], [.infinity]] as [[Double]] { #expect(MarginBins(edges: edges) == nil) }
    }

    @Test func binsOfEqualWidthDivideTheRange() {
        #expect(MarginBins(equalWidth: 4, over: -2...6)?.edges == [0, 2, 4])
        #expect(MarginBins(equalWidth: 1, over: -2...6)?.edges == [])
        #expect(MarginBins(equalWidth: 3, over: 1...1) == nil)
        #expect(MarginBins(equalWidth: 9, over: 1...1.0.nextUp) == nil)
        #expect(MarginBins(equalWidth: 2, over: -1...(.infinity)) == nil)
    }

    @Test(arguments: [1, 2, 3, 7, 10])
    func quantilesHaveAsManyRowsEach(_ count: Int) throws {
        var random = SeededGenerator(seed: 5)
        let margins = (0..<1003).map { _ in random.normal() }
        let bins = try #require(MarginBins(quantiles: count, of: margins))
        let sizes = (0..<count).map { bin in margins.count { bins.bin(of: $0) == bin } }
        #expect(bins.count == count && sizes.max()! - sizes.min()! <= 1, "\(sizes)")
    }

    @Test func equalMarginsAreNotDivided() throws {
        let bins = try #require(MarginBins(quantiles: 4, of: [0, 0, 0, 0, 0, 1, 2, 2]))
        // The first two quantiles are 0, below which there is nothing.
        #expect(bins.edges == [2] && bins.bin(of: 0) == 0)
        #expect(MarginBins(quantiles: 3, of: [4, 4, 4])?.edges == [])
        #expect(MarginBins(quantiles: 3, of: []) == nil && MarginBins(quantiles: 3, of: [1, .nan]) == nil)
    }

    @Test func edgesAtProbabilitiesAreLogOdds() throws {
        let bins = try #require(MarginBins(probabilities: [0.5, 0.75, 0.9]))
        #expect(ReferenceData.distance(bins.edges, [0, log(3), log(9)]) < 1e-12)
        #expect(MarginBins(probabilities: [0.5, 1]) == nil && MarginBins(probabilities: [0.7, 0.6]) == nil)
    }

    @Test func edgesAreTheSameWhenTheyAreReadAgain() throws {
        let bins = try #require(MarginBins(quantiles: 5, of: (0..<99).map { Double($0).squareRoot() }))
        #expect(try JSONDecoder().decode(MarginBins.self, from: JSONEncoder().encode(bins)) == bins)
    }
}
