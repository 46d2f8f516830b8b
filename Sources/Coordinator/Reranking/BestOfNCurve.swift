internal import Diagnostics
internal import Margins
internal import Reports

/// What `<output>.rerank.json` says: how many of the responses that are taken have the label, by what they are chosen by and
/// from how many.
struct BestOfNCurves: Codable, Hashable, Sendable {
    /// Of this form of the file.
    static let version = 1

    struct Curve: Codable, Hashable, Sendable {
        let ranker: String

        /// `all`, or `equal-length`: from responses of one prompt of which none is longer than the shortest by more than a
        /// quarter.
        let pool: String

        /// Ascending; shares of 0 to 1.
        let points: [BestOfNPoint]
    }

    var version = BestOfNCurves.version
    let label: String

    /// Labelled responses that could be scored, and their prompts.
    let responses: Int
    let prompts: Int
    let curves: [Curve]

    /// A labelled response.
    struct Response: Sendable {
        var label: Double
        var length: Int

        /// By each ranker, in the order of `rankers`.
        var scores: [Double]
    }

    /// - Parameters:
    ///   - responses: of each prompt.
    ///   - rankers: their names.
    init(_ responses: [[Response]], label: String, rankers: [String]) {
        self.label = label
        self.responses = responses.reduce(0) { $0 + $1.count }
        let prompts = responses.filter { !$0.isEmpty }
        self.prompts = prompts.count
        let pools = ["all": prompts.map { [$0] }, "equal-length": prompts.map(Self.ofEqualLength)]
        curves = pools.sorted { $0.key < $1.key }.flatMap { pool, prompts in
            rankers.indices.map { ranker in
                Curve(ranker: rankers[ranker], pool: pool, points: Self.points(prompts, ranker))
            }
        }
    }

    private static func ofEqualLength(_ responses: [Response]) -> [[Response]] {
        groupsOfEqualLength(responses.map(\.length)).map { $0.map { responses[$0] } }
    }

    /// - Parameter prompts: the groups of responses of each, among which one is chosen; a group counts by its size.
    private static func points(_ prompts: [[[Response]]], _ ranker: Int) -> [BestOfNPoint] {
        let groups = prompts.map { groups in
            groups.map { group in BestOfN(values: group.map(\.label), scores: group.map { $0.scores[ranker] }) }
        }
        let most = groups.joined().map(\.count).max() ?? 0
        var points: [BestOfNPoint] = []
        var n = 1
        while n <= most {
            let values = groups.map { groups -> Double? in
                let known = groups.compactMap { group in group.expected(n).map { (value: $0, count: group.count) } }
                let count = known.reduce(0) { $0 + $1.count }
                // A sum of shares may be above 1 by its last digit.
                return count > 0 ? min(known.reduce(0) { $0 + $1.value * Double($1.count) } / Double(count), 1) : nil
            }
            if let point = BestOfNPoint(n: n, values) { points.append(point) }
            n *= 2
        }
        return points
    }
}

extension BestOfNCurves {
    /// JSON with names in snake case, in one order.
    var serialized: [UInt8] { serializedFigures(self) }

    /// For a terminal.
    var lines: [String] {
        let shown = [1, 2, 4, 8, 16]
        let rows = curves.filter { !$0.points.isEmpty }.map { curve in
            [curve.ranker, curve.pool]
                + shown.map { n in
                    curve.points.first { $0.n == n }.map {
                        "\($0.value.percent) (\($0.low.percent) to \($0.high.percent))"
                    } ?? ""
                }
        }
        let promptRows = ["all", "equal-length"].map { pool in
            ["(prompts)", pool]
                + shown.map { n in
                    curves.first { $0.pool == pool }?.points.first { $0.n == n }.map { "\($0.prompts)" } ?? ""
                }
        }
        guard !rows.isEmpty else { return ["too few prompts have labelled responses for a curve: two are needed"] }
        return [
            "\(label.quoted) of the best of n, of \(responses.counted("response")) to \(prompts.counted("prompt")):"
        ]
            + TextTable.lines([["CHOSEN BY", "FROM"] + shown.map { "N = \($0)" }] + rows + promptRows)
            + ["(Compare within a column: with more n, fewer prompts have so many responses.)"]
    }
}
