import Testing

@testable import JobConfiguration

/// Rows with several responses, and which pairs are made of them.
@Suite struct ConfigurationRankedTests {
    private func dataset(_ columns: String, _ more: String...) throws -> Configuration.Dataset {
        try ConfigurationFixtures.read(
            ConfigurationFixtures.yaml("dataset", ["columns: {\(columns)}"] + more)
        ).dataset
    }

    @Test func columnsAndTheRuleAreRead() throws {
        let scores = try dataset("prompt: q, responses: c.r, scores: c.s.t", "pairs: best-rest")
        #expect(scores.ranked == .init(responses: "c.r", judgement: .scores("c.s.t")) && scores.prompt == "q")
        #expect(scores.pairs == .bestRest && scores.ranked?.judgement.text == "scores: c.s.t")
        #expect(try dataset("responses: r, ranks: k").ranked == .init(responses: "r", judgement: .ranks("k")))
        let best = try dataset("responses: r, best: b.c")
        #expect(best.ranked == .init(responses: "r", judgement: .best("b.c")) && best.pairs == nil)
    }

    @Test(arguments: [
        ("responses: r", "\"responses\" needs one of scores, ranks, best, which says which are better; found 0"),
        (
            "responses: r, scores: s, best: b",
            "\"responses\" needs one of scores, ranks, best, which says which are better; found 2"
        ),
        ("scores: s", "\"scores\" needs \"responses\", the column with several of them"),
        ("responses: r, scores: s, chosen: c", "\"responses\" and \"chosen\" exclude each other; found both"),
        ("responses: r., scores: s", "expected a column, and behind each dot a key, found \"r.\""),
    ])
    func whatDoesNotBelongTogetherIsAProblem(_ columns: String, _ problem: String) throws {
        let problems = try ConfigurationFixtures.problems(
            ConfigurationFixtures.yaml("dataset", "columns: {\(columns)}"))
        #expect(problems.count == 1 && problems[0].hasSuffix("dataset.columns: \(problem)"), "\(problems)")
    }

    @Test func anUnknownRuleIsAProblem() throws {
        let problems = try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("dataset", "pairs: worst"))
        #expect(problems.count == 1)
        #expect(problems[0].contains("one of all, adjacent, best-worst, best-rest"), "\(problems)")
    }
}
