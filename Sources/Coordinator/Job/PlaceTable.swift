internal import Dispatch
internal import Margins
internal import Protocol
internal import Synchronization

/// What the surveyed rows say at every place: by their own labels with every estimator, held out, and along the anchors'
/// mean difference. Of many rows it is a sample that says so.
struct PlaceTable {
    /// The rows that it is of, as places in the survey's rows, ascending, and the group of each.
    let sample: [Int]
    let groups: [Int]

    /// Of the rows along the direction that is to be used, held out: `[places][rows]`.
    private(set) var margins: [[Double]] = []

    /// Along the direction of the rows' own labels: `[places][rows]`.
    private(set) var ownMargins: [[Double]] = []
    private(set) var places: [SurveyReport.Place] = []

    /// What the best of all places and estimators comes to where labels mean nothing; nil where it could not be measured.
    private(set) var permutation: Permutation?

    struct Permutation: Codable, Hashable, Sendable {
        var null: PermutationNull
        var rows: Int
    }

    /// All that are shown.
    private static let estimators: [Estimator] = [
        .meanDifference, .firstPrincipalComponent, .ridge(lambda: 3), .ledoitWolf, .logistic(lambda: 1),
    ]

    /// Those that are fitted again for each permutation: not logistic regression, of which ridge is the first step.
    private static let permutedCount = 4
    private static let rowsMax = DifferenceSample.pairsMax
    private static let folds = 5

    /// - Parameters:
    ///   - prompts: of each of the rows, at least two.
    ///   - estimator: of the rows' own labels.
    init(
        _ readouts: [Readout], rows: SurveyStates, prompts: [Int], anchors: SurveyStates?, ownBy estimator: Estimator,
        seed: UInt64
    ) throws {
        let directions = try anchors.map { try AnchorDirections($0) }
        let sample = sampledRows(prompts, rowsMax: Self.rowsMax, seed: seed).sorted()
        let groups = sample.map { prompts[$0] }
        (self.sample, self.groups) = (sample, groups)
        guard let folds = Folds(groups: groups, count: Self.folds, seed: seed),
            let swaps = SideSwaps(groups: groups, seed: seed),
            let ownIndex = Self.estimators.firstIndex(of: estimator)
        else { preconditionFailure("rows of two prompts, and an estimator of the table") }
        var null = PermutationNull()
        try rows.forEachPlaces(sample, groups: groups) { first, differences in
            let found = try concurrently(differences) { differences in
                let products = PairProducts(differences)
                return (
                    margins: try products.crossFittedMargins(folds, by: Self.estimators),
                    agreements: try swaps.agreements(products, by: Array(Self.estimators.prefix(Self.permutedCount)))
                )
            }
            for (offset, (own, agreements)) in found.enumerated() {
                let place = first + offset
                let byAnchors = directions?.margins(of: differences[offset], at: place)
                for cell in agreements { null.add(cell) }
                margins.append(byAnchors ?? own[ownIndex])
                ownMargins.append(own[ownIndex])
                places.append(
                    .init(
                        layer: readouts[place].layer.number, token: readouts[place].pooling,
                        own: zip(Self.estimators, own).compactMap { .init($0, $1, groups: groups) },
                        anchors: byAnchors.flatMap { .init(.meanDifference, $0, groups: groups) },
                        anchorsHeldOut: directions?.heldOut[place]))
            }
        }
        permutation = Permutation(null: null, rows: swaps.pairs.count)
    }
}

/// The mean difference of the anchors at every place.
private struct AnchorDirections {
    /// nil at a place at which they say nothing.
    private(set) var directions: [[Float]?] = []

    /// How many of them are on its right side, each prompt left out; nil for one prompt.
    private(set) var heldOut: [ClusteredShare?] = []

    init(_ anchors: SurveyStates) throws {
        try anchors.forEachPlaces(Array(0..<anchors.count), groups: anchors.groups) { _, differences in
            for differences in differences {
                directions.append(try? Estimator.meanDifference.fit(differences))
                heldOut.append(
                    Set(differences.groups).count > 1
                        ? ClusteredShare(positive: differences.leaveGroupOutMargins(), groups: differences.groups) : nil
                )
            }
        }
    }

    /// 0 where no row is ordered.
    func margins(of differences: PairDifferences, at place: Int) -> [Double] {
        (0..<differences.count).map { row in
            directions[place].map { projection(of: differences[row], on: $0) } ?? 0
        }
    }
}

/// What becomes of each element, several at a time, in the elements' order.
///
/// - Throws: what the transform throws of the first element that it does of.
private func concurrently<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ transform: @Sendable (Element) throws -> Result
) throws -> [Result] {
    let results = Mutex<[Swift.Result<Result, any Error>?]>(Array(repeating: nil, count: elements.count))
    DispatchQueue.concurrentPerform(iterations: elements.count) { index in
        let result = Swift.Result { try transform(elements[index]) }
        results.withLock { $0[index] = result }
    }
    return try results.withLock { try $0.map { try $0!.get() } }
}
