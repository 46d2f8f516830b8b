import Diagnostics
import Foundation
import Testing

@testable import JobConfiguration

@Suite struct PathTextTests {
    private static let environment = ["SCRATCH": "/scratch/me", "USER_2": "ada", "EMPTY": "", "HOME": "/home/me"]

    @Test(arguments: [
        ("rows.jsonl", "rows.jsonl"), ("$SCRATCH/rows.jsonl", "/scratch/me/rows.jsonl"),
        ("${SCRATCH}/rows.jsonl", "/scratch/me/rows.jsonl"), ("${SCRATCH}$USER_2.jsonl", "/scratch/meada.jsonl"),
        ("rows.$USER_2", "rows.ada"), ("cost$$5/$$$USER_2", "cost$5/$ada"), ("~", "/home/me"),
        ("~/rows.jsonl", "/home/me/rows.jsonl"), ("./~/rows", "./~/rows"), ("rows~", "rows~"),
        ("~root/rows.jsonl", NSHomeDirectoryForUser("root")! + "/rows.jsonl"),
    ])
    func aPathIsExpandedAsAShellExpandsIt(_ text: String, _ expected: String) throws {
        #expect(try PathText(text).expanded(in: Self.environment) == expected)
    }

    @Test(arguments: [
        ("$NOWHERE/a", "the variable NOWHERE is not set"), ("$EMPTY/a", "the variable EMPTY is empty"),
        (
            "$NOWHERE/${EMPTY}/$SCRATCH/$GONE",
            "the variable NOWHERE is not set, the variable EMPTY is empty, the variable GONE is not set"
        ),
        (
            "~nobody-of-that-name/a",
            "no user \"nobody-of-that-name\" is known, whose home folder ~nobody-of-that-name would be"
        ),
    ])
    func whatIsNotKnownIsNamed(_ text: String, _ expected: String) throws {
        let error = #expect(throws: Problem.self) { try PathText(text).expanded(in: Self.environment) }
        #expect(error?.description == expected)
    }

    @Test(arguments: ["a$", "a$/b", "$5", "${SCRATCH", "${}", "${SCRATCH:-/tmp}", "$(pwd)", "${5}"])
    func aDollarSignThatStandsForNothingIsRefused(_ text: String) {
        let error = #expect(throws: Problem.self) { try PathText(text) }
        #expect(error?.description.hasPrefix("expected $NAME or ${NAME}, a variable of the environment, or $$") == true)
        #expect(error?.description.hasSuffix("in \"\(text)\"") == true)
    }

    @Test func everyPathOfAConfigurationIsExpanded() throws {
        let yaml = """
            job: {input: $IN/a.jsonl, output: '${OUT}/b.jsonl', anchors: $IN/c.jsonl, state: $OUT/s, embeddings: $OUT/e,
              direction_output: $OUT/d}
            model: {path: ~/m.gguf}
            cluster: {secret_key: $KEYS/k, allowed_keys: $KEYS/a, hosts: [{host: far, model: $MODELS/m.gguf}]}
            """
        let environment = ["IN": "/in", "OUT": "out", "KEYS": "/keys", "HOME": "/home/me"]
        let read = try Configuration(yaml: yaml, path: ConfigurationFixtures.path, environment: environment)
        #expect(read.job.input == "/in/a.jsonl")
        #expect(read.job.output == "/jobs/today/out/b.jsonl")
        #expect(read.job.directionSource == .fitted(on: [.file("/in/c.jsonl")]))
        #expect(read.job.directionOutput == "/jobs/today/out/d")
        #expect(read.job.state == "/jobs/today/out/s")
        #expect(read.job.embeddings == "/jobs/today/out/e")
        #expect(read.model.path == "/home/me/m.gguf")
        #expect(read.cluster.keys == .init(secretKey: "/keys/k", allowedKeys: "/keys/a"))
        // A path of another machine, for its shell.
        #expect(read.cluster.hosts.map(\.model) == ["$MODELS/m.gguf"])
    }

    @Test func allVariablesThatAreNotSetAreReportedAtOnceWithTheirKeys() throws {
        let yaml = """
            job: {input: $IN/a.jsonl, output: $OUT/b.jsonl, anchors: c.jsonl}
            model: {path: m$.gguf}
            cluster: {secret_key: $KEYS/k, allowed_keys: a, hosts: [{host: far, model: $5}]}
            """
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(yaml: yaml, path: "/jobs/today/cluster.yaml", environment: [:])
        }
        let problems = (error?.problems ?? []).map { $0.replacing(#/^.*?cluster.yaml:[0-9]+:[0-9]+: /#, with: "") }
        #expect(
            problems == [
                "job.output: the variable OUT is not set", "job.input: the variable IN is not set",
                "model.path: expected $NAME or ${NAME}, a variable of the environment, or $$ for a dollar sign; found "
                    + "\"$.gguf\" in \"m$.gguf\"",
                "cluster.secret_key: the variable KEYS is not set",
                "cluster.hosts[0].model: expected $NAME or ${NAME}, a variable of the environment, or $$ for a dollar "
                    + "sign; found \"$5\" in \"$5\"",
            ])
    }
}
