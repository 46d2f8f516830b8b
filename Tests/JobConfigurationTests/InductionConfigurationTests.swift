import Foundation
import JobConfiguration
import Protocol
import Testing

struct InductionConfigurationTests {
    private func configuration(
        _ sections: String, overrides: [String] = [], candidates: InductionConfiguration.Candidates? = nil
    ) throws -> InductionConfiguration {
        try InductionConfiguration(
            yaml: sections + "\nmodel: {path: m.gguf}\n", path: "/jobs/cluster.yaml", overrides: overrides,
            candidates: candidates, environment: [:])
    }

    private func problems(_ sections: String, candidates: InductionConfiguration.Candidates? = nil) -> [String] {
        do {
            _ = try configuration(sections, candidates: candidates)
            return []
        } catch let error as ConfigurationError {
            return error.problems
        } catch {
            return ["\(error)"]
        }
    }

    @Test func aShortConfigurationIsTheReleasedProcedureWithRefusalsThatVary() throws {
        let read = try configuration("induction: {prompts: q.jsonl, output: out/anchors.jsonl}")
        #expect(read.induction.prompts == "/jobs/q.jsonl" && read.induction.output == "/jobs/out/anchors.jsonl")
        #expect(read.induction.errors == "/jobs/out/anchors.errors.jsonl")
        #expect(read.induction.state == "/jobs/out/anchors.state")
        let generated = InductionConfiguration.Side(
            kind: "harmful", origin: .generated(system: nil, template: nil))
        #expect(
            read.induction.sides
                == .anchors(harmful: generated, harmless: [.init(kind: "refusal", origin: .refusals)]))
        #expect(read.generation.settings == GenerationSettings(maxNewTokens: 1024))
        #expect(read.generation.sequences == 64 && read.generation.cacheBytes == 1 << 30)
        #expect(read.generation.cutOff == .keep && read.template == "auto" && read.compatibility == .none)
    }

    @Test func sidesAreFromTheModelAColumnOrRefusals() throws {
        let read = try configuration(
            """
            induction:
              prompts: q.jsonl
              output: a.jsonl
              harmful: {column: bad}
              harmless: [{kind: calm, system: Be calm., template: chatml}, {refusals: true}, {kind: given, column: good}, Be kind.]
            """)
        #expect(
            read.induction.sides
                == .anchors(
                    harmful: .init(kind: "harmful", origin: .column("bad")),
                    harmless: [
                        .init(kind: "calm", origin: .generated(system: "Be calm.", template: "chatml")),
                        .init(kind: "harmless 2", origin: .refusals), .init(kind: "given", origin: .column("good")),
                        .init(kind: "harmless 4", origin: .generated(system: "Be kind.", template: nil)),
                    ]))
    }

    /// Copied as people do, with every section that there is.
    @Test func theExampleIsReadWithPromptsOfTheCommandLine() throws {
        let example = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "cluster.yaml").path
        let read = try InductionConfiguration(
            contentsOf: example,
            overrides: ["induction.prompts=/p.jsonl", "induction.output=/pool.jsonl", "generation.temperature=1"],
            candidates: .init(count: 2))
        #expect(read.induction.prompts == "/p.jsonl" && read.induction.output == "/pool.jsonl")
    }

    /// What a file says of its anchors' places is not where candidates go.
    @Test func candidatesHavePlacesOfTheirOwn() throws {
        let read = try configuration(
            "induction: {prompts: q.jsonl, output: a.jsonl, state: s, errors: e.jsonl, columns: {prompt: goal}, candidates: {system: Be brief.}}",
            overrides: [
                "induction.prompts=/p.csv", "induction.output=/pool.jsonl", "generation.temperature=1",
            ], candidates: .init(count: 3, column: "text"))
        #expect(read.induction.prompts == "/p.csv" && read.induction.output == "/pool.jsonl")
        #expect(read.induction.promptColumn == "text")
        #expect(read.induction.state == "/pool.state" && read.induction.errors == "/pool.errors.jsonl")
        #expect(
            read.induction.sides
                == .candidates(
                    .init(kind: "candidate", origin: .generated(system: "Be brief.", template: nil)), count: 3))
    }

    @Test func candidatesAreGeneratedAndDiffer() {
        let file =
            "induction: {prompts: q.jsonl, output: a.jsonl, candidates: {column: c}}\ngeneration: {temperature: 1}"
        #expect(
            problems(file, candidates: .init(count: 2)).contains {
                $0.contains("induction.candidates: expected a side")
            })
        let greedy = "induction: {prompts: q.jsonl, output: a.jsonl}"
        #expect(problems(greedy, candidates: .init(count: 2)).contains { $0.contains("gives the same text 2 times") })
        #expect(problems(greedy, candidates: .init(count: 1)).isEmpty)
    }

    /// One file describes several jobs, and each reads its own sections.
    @Test func otherSectionsAreLetBeAndOwnKeysAreKnown() throws {
        let sections = """
            job: {input: rows.jsonl, output: out.jsonl, anchors: a.jsonl}
            anchors: {kind: kind}
            embedding: {template: plain, layer: 3, token: last}
            induction: {prompts: q.jsonl, output: a.jsonl}
            generation: {max_new_tokens: 5, temperature: 0.5, top_p: 0.9, seed: 7, stop: [a, b], cut_off: error}
            """
        let read = try configuration(sections)
        #expect(read.template == "plain" && read.generation.cutOff == .error)
        #expect(
            read.generation.settings
                == GenerationSettings(maxNewTokens: 5, temperature: 0.5, topP: 0.9, seed: 7, stops: ["a", "b"]))
        _ = try Configuration(yaml: sections + "\nmodel: {path: m.gguf}\n", path: "/jobs/cluster.yaml")
        #expect(problems(sections + "\nother: {}").count == 1)
        let typos = problems("induction: {prompts: q, output: a, harmfull: {}}\ngeneration: {top_k: 3}")
        #expect(typos.count == 2)
        #expect(typos[0].contains("unknown key \"induction.harmfull\"; did you mean \"harmful\"?"))
        #expect(typos[1].contains("unknown key \"generation.top_k\""))
    }

    @Test(arguments: [
        ("generation: {}", "section \"induction\" is missing"),
        ("induction: {output: a.jsonl}", "induction.prompts is missing"),
        ("induction: {prompts: q.jsonl}", "induction.output is missing"),
        (
            "induction: {prompts: q, output: a, harmful: {column: x, system: y}}",
            "expected one of \"column\", \"refusals: true\" and what is generated"
        ),
        (
            "induction: {prompts: q, output: a, harmless: [{kind: x, system: s}, {kind: x, refusals: true}]}",
            "expected another kind for each"
        ),
        (
            "induction: {prompts: q, output: a, harmful: {kind: x, system: s}, harmless: [s]}",
            "than the harmful side's, found one that is from the same"
        ),
        (
            "induction: {prompts: q, output: a, harmless: [\((0..<17).map { "s\($0)" }.joined(separator: ", "))]}",
            "induction: expected at most 16, found 17"
        ),
        ("induction: {prompts: q, output: q}", "is the same as induction.prompts"),
        (
            "induction: {prompts: q, output: a}\ngeneration: {max_new_tokens: 0}",
            "max_new_tokens: expected a whole number"
        ),
        (
            "induction: {prompts: q, output: a}\ngeneration: {temperature: -1}",
            "temperature: expected a number from 0.0"
        ),
        ("induction: {prompts: q, output: a}\ngeneration: {stop: ['']}", "stop: expected texts of 1 to 256 bytes"),
        (
            "induction: {prompts: q, output: a}\ncluster: {listen: 'tcp://0.0.0.0:1'}",
            "anybody who reaches this address"
        ),
    ])
    func whatIsWrongIsSaid(_ sections: String, _ expected: String) {
        let found = problems(sections)
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }
}
