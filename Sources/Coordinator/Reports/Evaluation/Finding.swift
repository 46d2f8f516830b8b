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
                "\(arm.arm.shownName) (\(arm.differenceText ?? "")\(standing == .same ? "" : ", p = \((arm.pHolm ?? 1).pText)"))"
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
        func standing(_ kinds: [RewardArm]) -> Standing {
            let found = arms.filter { kinds.contains($0.arm) }.map(\.standing)
            return found.contains(.better) && !found.contains(.worse)
                ? .better : found.contains(.worse) && !found.contains(.better) ? .worse : .same
        }
        let margins =
            switch standing([.ours, .written]) {
            case .better: "Margins in the loss help a reward head here."
            case .worse: "Margins in the loss harm a reward head here."
            case .same: "Margins in the loss make no difference to a reward head here that could be measured."
            }
        let average =
            switch standing([.averaged]) {
            case .better: "Averaging a head's score with ours helps."
            case .worse: "Averaging a head's score with ours harms."
            case .same: "Nor does averaging a head's score with ours."
            }
        let isNeither = standing([.ours, .written]) == .same
        return [
            margins,
            standing([.averaged]) == .same && !isNeither
                ? "Averaging a head's score with ours makes no difference that could be measured." : average,
        ]
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
