import DatasetFixtures
import Diagnostics
import Margins
import Testing

@testable import Reports

@Suite struct EvaluationFiguresTests {
    private static let run = EvaluationFigures.Run(
        job: "a job", input: "/rows.jsonl", inputSha256: "1a", software: "1", model: "model.gguf", modelSha256: "2b",
        precision: "f32", template: "alpaca", layer: 21, layerCount: 30, token: "mean-response", ours: ["own"],
        legend: nil, failedRows: 0)

    private func arm(
        _ arm: RewardArm, _ head: RewardHead? = .linear, accuracy: Double = 0.6, _ difference: Double? = 0,
        p: Double = 1
    ) -> EvaluationFigures.Arm {
        EvaluationFigures.Arm(
            arm: arm, head: head, accuracy: accuracy, low: accuracy - 0.05, high: accuracy + 0.05,
            difference: difference, differenceLow: difference.map { $0 - 0.01 },
            differenceHigh: difference.map { $0 + 0.01 }, p: difference.map { _ in p / 10 },
            pHolm: difference.map { _ in p }, calibrationError: 0.03, marginSize: nil, seeds: 5, rows: 200)
    }

    private func figures(_ arms: [EvaluationFigures.Arm]) -> EvaluationFigures {
        EvaluationFigures(run: Self.run, rows: 200, prompts: 190, folds: 5, knownRows: 0, arms: arms)
    }

    /// The first of the sentences is of margins in the loss, the second of averaging.
    @Test func headlinesSayWhatIsMoreThanChance() {
        func headlines(_ arms: [EvaluationFigures.Arm]) -> [String] {
            Finding.headlines([arm(.none, nil, nil)] + arms)
        }
        let none = "Margins in the loss make no difference to a reward head here that could be measured."
        #expect(headlines([arm(.ours, .linear, 0.02, p: 0.06), arm(.written)])[0] == none)
        #expect(headlines([arm(.ours, .linear, 0.02, p: 0.04)])[0] == "Margins in the loss help a reward head here.")
        #expect(headlines([arm(.written, .mlp, -0.02, p: 0.04)])[0] == "Margins in the loss harm a reward head here.")
        let mixed = headlines([arm(.ours, .linear, 0.02, p: 0.01), arm(.written, .linear, -0.03, p: 0.001)])
        #expect(mixed[0].hasPrefix("Margins in the loss help and harm"))
        let idle = headlines([arm(.ours, .linear, 0.02, p: 0.01), arm(.shuffled, .linear, 0.02, p: 0.01)])
        #expect(idle[0].hasSuffix("and so do such as tell no pair from another."))
        #expect(headlines([arm(.averaged, .mlp, 0.02, p: 0.01)])[1] == "Averaging a head's score with ours helps.")
        #expect(headlines([arm(.averaged, .mlp, -0.02, p: 0.01)])[1] == "Averaging a head's score with ours harms.")
        #expect(headlines([arm(.averaged)])[1].contains("no difference"))
        #expect(headlines([arm(.score, nil, accuracy: 0.3)])[0].hasPrefix("Our score orders fewer of the rows"))
        #expect(headlines([arm(.score, nil, accuracy: 0.52)])[0] == "Our score orders the rows no better than chance.")
    }

    @Test func aFindingNamesWhatIsBetterAndWhatIsNot() {
        let arms = [
            arm(.none, .linear, nil), arm(.ours, .linear, 0.021, p: 0.0004), arm(.legend, .linear, -0.03, p: 0.002),
            arm(.averaged),
        ]
        let sentence = Finding(arms, head: .linear).sentence
        #expect(
            sentence.hasPrefix(
                "A linear head is better, beyond chance, with our margins (+2.1 (+1.1 to +3.1), p < 0.001)"))
        #expect(sentence.contains("worse, beyond chance, with Legend's margins (-3.0 (-4.0 to -2.0), p = 0.002)"))
        #expect(sentence.contains("no different beyond chance with no margin, averaged with our score (0.0"))
    }

    @Test func figuresAreReadFromTheirFileAndNoOthers() throws {
        let folder = try DatasetFolder()
        let whole = figures([arm(.none, .linear, nil), arm(.ours)])
        let path = try folder.write(whole.serialized, to: "out.evaluation.json")
        #expect(try EvaluationFigures(ifAt: path) == whole)
        let text = String(decoding: whole.serialized, as: UTF8.self)
        #expect(text.contains("\"p_holm\"") && text.contains("\"difference_low\""))
        for (damaged, problem) in [
            (
                text.replacing("\"accuracy\" : 0.6,", with: "\"accuracy\" : 7.5,"),
                "an accuracy with its interval that is none"
            ),
            (
                text.replacing("\"version\" : 1", with: "\"version\" : 9"),
                "expected version 1 of the evaluation, found 9"
            ),
            ("{}", "no version"),
        ] {
            let path = try folder.write(damaged, to: "damaged.json")
            let error = try #require(throws: Problem.self) { try EvaluationFigures(ifAt: path) }
            #expect("\(error)".contains(problem), "\(error)")
        }
    }

    /// Where the annotated rows are of another input, model or place.
    @Test func anotherJobsEvaluationIsNotShown() throws {
        var trust = try TrustFigures.fixture()
        let whole = figures([arm(.none, .linear, nil)])
        #expect(whole.misfit(nil) == nil)
        (trust.run.modelSha256, trust.run.template, trust.run.layer, trust.run.token) = (
            "2b", "alpaca", 21, "mean-response"
        )
        #expect(whole.misfit(trust) == nil)
        trust.run.inputSha256 = "other"
        #expect(whole.misfit(trust)?.contains("another input than") == true)
        (trust.run.inputSha256, trust.run.layer) = ("1a", 12)
        #expect(whole.misfit(trust)?.contains("another layer than") == true)
    }
}
