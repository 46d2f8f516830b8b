internal import JobConfiguration
internal import Margins

/// The direction of some pairs, and how uncertain scores on it are.
struct FittedDirection: Sendable {
    /// Of norm 1.
    let direction: Direction

    /// nil where the pairs say nothing of how uncertain they are.
    let errors: StandardErrors?

    /// The directions of which errors are, at most.
    static let partsMax = 512

    /// - Parameter partsMax: the errors' directions, at most.
    /// - Throws: `DirectionError` where no direction comes out.
    init(_ differences: PairDifferences, by estimator: Estimator, partsMax: Int = partsMax) throws {
        let fitted = try estimator.fitWithErrors(differences, partsMax: partsMax)
        direction = try Direction(difference: fitted.direction.map { Double($0) })
        errors = fitted.errors
    }

    /// Several as one, that scores as they do on average in units of their deviations.
    ///
    /// - Parameter deviations: of the members' margins on the same rows.
    /// - Throws: `DirectionError` where they cancel out.
    init(combining members: [FittedDirection], deviations: [Double]) throws {
        func none(_ unit: [Float]) -> StandardErrors {
            StandardErrors(hiddenSize: unit.count, directions: unit.map { _ in 0 })
        }
        let combined = try Ensemble.combined(
            members.map { ($0.direction.unit, $0.errors ?? none($0.direction.unit)) }, deviations: deviations)
        direction = try Direction(difference: combined.direction.map { Double($0) })
        errors = members.allSatisfy { $0.errors != nil } ? combined.errors : nil
    }
}

extension Estimator {
    /// - Parameters:
    ///   - ownLabels: whether the pairs are rows, by their own labels.
    ///   - isMember: whether there are other sources, with which it is to be averaged: then a ridge has less to do.
    init(
        _ choice: JobConfiguration.Configuration.Direction.EstimatorChoice, ownLabels: Bool, isMember: Bool = false
    ) {
        let ridge = Estimator.ridge(lambda: isMember ? 1 : 3)
        self =
            switch choice {
            case .automatic, .ensemble: ownLabels || isMember ? ridge : .meanDifference
            case .meanDifference: .meanDifference
            case .firstPrincipalComponent: .firstPrincipalComponent
            case .ridge: ridge
            case .logistic: .logistic(lambda: 1)
            case .ledoitWolf: .ledoitWolf
            }
    }

    /// As the configuration has it.
    var name: String {
        typealias Choice = JobConfiguration.Configuration.Direction.EstimatorChoice
        let choice: Choice =
            switch self {
            case .meanDifference: .meanDifference
            case .firstPrincipalComponent: .firstPrincipalComponent
            case .ridge: .ridge
            case .logistic: .logistic
            case .ledoitWolf: .ledoitWolf
            }
        return choice.rawValue
    }
}
