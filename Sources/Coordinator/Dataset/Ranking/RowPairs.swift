internal import Diagnostics

/// The pairs that are made of one row with several responses.
struct RowPairs {
    /// A response as its column has it in the output: a text, or what its message says.
    struct Response {
        var name: String
        var text: String
        var rating: Double?
    }

    let responses: [Response]
    let pairs: [(better: Int, worse: Int)]

    /// What of the row is in no pair.
    let leftOut: LeftOutResponses
    private let areRanks: Bool

    /// - Parameter responses: the texts of those that were judged, in their order.
    /// - Throws: ``RowProblem`` where they make no pair.
    init(_ judged: JudgedResponses, _ responses: [Response]) throws(RowProblem) {
        self.responses = responses
        areRanks = judged.areRanks
        let found = judged.rule.pairs(of: judged.responses.map(\.merit))
        // Bytes, as the model reads them.
        pairs = found.filter { !responses[$0.better].text.utf8.elementsEqual(responses[$0.worse].text.utf8) }
        var leftOut = judged.leftOut
        leftOut.identicalPairs = found.count - pairs.count
        self.leftOut = leftOut
        guard pairs.isEmpty else { return }
        let passed = judged.count - responses.count
        let without = passed == 0 ? "" : " (\(passed) more have no text or nothing that says how good they are)"
        switch responses.count {
        case ..<2: throw .noPair("it has \(responses.count) responses to compare, a pair needs 2\(without)")
        case _ where found.isEmpty: throw .noPair("its \(responses.count) responses are all equally good\(without)")
        default: throw .noPair("those of its responses of which one is better are the same text\(without)")
        }
    }

    func ratings(of pair: (better: Int, worse: Int)) -> ResponseRatings? {
        guard let better = responses[pair.better].rating, let worse = responses[pair.worse].rating else { return nil }
        return ResponseRatings(preferred: better, other: worse, areRanks: areRanks)
    }

    func name(of pair: (better: Int, worse: Int)) -> String {
        "\(responses[pair.better].name) before \(responses[pair.worse].name)"
    }
}

/// Where a pair is from that was made of a row with several responses.
package struct PairOrigin: Hashable, Sendable {
    /// Which of the row's responses they are, for messages.
    package let name: String
    /// The better response as the row has it, with whatever it repeats of the prompt, and the worse one.
    package let chosen: String
    package let rejected: String
    /// What of the row is in no pair; nil but for the first of the row's pairs that can be read.
    package let leftOut: LeftOutResponses?
}
