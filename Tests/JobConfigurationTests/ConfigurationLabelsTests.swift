import JobConfiguration
import Testing

/// What the section `dataset` says of how strongly rows were labelled.
@Suite struct ConfigurationLabelsTests {
    private typealias Dataset = Configuration.Dataset

    private func dataset(_ lines: String...) throws -> Dataset {
        try ConfigurationFixtures.read(ConfigurationFixtures.yaml("dataset", lines)).dataset
    }

    private func problems(_ lines: String...) throws -> [String] {
        try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("dataset", lines))
    }

    @Test func strengthHasOneOfSeveralForms() throws {
        let forms: [(String, Dataset.Strength)] = [
            ("auto", .automatic), ("", .automatic), ("none", .none),
            ("{column: preference_strength}", .size("preference_strength")),
            ("{ratings: {chosen: a, rejected: b}}", .ratings(.sides(chosen: "a", rejected: "b"))),
            ("{severities: {chosen: a, rejected: b}}", .severities(.sides(chosen: "a", rejected: "b"))),
            (
                "{severities: {response_0: a, response_1: b}}",
                .severities(.numbered(response0: "a", response1: "b"))
            ),
        ]
        for (text, expected) in forms { #expect(try dataset("strength: \(text)").strength == expected, "\(text)") }
    }

    @Test func votesHaveOneOfSeveralForms() throws {
        let forms: [(String, Dataset.Votes?)] = [
            ("none", nil), ("", nil), ("{share: agreement}", .share("agreement")),
            ("{chosen: a, rejected: b}", .counts(.sides(chosen: "a", rejected: "b"))),
            ("{response_0: a, response_1: b}", .counts(.numbered(response0: "a", response1: "b"))),
        ]
        for (text, expected) in forms { #expect(try dataset("votes: \(text)").votes == expected, "\(text)") }
    }

    private static let sides = "chosen and rejected, or response_0 and response_1 where format is pku"

    @Test(arguments: [
        (
            "strength: 3",
            ":8:13: dataset.strength: expected auto, none, or a section with one of column, ratings and severities, "
                + "found \"3\""
        ),
        (
            "strength: {}",
            ":8:13: dataset: \"strength\" needs one of column, ratings and severities, found 0 keys"
        ),
        (
            "strength: {column: a, ratings: {chosen: b, rejected: c}}",
            ":8:13: dataset: \"strength\" needs one of column, ratings and severities, found 2 keys"
        ),
        ("strength: {columns: a}", ":8:14: unknown key \"dataset.strength.columns\"; did you mean \"column\"?"),
        (
            "strength: {ratings: a}",
            ":8:23: dataset.strength.ratings: expected a section with \(sides), found \"a\""
        ),
        ("strength: {ratings: {chosen: a}}", ":8:23: dataset.strength: \"ratings\" needs \(sides)"),
        (
            "strength: {ratings: {chosen: a, response_1: b}}", ":8:23: dataset.strength: \"ratings\" needs \(sides)"
        ),
        (
            "votes: 3", ":8:10: dataset.votes: expected none, or a section with share, or with \(sides), found \"3\""
        ),
        (
            "votes: {share: a, chosen: b}",
            ":8:10: dataset: \"votes\" needs share alone, or a column for each response"
        ),
        ("votes: {rejected: b}", ":8:10: dataset: \"votes\" needs \(sides)"),
    ])
    func whatIsNoFormIsReported(_ line: String, _ expected: String) throws {
        #expect(try problems(line) == [expected])
    }
}
