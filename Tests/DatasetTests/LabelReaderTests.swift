import Dataset
import DatasetFixtures
import Testing

/// How strongly rows were labelled, as their columns say it.
@Suite struct LabelReaderTests {
    private func read(_ text: String, _ columns: LabelColumns, name: String = "rows.jsonl") throws
        -> (strengths: [Double?], shares: [Double?], reader: LabelReader)
    {
        var reader = LabelReader(columns)
        let records = try records(text, name: name).filter { $0.pair != nil }
        let strengths = records.map { reader.strength(of: $0) }
        return (strengths, records.map { reader.share(of: $0) }, reader)
    }

    private func pku(_ safer: Int, _ first: String, _ second: String) -> String {
        """
        {"prompt": "p", "response_0": "a", "response_1": "b", "safer_response_id": \(safer), \
        "response_0_severity_level": \(first), "response_1_severity_level": \(second)}
        """
    }

    private func row(_ members: String) -> String { #"{"prompt": "p", "chosen": "a", "rejected": "b", \#(members)}"# }

    @Test func severitiesFollowTheSaferResponse() throws {
        let rows = [pku(0, "0", "3"), pku(1, "3", "1"), pku(1, "0", "0"), pku(0, "2", "1"), pku(0, "null", "1")]
        let (strengths, _, reader) = try read(
            rows.joined(separator: "\n"), LabelColumns(strength: LabelColumns.pkuSeverities))
        #expect(strengths == [3, 2, 0, -1, nil])
        #expect((reader.strengths.rows, reader.strengths.unusable, reader.strengths.contradicting) == (4, 1, 1))
        let key = "dataset.strength (response_0_severity_level, response_1_severity_level)"
        #expect(
            reader.lines == [
                key + ": 1 row has no such value, which no figure of strength counts; the first: row 4 on line 5: "
                    + #""response_0_severity_level": expected a number, found null"#,
                key + ": 1 row contradicts its label: the labelled strength is below 0; the first: row 3 on line 4",
            ])
    }

    @Test func pairsOfOneRowHaveTheDifferenceOfWhatOrdersThem() throws {
        let scored = #"{"prompt": "p", "responses": ["a", "b", "c"], "scores": [1, 4.5, 2]}"#
        let ranked = #"{"prompt": "p", "responses": ["a", "b"], "ranks": [3, 1]}"#
        let best = #"{"prompt": "p", "responses": ["a", "b"], "best": 1}"#
        for (row, expected) in [(scored, [3.5, 2.5, 1]), (ranked, [2]), (best, nil)] as [(String, [Double]?)] {
            let folder = try DatasetFolder()
            let path = try folder.write(row, to: "rows.jsonl")
            var reader = try DatasetReader(path: path, options: DatasetOptions(purpose: .row))
            #expect(reader.knownStrength == expected.map { _ in .ratingsOfPairs })
            var labels = LabelReader(LabelColumns(strength: reader.knownStrength))
            var strengths: [Double] = []
            while let record = try reader.next() {
                if let strength = labels.strength(of: record) { strengths.append(strength) }
            }
            #expect(strengths.sorted(by: >) == expected ?? [])
        }
    }

    @Test func severitiesAreKnownWhereTheyAreThere() throws {
        func known(_ text: String) throws -> LabelColumns.Strength? {
            let folder = try DatasetFolder()
            return try DatasetReader(path: folder.write(text, to: "rows.jsonl"), options: DatasetOptions(purpose: .row))
                .knownStrength
        }
        #expect(try known(pku(0, "0", "1")) == LabelColumns.pkuSeverities)
        #expect(
            try known(#"{"prompt": "p", "response_0": "a", "response_1": "b", "safer_response_id": 0}"#) == nil)
        #expect(
            try known(row(#""response_0_severity_level": 1, "response_1_severity_level": 2"#)) == nil,
            "another format")
    }

    @Test func aStrengthIsASizeOrADifference() throws {
        let size = try read(row(#""s": -3"#) + "\n" + row(#""s": 1.5"#), LabelColumns(strength: .size("s")))
        #expect(size.strengths == [3, 1.5] && size.reader.lines.isEmpty)
        let sides = LabelColumns.Sides.sides(chosen: "c", rejected: "r")
        let text = row(#""c": 4, "r": "1""#)
        #expect(try read(text, LabelColumns(strength: .ratings(sides))).strengths == [3])
        #expect(try read(text, LabelColumns(strength: .severities(sides))).strengths == [-3])
    }

    @Test func tablesSayItToo() throws {
        let text = "prompt,chosen,rejected,s,up,down\np,a,b,2,3,1\np,a,b,,0,0\n"
        let columns = LabelColumns(strength: .size("s"), votes: .counts(.sides(chosen: "up", rejected: "down")))
        let (strengths, shares, reader) = try read(text, columns, name: "rows.csv")
        #expect(strengths == [2, nil] && shares == [0.75, nil])
        #expect(
            reader.lines == [
                #"dataset.strength (s): 1 row has no such value, which no figure of strength counts; the first: "#
                    + #"row 1 on line 3: "s": expected a number, found """#,
                #"dataset.votes (up, down): 1 row has no such value, which calibration does not learn of; the "#
                    + #"first: row 1 on line 3: up, down: expected a vote at least, found none"#,
            ])
    }

    /// What a column of the output's name says is read before the output has its own.
    @Test func columnsThatOutputsAddAreReadAsTheInputHasThem() throws {
        let sides = LabelColumns.Sides.sides(chosen: "score_chosen", rejected: "score_rejected")
        let text = row(#""score_chosen": 8.5, "score_rejected": 6"#)
        #expect(try read(text, LabelColumns(strength: .ratings(sides))).strengths == [2.5])
    }

    @Test(arguments: [
        ("\"x\"", #"expected a number, found a string"#), ("true", "expected a number, found a boolean"),
        ("[1]", "expected a number, found an array"), ("null", "expected a number, found null"),
        ("\"nan\"", "expected a number, found a string"), ("\"0x1\"", "expected a number, found a string"),
        ("1e999", "expected a number, found 1e999"), ("-0.1", "expected a share from 0 to 1, found -0.1"),
        ("85", "expected a share from 0 to 1, found 85.0"),
    ])
    func whatIsNoShareIsSaid(_ value: String, _ problem: String) throws {
        let (_, shares, reader) = try read(
            row(#""q": 0.8"#) + "\n" + row("\"q\": \(value)"), LabelColumns(votes: .share("q")))
        #expect(shares == [0.8, nil])
        #expect(reader.votes.unusable == 1 && reader.lines.first?.hasSuffix("\"q\": \(problem)") == true)
    }

    @Test func votesAreSharesOfAll() throws {
        let columns = LabelColumns(votes: .counts(.numbered("v0", "v1")))
        func row(_ safer: Int, _ first: Int, _ second: Int) -> String {
            """
            {"prompt": "p", "response_0": "a", "response_1": "b", "safer_response_id": \(safer), "v0": \(first), \
            "v1": \(second)}
            """
        }
        let rows = [row(0, 3, 1), row(1, 3, 1), row(1, -1, 1), row(1, 0, 5)]
        let (_, shares, reader) = try read(rows.joined(separator: "\n"), columns)
        #expect(shares == [0.75, 0.25, nil, 1])
        #expect(reader.votes.contradicting == 1)
        #expect(
            reader.lines.first?.hasSuffix(#"row 2 on line 3: "v0": expected votes, none or more, found -1.0"#) == true,
            "\(reader.lines)")
    }
}
