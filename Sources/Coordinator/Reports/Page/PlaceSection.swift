internal import Margins

extension PageSection {
    /// Where the model is read, and every place that was measured; nil where none was.
    static func place(_ trust: TrustFigures) -> PageSection? {
        guard !trust.table.isEmpty else { return nil }
        return PageSection("place", "Where the model is read") {
            paragraph(
                """
                The margins are read after layer \(trust.run.layer) of \(trust.run.layerCount), \
                \(trust.run.token.shownName), by the estimator \(trust.run.estimator.shownName). Why: \
                \(trust.run.placeReason.shownSentence).
                """)
            luck(trust)
            heatMaps(PlaceTable(trust.table))
        }
    }

    /// What having chosen among many places adds.
    @MarkupBuilder
    private static func luck(_ trust: TrustFigures) -> Markup {
        if let effect = trust.effectSize {
            paragraph("Having chosen the place by the same rows adds \(effect.optimism.figure) to the effect size.")
        }
        if let permutation = trust.permutation {
            paragraph(
                """
                Where labels mean nothing, the best of \(permutation.cells) cells agrees with \
                \(permutation.nullAgreement.percentText) of them in one case of twenty (\(permutation.permutations) permutations \
                of the labels of \(permutation.rows) rows): only cells well above that say something. The best cell agrees \
                with \(permutation.bestAgreement.percentText) of these rows, p = \(permutation.pValue.figure).
                """)
        }
    }

    @MarkupBuilder
    private static func heatMaps(_ table: PlaceTable) -> Markup {
        paragraph(
            """
            How to read it: each cell is how many per cent of the surveyed rows a direction of that layer and pooling orders \
            as labelled, held out by prompt; the higher, the darker (lighter on a dark page), from \
            \(table.range.lowerBound.percentText) to \(table.range.upperBound.percentText). "own" is a direction of the rows' own \
            labels, "anchors" one of the anchors. ◆ marks what the margins are of.
            """)
        element("div", ["class": "maps"]) {
            for estimator in table.estimators { heatMap(table, estimator) }
        }
    }

    private static func heatMap(_ table: PlaceTable, _ estimator: String) -> Markup {
        let sides = table.sides(of: estimator)
        return element("div", ["class": "scroll map"]) {
            element("table") {
                element("caption") { estimator.shownName }
                element("thead") {
                    element("tr") {
                        element("th", ["scope": "col"]) { "layer" }
                        for side in sides {
                            for token in table.tokens {
                                element("th", ["scope": "col"]) {
                                    side.rawValue
                                    element("br")
                                    token.shownName
                                }
                            }
                        }
                    }
                }
                element("tbody") {
                    for layer in table.layers(of: estimator) {
                        element("tr") {
                            element("th", ["scope": "row"]) { "\(layer)" }
                            for side in sides {
                                for token in table.tokens { cell(table.cell(layer, token, estimator), side, table) }
                            }
                        }
                    }
                }
            }
        }
    }

    private static func cell(_ cell: TrustFigures.Cell?, _ side: PlaceTable.Side, _ table: PlaceTable) -> Markup {
        guard let cell, let agreement = side.agreement(of: cell) else { return element("td") { "–" } }
        let shade = "shade\(table.level(agreement.value))"
        return element("td", ["class": cell.isChosen ? "\(shade) chosen" : shade]) {
            (cell.isChosen ? "◆ " : "") + "\((agreement.value * 100).rounded(toPlaces: 1))"
        }
    }
}

/// The measured places in the order in which they are shown.
struct PlaceTable: Sendable {
    enum Side: String, CaseIterable, Sendable {
        case own, anchors

        func agreement(of cell: TrustFigures.Cell) -> TrustFigures.Agreement? {
            switch self {
            case .own: cell.agreement
            case .anchors: cell.anchorsAgreement
            }
        }
    }

    private struct Key: Hashable, Sendable {
        var layer: Int
        var token: String
        var estimator: String
    }

    /// From the lightest to the darkest, as the style sheet has them.
    static let levels = 8

    /// In the order in which the table has them first.
    let estimators: [String]
    let tokens: [String]

    /// Of all cells' agreements.
    let range: ClosedRange<Double>
    private let cells: [Key: TrustFigures.Cell]
    private let list: [TrustFigures.Cell]

    /// - Parameter cells: at least one.
    init(_ cells: [TrustFigures.Cell]) {
        list = cells
        self.cells = Dictionary(
            cells.map { (Key(layer: $0.layer, token: $0.token, estimator: $0.estimator), $0) }
        ) { first, _ in first }
        estimators = cells.map(\.estimator).distinct
        tokens = cells.map(\.token).distinct
        let values = cells.flatMap { [$0.agreement.value] + ($0.anchorsAgreement.map { [$0.value] } ?? []) }
        range = (values.min() ?? 0)...(values.max() ?? 1)
    }

    func cell(_ layer: Int, _ token: String, _ estimator: String) -> TrustFigures.Cell? {
        cells[Key(layer: layer, token: token, estimator: estimator)]
    }

    /// Ascending.
    func layers(of estimator: String) -> [Int] { Set(list.filter { $0.estimator == estimator }.map(\.layer)).sorted() }

    func sides(of estimator: String) -> [Side] {
        Side.allCases.filter { side in list.contains { $0.estimator == estimator && side.agreement(of: $0) != nil } }
    }

    /// 0 to ``levels`` - 1, by equal parts of the range.
    func level(_ value: Double) -> Int {
        let width = range.upperBound - range.lowerBound
        guard width > 0 else { return 0 }
        return min(max(Int((value - range.lowerBound) / width * Double(Self.levels)), 0), Self.levels - 1)
    }
}

extension [String] {
    /// Each once, in the order in which they come first.
    fileprivate var distinct: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
