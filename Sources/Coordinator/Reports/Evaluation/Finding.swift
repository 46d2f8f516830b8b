internal import Margins

/// What came of the arms that a person asks for first, beside the head without a margin.
struct Finding: Hashable, Sendable {
    enum Standing: Hashable, Sendable {
        case better, worse, same
    }

    /// The head without a margin, and those that are compared with it.
    private let arms: [EvaluationFigures.Arm]
    private let head: RewardHead

    init(_ arms: [EvaluationFigures.Arm], head: RewardHead) {
        let asked: [RewardArm] = [.ours, .written, .legend, .averaged]
        self.arms = asked.compactMap { kind in arms.first { $0.arm == kind && $0.head == head } }
        self.head = head
    }

    /// For one head, what is better, what is worse and what is neither.
    var sentence: String {
        func part(_ standing: Standing, _ words: String) -> String? {
            let found = arms.filter { $0.standing == standing }.map { arm in
                "\(arm.arm.shownName) (\(arm.differenceText ?? "")\(standing == .same ? "" : ", \(arm.pHolm.map(\.pSentence) ?? "")"))"
            }
            return found.isEmpty ? nil : "\(words) \(found.joined(separator: ", "))"
        }
        let parts = [
            part(.better, "better, beyond chance, with"), part(.worse, "worse, beyond chance, with"),
            part(.same, "no different beyond chance with"),
        ].compactMap(\.self)
        return
            "\(head == .linear ? "A linear" : "An MLP") head is \(parts.joined(separator: "; ")). (Points of accuracy on rows of other prompts, 95 % intervals.)"
    }

    /// For all heads in a sentence, of margins in the loss and of averaging.
    static func headlines(_ arms: [EvaluationFigures.Arm]) -> [String] {
        func found(_ kinds: [RewardArm]) -> Set<Standing> {
            Set(arms.filter { kinds.contains($0.arm) }.map(\.standing)).subtracting([.same])
        }
        // Of what tells no pair from another nobody expects that it helps.
        let isIdle = found([.constant, .shuffled]).contains(.better)
        let margins =
            switch found([.ours, .written]) {
            case []: "Margins in the loss make no difference to a reward head here that could be measured."
            case [.better] where isIdle:
                "Margins in the loss help a reward head here, and so do such as tell no pair from another."
            case [.better]: "Margins in the loss help a reward head here."
            case [.worse]: "Margins in the loss harm a reward head here."
            default: "Margins in the loss help and harm a reward head here: it depends on how they are used."
            }
        let average =
            switch found([.averaged]) {
            case []: "Averaging a head's score with ours makes no difference that could be measured."
            case [.better]: "Averaging a head's score with ours helps."
            case [.worse]: "Averaging a head's score with ours harms."
            default: "Averaging with our score helps one head and harms another."
            }
        let score: String? = arms.first { $0.arm == .score }.flatMap { score in
            score.high < 0.5
                ? """
                Our score orders fewer of the rows as labelled than chance: what it is fitted on does not carry over to these rows, \
                or its two sides are swapped.
                """ : score.low <= 0.5 ? "Our score orders the rows no better than chance." : nil
        }
        return [score, margins, average].compactMap(\.self)
    }
}

extension EvaluationFigures.Arm {
    /// Beyond chance, with all comparisons counted.
    var standing: Finding.Standing {
        guard let pHolm, pHolm < 0.05, let difference else { return .same }
        return difference > 0 ? .better : .worse
    }

    /// In points, with its interval; nil for the head without a margin.
    var differenceText: String? {
        guard let difference, let differenceLow, let differenceHigh else { return nil }
        return "\(difference.pointsText) (\(differenceLow.pointsText) to \(differenceHigh.pointsText))"
    }
}

extension Double {
    /// A difference of shares, in points of a hundred, with its sign.
    var pointsText: String {
        let points = (self * 100).rounded(toPlaces: 1)
        return points > 0 ? "+\(points)" : points == 0 ? "0.0" : "\(points)"
    }

    var pSentence: String { self < 0.001 ? "p < 0.001" : "p = \(pText)" }
    var pText: String { self < 0.001 ? "< 0.001" : "\(rounded(toPlaces: 3))" }
}

extension RewardHead {
    var shownName: String {
        switch self {
        case .linear: "linear"
        case .mlp: "MLP"
        }
    }
}

extension RewardArm {
    /// For a table.
    var shownName: String {
        switch self {
        case .none: "no margin"
        case .constant: "constant margin"
        case .legend: "Legend's margins"
        case .ours: "our margins"
        case .written: "our margins as written"
        case .shuffled: "our margins, shuffled"
        case .ensemble: "RewardEnsemble's margins"
        case .averaged: "no margin, averaged with our score"
        case .score: "our score alone"
        case .legendScore: "Legend's score alone"
        }
    }
}
