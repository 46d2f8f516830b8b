internal import Margins
internal import Protocol

/// What the surveyed rows say at every place: by their own labels with every estimator, held out, and along the anchors'
/// mean difference. Of many rows it is a sample that says so.
struct PlaceTable {
    /// The rows that it is of, as places in the survey's rows, ascending, and the group of each.
    let sample: [Int]
    let groups: [Int]

    /// Of the rows along the direction that is to be used, held out; of several sources the average of their margins in
    /// units of their deviations: `[places][rows]`.
    private(set) var margins: [[Double]] = []

    /// Along each source's: `[sources][places][rows]`.
    private(set) var sourceMargins: [[[Double]]]

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
    /// The work of a place grows with their number's square and more; what is fitted at the chosen one sees more.
    private static let rowsMax = 1000
    private static let folds = 5

    /// - Parameters:
    ///   - prompts: of each of the rows, at least two.
    ///   - sources: what the direction is to be fitted on.
    ///   - estimator: of the rows' own labels.
    init(
        _ readouts: [Readout], rows: SurveyStates, prompts: [Int], sources: [SurveySource],
        ownBy estimator: Estimator, seed: UInt64
    ) throws {
        let files = try sources.map { try $0.anchors.map { try AnchorPlaces($0) } }
        let hasAnchors = files.contains { $0 != nil }
        let sample = sampledRows(prompts, rowsMax: Self.rowsMax, seed: seed).sorted()
        let groups = sample.map { prompts[$0] }
        (self.sample, self.groups) = (sample, groups)
        guard let folds = Folds(groups: groups, count: Self.folds, seed: seed),
            let swaps = SideSwaps(groups: groups, seed: seed),
            let ownIndex = Self.estimators.firstIndex(where: { $0.name == estimator.name })
        else { preconditionFailure("rows of two prompts, and an estimator of the table") }
        sourceMargins = sources.map { _ in [] }
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
                for cell in agreements { null.add(cell) }
                let bySource = files.map { $0?.margins(of: differences[offset], at: place) ?? own[ownIndex] }
                for (source, margins) in bySource.enumerated() { sourceMargins[source].append(margins) }
                let together = averagedMargins(bySource)
                margins.append(together)
                ownMargins.append(own[ownIndex])
                places.append(
                    .init(
                        layer: readouts[place].layer.number, token: readouts[place].pooling,
                        own: zip(Self.estimators, own).compactMap { .init($0, $1, groups: groups) },
                        anchors: hasAnchors ? .init(.meanDifference, together, groups: groups) : nil,
                        anchorsHeldOut: AnchorPlaces.heldOut(files.compactMap(\.self), at: place)))
            }
        }
        permutation = Permutation(null: null, rows: swaps.pairs.count)
    }
}

extension PlaceTable {
    /// Where one source is used alone: what it says, in place of what all say together.
    ///
    /// - Parameter source: one of several.
    mutating func use(_ source: Int, _ estimator: Estimator) {
        margins = sourceMargins[source]
        for place in places.indices {
            places[place].anchors = .init(estimator, margins[place], groups: groups)
        }
    }
}

/// The mean difference of a file's anchors at every place.
private struct AnchorPlaces {
    /// Of norm 1; nil where the anchors have none.
    private var directions: [[Float]?] = []

    /// Of each anchor, its prompt left out; none where all have one prompt: `[places][anchors]`.
    private var heldOut: [[Double]] = []
    private let groups: [Int]

    init(_ anchors: SurveyStates) throws {
        groups = anchors.groups
        let isOfSeveralPrompts = Set(groups).count > 1
        try anchors.forEachPlaces(Array(0..<anchors.count), groups: groups) { _, differences in
            for differences in differences {
                directions.append(try? Estimator.meanDifference.fit(differences))
                heldOut.append(isOfSeveralPrompts ? differences.leaveGroupOutMargins() : [])
            }
        }
    }

    /// At a place at which the anchors say nothing, no row is ordered.
    func margins(of rows: PairDifferences, at place: Int) -> [Double] {
        let direction = directions[place]
        return (0..<rows.count).map { row in direction.map { projection(of: rows[row], on: $0) } ?? 0 }
    }

    /// Of all files' anchors, each by its own file; prompts of two files are two.
    static func heldOut(_ files: [AnchorPlaces], at place: Int) -> ClusteredShare? {
        var margins: [Double] = []
        var groups: [Int] = []
        for file in files where !file.heldOut[place].isEmpty {
            let offset = (groups.max() ?? -1) + 1
            margins += file.heldOut[place]
            groups += file.groups.map { $0 + offset }
        }
        return ClusteredShare(positive: margins, groups: groups)
    }
}
