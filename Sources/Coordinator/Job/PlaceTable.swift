internal import Margins
internal import Protocol

/// What the mean difference says at every place.
struct PlaceTable {
    /// Of the rows along the direction that is to be used, held out; of several sources the average of their margins in
    /// units of their deviations: `[places][rows]`.
    private(set) var margins: [[Double]] = []

    /// Along the direction of the rows' own labels: `[places][rows]`.
    private(set) var ownMargins: [[Double]] = []
    private(set) var places: [SurveyReport.Place] = []

    /// - Parameters:
    ///   - prompts: of the rows.
    ///   - sources: what the direction is to be fitted on.
    init(_ readouts: [Readout], rows: SurveyStates, prompts: [Int], sources: [SurveySource]) throws {
        let files = try sources.map { try $0.anchors.map { try AnchorPlaces($0, count: readouts.count) } }
        let hasAnchors = files.contains { $0 != nil }
        try rows.forEachPlace(prompts) { place, differences in
            let own = differences.leaveGroupOutMargins()
            let bySource = files.map { $0?.margins(of: differences, at: place) ?? own }
            let together = averagedMargins(bySource)
            guard let agreement = ClusteredShare(positive: own, groups: prompts) else {
                preconditionFailure("a place without rows")
            }
            margins.append(together)
            ownMargins.append(own)
            places.append(
                .init(
                    layer: readouts[place].layer.number, token: readouts[place].pooling, own: agreement,
                    ownEffect: EffectSize(own, groups: prompts),
                    anchors: hasAnchors ? ClusteredShare(positive: together, groups: prompts) : nil,
                    anchorsEffect: hasAnchors ? EffectSize(together, groups: prompts) : nil,
                    anchorsHeldOut: AnchorPlaces.heldOut(files.compactMap(\.self), at: place)))
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

    init(_ anchors: SurveyStates, count: Int) throws {
        groups = anchors.groups
        let isOfSeveralPrompts = Set(groups).count > 1
        try anchors.forEachPlace(anchors.groups) { _, differences in
            directions.append(try? Estimator.meanDifference.fit(differences))
            heldOut.append(isOfSeveralPrompts ? differences.leaveGroupOutMargins() : [])
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
