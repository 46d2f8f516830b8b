/// Which pairs are made of a row with several responses. Equally good ones never make one.
package enum PairRule: String, CaseIterable, Sendable {
    /// Each two of which one is better.
    case all
    /// Each response with all that are next to it downwards: of what is worse, the best.
    case adjacent
    /// One pair: of equally good or bad ones the first.
    case bestWorst = "best-worst"
    /// The best one, of equals the first, with each that is worse.
    case bestRest = "best-rest"

    /// The pairs by the places of the better and the worse response, by the better one's place among the best, then the worse
    /// one's; of equals the first comes first.
    ///
    /// - Parameter merits: how good each response is: more is better.
    func pairs(of merits: [Double]) -> [(better: Int, worse: Int)] {
        let order = merits.indices.sorted { (merits[$1], $0) < (merits[$0], $1) }
        guard let best = order.first, let last = order.last, merits[best] > merits[last] else { return [] }
        switch self {
        case .all:
            return order.flatMap { better in
                order.filter { merits[$0] < merits[better] }.map { (better, $0) }
            }
        case .adjacent:
            return order.flatMap { better in
                let below = order.first { merits[$0] < merits[better] }
                return order.filter { worse in below.map { merits[$0] == merits[worse] } ?? false }.map { (better, $0) }
            }
        case .bestWorst:
            return order.first { merits[$0] == merits[last] }.map { [(best, $0)] } ?? []
        case .bestRest:
            return order.filter { merits[$0] < merits[best] }.map { (best, $0) }
        }
    }
}
