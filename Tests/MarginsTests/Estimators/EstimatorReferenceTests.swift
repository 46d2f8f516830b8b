import Testing

@testable import Margins

/// Against scikit-learn and numpy, with fewer pairs than components (the dual form) and with more (the primal one).
@Suite struct EstimatorReferenceTests {
    private static let estimators: [(name: String, estimator: Estimator)] = [
        ("mean", .meanDifference), ("pca", .firstPrincipalComponent), ("ridge.0.3", .ridge(lambda: 0.3)),
        ("ridge.10.0", .ridge(lambda: 10)), ("logistic", .logistic(lambda: 1e-2)), ("ledoitwolf", .ledoitWolf),
    ]

    @Test(arguments: estimators, [3, 16, 60])
    func theDirectionIsTheReferences(_ named: (name: String, estimator: Estimator), pairs: Int) throws {
        let differences = ReferenceData.differences(pairs, seed: UInt64(pairs))
        let expected = try ReferenceData.numbers("\(named.name).\(pairs)")
        let distance = ReferenceData.distance(try named.estimator.weights(differences), expected)
        let rounded = ReferenceData.distance(try named.estimator.fit(differences).map { Double($0) }, expected)
        print("\(named.name), \(pairs) pairs: largest difference \(distance), in single precision \(rounded)")
        #expect(distance < 1e-8 && rounded < 1e-6)
    }

    @Test func theEnsembleIsTheReferences() throws {
        var ensemble = try Ensemble(fitting: ReferenceData.differences(60, seed: 60), by: .ridge(lambda: 0.3))
        let rows = ReferenceData.differences(40, seed: 99)
        for row in 0..<rows.count { ensemble.standardise(on: rows[row]) }
        let expected = try ReferenceData.numbers("ensemble")
        let distance = ReferenceData.distance(try ensemble.direction().map { Double($0) }, expected)
        print("ensemble: largest difference \(distance)")
        #expect(distance < 1e-6)
    }
}
