import Foundation
import JobConfiguration
import Protocol
import Testing

@Suite struct ConfigurationProblemTests {
    @Test func everyProblemIsReportedAtOnceWithItsPlace() throws {
        let yaml = """
            job:
              input: [a, b]
              anchors: a.jsonl
              direction: d.safetensors
            modle:
              path: m.gguf
            embedding: last
            cluster:
              attempts: many
              listen: 127.0.0.1:5711
              hartbeat_seconds: 2
              insecure: perhaps
              lanes: 0
            """
        let problems = try ConfigurationFixtures.problems(yaml)
        #expect(
            problems == [
                ": job.output is missing",
                ":4:14: job: \"anchors\" and \"direction\" exclude each other; found both",
                ":2:10: job.input: expected a text, found a list",
                ": section \"model\" is missing",
                ": model.path is missing",
                ":7:12: embedding: expected a section (indented keys), found \"last\"",
                ":10:11: cluster.listen: expected tcp://HOST:PORT, found \"127.0.0.1:5711\"",
                ":12:13: cluster.insecure: expected true or false, found \"perhaps\"",
                ":13:10: cluster.lanes: expected auto or a whole number from 1 to 1024, found \"0\"",
                ":9:13: cluster.attempts: expected a whole number from 1 to 100, found \"many\"",
                ":5:1: unknown key \"modle\"; did you mean \"model\"?",
                ":11:3: unknown key \"cluster.hartbeat_seconds\"; did you mean \"heartbeat_seconds\"?",
            ])
    }

    @Test(arguments: ["65536", "99999", "99999999999999999999"]) func aPortThatIsNoneIsReported(_ port: String) throws {
        let yaml = """
            job: {input: a.jsonl, output: b.jsonl, anchors: c.jsonl}
            model: {path: m.gguf}
            cluster: {listen: 'tcp://127.0.0.1:\(port)'}
            """
        #expect(
            try ConfigurationFixtures.problems(yaml).map {
                $0.hasSuffix("expected a port from 0 to 65535, found \(port)")
            }
                == [true])
    }

    @Test func anErrorShowsAProblemALine() {
        #expect(ConfigurationError(problems: ["a.yaml:1:2: b", "a.yaml: c"]).description == "a.yaml:1:2: b\na.yaml: c")
    }

    @Test func anUnknownKeyUnlikeAnyOtherIsAnsweredWithAllThatAreKnown() throws {
        #expect(
            try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("embedding", "pooling: mean")) == [
                ":8:3: unknown key \"embedding.pooling\"; known here: template, compat, layer, token, control_tokens, "
                    + "keep_embeddings, keep_layers, keep_tokens"
            ])
    }

    @Test(arguments: [
        ("job", "naem: x", "name"), ("model", "presicion: f32", "precision"), ("dataset", "Format: hh", "format"),
        ("anchors", "refusals: x", "refusal"), ("cluster", "lane: 1", "lanes"),
        ("embedding", "compatt: none", "compat"),
    ])
    func aMisspeltKeyIsAnsweredWithTheRightOne(_ section: String, _ line: String, _ key: String) throws {
        let problems = try ConfigurationFixtures.problems(ConfigurationFixtures.yaml(section, line))
        #expect(problems.count == 1)
        #expect(problems.first?.hasSuffix("; did you mean \"\(key)\"?") == true, "\(problems)")
    }

    @Test func aKeyOfEarlierVersionsIsAnsweredWithTheNewOne() throws {
        #expect(
            try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("dataset", "replace_existing: true")) == [
                ":8:3: \"dataset.replace_existing\" is no key any more: it is dataset.existing_columns now: replace in "
                    + "place of true, refuse (the default) in place of false, or rename, which keeps the columns under "
                    + "other names"
            ])
        // No unknown key is answered with one that is gone.
        let unknown = try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("dataset", "columnns_kept: true"))
        #expect(unknown.count == 1 && unknown.allSatisfy { !$0.contains("replace_existing") }, "\(unknown)")
    }

    @Test func aKeyWithinColumnsIsCheckedToo() throws {
        let yaml = ConfigurationFixtures.yaml("dataset", "columns:", "  promt: q", "  other: r")
        #expect(
            try ConfigurationFixtures.problems(yaml) == [
                ":9:5: unknown key \"dataset.columns.promt\"; did you mean \"prompt\"?",
                ":10:5: unknown key \"dataset.columns.other\"; known here: prompt, chosen, rejected, responses, scores, "
                    + "ranks, best",
            ])
    }

    @Test(arguments: [
        ConfigurationFixtures.minimal + "cluster:\n  lanes: 1\n  lanes: 2\n", ConfigurationFixtures.minimal + "job:\n",
    ])
    func aKeyThatIsThereTwiceIsAnError(_ yaml: String) throws {
        let problems = try ConfigurationFixtures.problems(yaml)
        #expect(problems.count == 1)
        let key = yaml.contains("lanes") ? "lanes" : "job"
        #expect(problems.first?.hasPrefix(": not valid YAML: ") == true, "\(problems)")
        #expect(problems.first?.contains("duplicated key(s): '\(key)'") == true, "\(problems)")
    }

    @Test(arguments: ["", "# nothing", "- a\n- b", "text", "42"]) func aFileWithoutSectionsIsAnError(_ yaml: String)
        throws
    {
        #expect(
            try ConfigurationFixtures.problems(yaml) == [": expected a mapping with the sections job, model, …"])
    }

    @Test(arguments: ["job: [", "job: {a: 1", "a: b: c", "\tjob: 1", "job: *nobody", "job: \"open"])
    func aFileThatIsNotYAMLIsAnErrorWithItsPlace(_ yaml: String) throws {
        let problems = try ConfigurationFixtures.problems(yaml)
        #expect(problems.count == 1)
        #expect(problems.first?.contains(#/: not valid YAML: \d+:\d+: error/#) == true, "\(problems)")
    }

    /// Yams would make a number of it, or trap.
    @Test(arguments: ["9223372036854775807:59", "1:30"]) func aSexagesimalNumberIsRefused(_ number: String) throws {
        for (key, range) in [
            ("attempts", "whole number from 1 to 100"), ("stall_seconds", "number from 0.1 to 86400.0"),
        ] {
            #expect(
                try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("cluster", "\(key): \(number)")) == [
                    ":8:\(key.count + 5): cluster.\(key): expected a \(range), found \"\(number)\""
                ])
        }
    }

    @Test(arguments: ["attempts", "stall_seconds"]) func colonsAloneAreNoNumber(_ key: String) throws {
        #expect(try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("cluster", "\(key): '::'")).count == 1)
    }

    /// To compare keys, Yams visits all that they stand for: 2^40 texts here.
    @Test func aliasesOfAliasesOfAliasesAreRefused() throws {
        let lists = (1...40).map { "a\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
        #expect(
            try ConfigurationFixtures.problems("a0: &a0 x\n\(lists)? *a40\n: 1\n") == [
                ": expected at most 32 aliases (*name), found 81"
            ])
    }

    @Test func aFewAliasesAndStarsInTextsAreRead() throws {
        let template = String(repeating: "* **a** 2 * 3 ", count: 100)
        let yaml = ConfigurationFixtures.yaml("embedding", "template: \"\(template)\"").replacing(
            "rows.jsonl", with: "&rows rows.jsonl"
        ).replacing("anchors.jsonl", with: "*rows")
        #expect(try ConfigurationFixtures.problems(yaml).isEmpty)
    }

    @Test func aFileThatIsTooLargeForAConfigurationIsRefused() throws {
        let path = NSTemporaryDirectory() + "legend-configuration-\(UUID().uuidString)"
        defer { unlink(path) }
        let comment = "#" + String(repeating: "x", count: (1 << 20) - ConfigurationFixtures.minimal.utf8.count - 1)
        try (ConfigurationFixtures.minimal + comment).write(toFile: path, atomically: true, encoding: .utf8)
        _ = try Configuration(contentsOf: path)
        try (ConfigurationFixtures.minimal + comment + "x").write(toFile: path, atomically: true, encoding: .utf8)
        #expect(
            throws: ConfigurationError(problems: [
                "\(path): cannot read the configuration: expected at most 1048576 bytes, found more"
            ])
        ) { try Configuration(contentsOf: path) }
    }

    /// What Legend's released code does is not to be chosen.
    @Test func compatibilityLeavesNothingToTheFit() throws {
        let problem =
            ": embedding.compat: legend needs one file of anchors without anchors.kind or a saved direction, and does not "
            + "go with auto for embedding.layer or embedding.token"
        for place in [["layer: auto"], ["token: auto"], ["layer: auto", "token: auto"]] {
            let yaml = ConfigurationFixtures.yaml("embedding", place + ["compat: legend"])
            #expect(try ConfigurationFixtures.problems(yaml) == [problem])
        }
        let own = ConfigurationFixtures.yaml("embedding", "compat: legend").replacing("anchors.jsonl", with: "own")
        #expect(try ConfigurationFixtures.problems(own) == [problem])
        let kinds = ConfigurationFixtures.yaml("embedding", "compat: legend") + "anchors: {kind: sort}\n"
        #expect(try ConfigurationFixtures.problems(kinds) == [problem])
        let ridge = ConfigurationFixtures.yaml("embedding", "compat: legend") + "direction: {estimator: ridge}\n"
        #expect(
            try ConfigurationFixtures.problems(ridge) == [
                ": embedding.compat: legend needs direction.estimator: mean-difference, or auto; found ridge"
            ])
    }

    @Test func whatIsKeptIsNotChosenByTheRows() throws {
        let problem =
            ": embedding.keep_embeddings needs embedding.layer and embedding.token that are not auto (what else is to be "
            + "kept goes into keep_layers and keep_tokens), and one file of anchors without anchors.kind or a saved "
            + "direction"
        for place in [[], ["layer: 3"], ["token: last"]] {
            let yaml = ConfigurationFixtures.yaml("embedding", place + ["keep_embeddings: true"])
            #expect(try ConfigurationFixtures.problems(yaml) == [problem])
        }
        let yaml = ConfigurationFixtures.yaml("embedding", "layer: 3", "token: last", "keep_embeddings: true")
        #expect(try ConfigurationFixtures.problems(yaml) == [])
        let own = yaml.replacing("anchors.jsonl", with: "own")
        #expect(try ConfigurationFixtures.problems(own) == [problem])
    }

    @Test func wordsInPlaceOfAPlaceAreNamed() throws {
        let problems = try ConfigurationFixtures.problems(
            ConfigurationFixtures.yaml("embedding", "layer: best", "token: first"))
        #expect(
            problems.map { $0.split(separator: ": ", maxSplits: 1).last.map(String.init) } == [
                "embedding.layer: expected auto or a whole number from -1000 to 1000, found \"best\"",
                "embedding.token: expected one of auto, last, mean, mean-response, found \"first\"",
            ])
    }

    @Test(arguments: [
        ("input", "out/safe.jsonl.gz", "job.output (/jobs/today/out/safe.jsonl.gz) is the same as job.input"),
        ("direction_output", "rows.jsonl", "job.direction_output (/jobs/today/rows.jsonl) is the same as job.input"),
        (
            "direction_output", "./out/safe.jsonl.gz",
            "job.direction_output (/jobs/today/out/safe.jsonl.gz) is the same as job.output"
        ),
        (
            "direction_output", "anchors.jsonl",
            "job.direction_output (/jobs/today/anchors.jsonl) is the same as job.anchors"
        ),
        ("anchors", "out/safe.jsonl.gz", "job.output (/jobs/today/out/safe.jsonl.gz) is the same as job.anchors"),
        ("embeddings", "out/safe.state", "job.embeddings (/jobs/today/out/safe.state) is the same as job.state"),
        ("errors", "rows.jsonl", "job.errors (/jobs/today/rows.jsonl) is the same as job.input"),
        ("input", "out/safe.errors.jsonl", "job.errors (/jobs/today/out/safe.errors.jsonl) is the same as job.input"),
    ])
    func aJobNeverWritesOverItsOwnFiles(_ key: String, _ path: String, _ problem: String) throws {
        let others = ConfigurationFixtures.minimal.split(separator: "\n").filter { !$0.contains("\(key):") }
        let lines = others[..<1] + ["  \(key): \(path)"] + others[1...]
        #expect(
            try ConfigurationFixtures.problems(
                (lines + ["embedding: {layer: -1, token: last, keep_embeddings: true}"]).joined(separator: "\n"))
                == [": \(problem)"])
    }

    @Test func theAnchorsMayBeRowsOfTheInput() throws {
        let yaml = ConfigurationFixtures.minimal.replacing("anchors.jsonl", with: "rows.jsonl")
        #expect(try ConfigurationFixtures.problems(yaml).isEmpty)
    }

    @Test func oneLateHeartbeatMustNotEndAWorker() throws {
        let good = ConfigurationFixtures.yaml("cluster", "heartbeat_seconds: 3", "silence_seconds: 6")
        #expect(try ConfigurationFixtures.problems(good).isEmpty)
        let bad = ConfigurationFixtures.yaml("cluster", "heartbeat_seconds: 3", "silence_seconds: 5.9")
        #expect(
            try ConfigurationFixtures.problems(bad) == [
                ": cluster.silence_seconds (5.9) must be at least twice cluster.heartbeat_seconds (3.0), "
                    + "or one late heartbeat ends a worker"
            ])
    }

    @Test func whatIsKeptNeedsTheSwitch() throws {
        for line in ["keep_layers: [3]", "keep_tokens: []"] {
            #expect(
                try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("embedding", line)) == [
                    ": embedding: keep_layers and keep_tokens need keep_embeddings: true"
                ])
        }
        let bad = ConfigurationFixtures.yaml(
            "embedding", "compat: legend", "keep_embeddings: true", "keep_tokens: [mean-response]")
        #expect(
            try ConfigurationFixtures.problems(bad) == [
                ": embedding.compat: legend needs embedding.keep_tokens of last, or mean over the whole text"
            ])
    }

    @Test func noMoreIsKeptThanAWorkerIsTold() throws {
        let layers = (-700...700).map(String.init).joined(separator: ", ")
        let yaml = ConfigurationFixtures.yaml(
            "embedding", "layer: -1", "token: last", "keep_embeddings: true", "keep_layers: [\(layers)]",
            "keep_tokens: [last, mean, mean-response]"
        )
        #expect(
            try ConfigurationFixtures.problems(yaml) == [
                ": embedding: keep_layers and keep_tokens: expected at most 4096 embeddings of each text, found "
                    + "1401 layers × 3 tokens"
            ])
    }

    @Test(arguments: [
        ("secret_key", ":8:15: cluster: \"secret_key\" needs \"allowed_keys\", the workers' public keys"),
        ("allowed_keys", ":8:17: cluster: \"allowed_keys\" needs \"secret_key\", the coordinator's own key"),
    ])
    func oneHalfOfTheKeysIsNone(_ key: String, _ problem: String) throws {
        #expect(try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("cluster", "\(key): k")) == [problem])
    }

    @Test func keysMakeAnyAddressGoodAndAnInsecureOneContradictsThem() throws {
        let keys = ["listen: 'tcp://0.0.0.0:5711'", "secret_key: s", "allowed_keys: a"]
        #expect(try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("cluster", keys)).isEmpty)
        let problems = try ConfigurationFixtures.problems(
            ConfigurationFixtures.yaml("cluster", keys + ["insecure: true"]))
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix(": cluster.insecure: true says that anybody may join") == true, "\(problems)")
    }

    @Test func legendsSettingsMustBeLegends() throws {
        for token in ["last", "mean"] {
            let good = ConfigurationFixtures.yaml("embedding", "compat: legend", "token: \(token)")
            #expect(try ConfigurationFixtures.problems(good).isEmpty)
        }
        let bad = ConfigurationFixtures.yaml("embedding", "compat: legend", "template: chat", "token: mean-response")
        #expect(
            try ConfigurationFixtures.problems(bad) == [
                ": embedding.compat: legend needs embedding.template: alpaca, or auto",
                ": embedding.compat: legend needs embedding.token: last, or mean over the whole text",
            ])
    }
}
