import JobConfiguration
import Testing

@Suite struct BesideOutputTests {
    @Test(arguments: ["x.jsonl", "x.json", "x.jsonl.gz", "x.json.zst", "x.jsonl.zst", "x.parquet"])
    func whatBelongsToAnOutputIsCalledAsItIs(output: String) {
        #expect(Configuration.Job.path(beside: "out/\(output)", ending: ".errors.jsonl") == "out/x.errors.jsonl")
    }

    @Test func otherEndingsStay() {
        #expect(Configuration.Job.path(beside: "out/x.rows", ending: ".trust.json") == "out/x.rows.trust.json")
    }
}
