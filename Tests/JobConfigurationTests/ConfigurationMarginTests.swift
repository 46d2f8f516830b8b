import JobConfiguration
import Testing

/// The section `margin`.
@Suite struct ConfigurationMarginTests {
    private typealias Bins = Configuration.Margin.Bins

    private func margin(_ lines: String...) throws -> Configuration.Margin {
        try ConfigurationFixtures.read(ConfigurationFixtures.yaml("margin", lines)).margin
    }

    private func problems(_ lines: String...) throws -> [String] {
        try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("margin", lines))
    }

    @Test func binsHaveOneOfSeveralForms() throws {
        let forms: [(String, Bins)] = [
            ("auto", .automatic), ("", .automatic), ("none", .none), ("{equal_width: 5}", .equalWidth(5)),
            ("{quantiles: 10}", .quantiles(10)), ("{edges: [-1, 0, 1.5]}", .edges([-1, 0, 1.5])),
            ("{edges: []}", .edges([])), ("{probabilities: [0.5, 0.75, 0.9]}", .probabilities([0.5, 0.75, 0.9])),
        ]
        for (text, expected) in forms { #expect(try margin("bins: \(text)").bins == expected, "\(text)") }
        #expect(try margin("unit: raw").bins == .automatic)
    }

    /// What a job reports of its edges is what the next one reads.
    @Test func edgesAreReadAsTheyAreWritten() throws {
        let edges = [
            -1.7e308, -12.5, -0.1, -.leastNonzeroMagnitude, 1.0986122886681098, 2.1972245773362196, 5e-05 + 3, 1e16,
            1e300,
        ]
        #expect(try margin("bins: {edges: \(edges)}").bins == .edges(edges))
    }

    @Test(arguments: [
        (
            "3",
            ":8:9: margin.bins: expected auto, none, or a section with one of equal_width, quantiles, edges and "
                + "probabilities, found \"3\""
        ),
        (
            "[1, 2]",
            ":8:9: margin.bins: expected auto, none, or a section with one of equal_width, quantiles, edges and "
                + "probabilities, found a list"
        ),
        ("{}", ":8:9: margin: \"bins\" needs one of equal_width, quantiles, edges and probabilities, found 0 keys"),
        (
            "{quantiles: 4, equal_width: 4}",
            ":8:9: margin: \"bins\" needs one of equal_width, quantiles, edges and probabilities, found 2 keys"
        ),
        ("{quantile: 4}", ":8:10: unknown key \"margin.bins.quantile\"; did you mean \"quantiles\"?"),
        ("{quantiles: 1}", ":8:21: margin.bins.quantiles: expected a whole number from 2 to 1000, found \"1\""),
        (
            "{equal_width: 1001}",
            ":8:23: margin.bins.equal_width: expected a whole number from 2 to 1000, found \"1001\""
        ),
        ("{edges: 1}", ":8:17: margin.bins.edges: expected a list of ascending numbers, found \"1\""),
        ("{edges: [0, 1, 1]}", ":8:24: margin.bins.edges: expected a list of ascending numbers, found \"1\""),
        ("{edges: [0, .inf]}", ":8:21: margin.bins.edges: expected a list of ascending numbers, found \".inf\""),
        ("{edges: [1:30]}", ":8:18: margin.bins.edges: expected a list of ascending numbers, found \"1:30\""),
        (
            "{probabilities: [0.5, 0.4]}",
            ":8:31: margin.bins.probabilities: expected a list of ascending numbers above 0 and below 1, found \"0.4\""
        ),
        (
            "{probabilities: [0, 0.5]}",
            ":8:26: margin.bins.probabilities: expected a list of ascending numbers above 0 and below 1, found \"0\""
        ),
        (
            "{probabilities: [0.5, 1]}",
            ":8:31: margin.bins.probabilities: expected a list of ascending numbers above 0 and below 1, found \"1\""
        ),
    ])
    func binsOfNoFormAreReported(_ text: String, _ expected: String) throws {
        #expect(try problems("bins: \(text)") == [expected])
    }

    @Test(arguments: ["raw", "standard"]) func probabilitiesNeedLogOdds(_ unit: String) throws {
        #expect(
            try problems("unit: \(unit)", "bins: {probabilities: [0.5]}") == [
                ":9:9: margin: \"bins\" of probabilities need margins in log-odds, found the unit \(unit)"
            ])
        #expect(try problems("unit: \(unit)", "bins: {edges: [0.5]}").isEmpty)
    }
}
