internal import JobConfiguration
internal import Margins

/// The bins that the output's margins are numbered by, and how their edges were made. The edges, given as
/// `margin.bins: {edges: …}`, number the same margins alike.
struct RowBins: Hashable, Sendable {
    let bins: MarginBins

    /// How, for a person and for files: `probabilities 0.5, 0.75, 0.9`; where that is not what was asked for, with the
    /// reason.
    let origin: String

    /// - Parameters:
    ///   - margins: of the output's rows.
    ///   - isLogOdds: whether that is the margins' unit.
    /// - Returns: nil where the choice is to have none.
    init?(_ choice: JobConfiguration.Configuration.Margin.Bins, of margins: [Double], isLogOdds: Bool) {
        switch choice {
        case .none: return nil
        case .automatic where isLogOdds: self.init(probabilities: Self.defaultProbabilities)
        case .automatic: self.init(quantiles: Self.defaultProbabilities.count + 1, of: margins)
        case .equalWidth(let count): self.init(equalWidth: count, of: margins)
        case .quantiles(let count): self.init(quantiles: count, of: margins)
        case .edges(let edges): self.init(MarginBins(edges: edges), "edges as configured")
        case .probabilities(let probabilities) where isLogOdds:
            self.init(probabilities: probabilities)
        case .probabilities(let probabilities):
            self.init(
                quantiles: probabilities.count + 1, of: margins,
                since: "probabilities need margins in log-odds, which these are not")
        }
    }

    /// Otherwise than labelled, as labelled but doubtful, likely, nearly certain.
    private static let defaultProbabilities = [0.5, 0.75, 0.9]

    /// - Parameter bins: nil where margins cannot be divided as asked: then all are in one bin.
    private init(_ bins: MarginBins?, _ origin: String) {
        guard let single = MarginBins(edges: []) else { preconditionFailure("no edges are ascending") }
        self.bins = bins ?? single
        self.origin = bins == nil ? "one bin: \(origin) cannot be made of these margins" : origin
    }

    private init(probabilities: [Double]) {
        let words = "probabilities \(probabilities.map(\.description).joined(separator: ", "))"
        self.init(MarginBins(probabilities: probabilities), words)
    }

    private init(quantiles count: Int, of margins: [Double], since reason: String? = nil) {
        self.init(
            MarginBins(quantiles: count, of: margins), "\(count) quantiles\(reason.map { " (\($0))" } ?? "")")
    }

    private init(equalWidth count: Int, of margins: [Double]) {
        let isFinite = margins.allSatisfy(\.isFinite)
        let range = isFinite ? margins.min().flatMap { least in margins.max().map { least...$0 } } : nil
        self.init(range.flatMap { MarginBins(equalWidth: count, over: $0) }, "\(count) bins of equal width")
    }
}
