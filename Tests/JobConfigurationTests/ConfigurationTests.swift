import Foundation
import Protocol
import Testing

@testable import JobConfiguration

@Suite struct ConfigurationTests {
    @Test func whatIsNotSaidHasItsDefault() throws {
        #expect(try ConfigurationFixtures.read(ConfigurationFixtures.minimal) == ConfigurationFixtures.defaults)
    }

    @Test func anEmptySectionOrValueIsTheDefault() throws {
        let yaml = ConfigurationFixtures.minimal + "dataset:\ncluster: ~\nembedding:\n  layer:\n  token: null\n"
        #expect(try ConfigurationFixtures.read(yaml) == ConfigurationFixtures.defaults)
    }

    @Test func everyKeyIsRead() throws {
        let digest = String(repeating: "0123456789abcdef", count: 4)
        let yaml = """
            job: {name: night, input: /i.csv, output: /o.jsonl, errors: /bad.jsonl.gz, direction: /d.safetensors, direction_output: /e.st,
              state: /state, embeddings: /vectors}
            dataset:
              format: preference
              columns: {prompt: question, chosen: good, rejected: bad}
              ignore_columns: [tools, input]
              prompt_in_responses: strip
              max_row_mib: 2
              existing_columns: rename
              strength: {ratings: {chosen: better, rejected: worse}}
              votes: {share: agreement}
            anchors:
              format: harmful
              columns: {prompt: p, harmless: safe, harmful: unsafe}
              ignore_columns: [system]
              prompt_in_responses: keep
              refusal: "No."
            model: {path: /m.gguf, sha256: \(digest), precision: bf16, backend: blas, max_tokens: 4096, truncation: keep-end,
              serve: false}
            embedding:
              {template: chat, layer: 12, token: mean-response, compat: none, control_tokens: tokens, keep_embeddings: true,
              keep_layers: [20, -1, 12], keep_tokens: [last]}
            direction:
              estimator: logistic
              rows: 500
            margin:
              unit: standard
              calibration: isotonic
              negative: clip
              bins: {quantiles: 10}
            evaluation: {rows: 300, seeds: 20, ensemble: 3, heads: [mlp]}
            rerank: {columns: {prompt: q, response: a}, ignore_columns: [images]}
            cluster:
              listen: tcp://0.0.0.0:*
              insecure: true
              local_workers: 0
              lanes: 3
              unit_tokens: 512
              heartbeat_seconds: 0.5
              silence_seconds: 1.5
              stall_seconds: 60
              attempts: 5
              mixed_numerics: true
            """
        let expected = Configuration(
            job: .init(
                name: "night", input: "/i.csv", output: "/o.jsonl", errors: "/bad.jsonl.gz",
                directionSource: .saved("/d.safetensors"),
                directionOutput: "/e.st", state: "/state", embeddings: "/vectors"),
            dataset: .init(
                format: "preference", prompt: "question", chosen: "good", rejected: "bad",
                ignoredColumns: ["tools", "input"], promptInResponses: "strip", maxRowBytes: 2 << 20,
                existingColumns: .rename, strength: .ratings(.sides(chosen: "better", rejected: "worse")),
                votes: .share("agreement")),
            anchors: .init(
                format: "harmful", prompt: "p", harmless: "safe", harmful: "unsafe", ignoredColumns: ["system"],
                promptInResponses: "keep", refusal: "No."),
            model: .init(
                path: "/m.gguf", sha256: digest, precision: .bf16, backend: .blas, maxTokens: 4096,
                truncation: .keepEnd, serve: false),
            embedding: .init(
                template: "chat", layer: 12, token: .meanResponse, compatibility: .none,
                readsControlTokensOfRows: true, kept: .init(layers: [-1, 12, 20], tokens: [.lastToken, .meanResponse])),
            direction: .init(estimator: .logistic, surveyRows: 500),
            margin: .init(unit: .standard, calibration: .isotonic, negative: .clip, bins: .quantiles(10)),
            evaluation: .init(rows: 300, seeds: 20, ensemble: 3, heads: [.mlp]),
            rerank: .init(promptColumn: "q", responseColumn: "a", ignoredColumns: ["images"]),
            cluster: .init(
                listen: "tcp://0.0.0.0:*", insecure: true, localWorkers: 0, lanes: 3, unitTokens: 512,
                heartbeatSeconds: 0.5, silenceSeconds: 1.5, stallSeconds: 60, attempts: 5, mixedNumerics: true),
            source: ConfigurationFixtures.path)
        #expect(try ConfigurationFixtures.read(yaml) == expected)
    }

    @Test func aJobMaySurveyItsRows() throws {
        let own = try ConfigurationFixtures.read(
            ConfigurationFixtures.minimal.replacing("anchors: anchors.jsonl", with: "anchors: own"))
        #expect(own.job.directionSource == .fitted(on: [.own]) && own.surveys)
        let file = try ConfigurationFixtures.read(
            ConfigurationFixtures.minimal.replacing("anchors: anchors.jsonl", with: "anchors: ./own"))
        #expect(file.job.directionSource == .fitted(on: [.file("/jobs/today/own")]) && file.surveys)
        let auto = try ConfigurationFixtures.read(ConfigurationFixtures.yaml("embedding", "layer: auto", "token: auto"))
        #expect(try auto == ConfigurationFixtures.read(ConfigurationFixtures.minimal))
        let half = try ConfigurationFixtures.read(ConfigurationFixtures.yaml("embedding", "layer: -1"))
        #expect(half.embedding.layer == -1 && half.embedding.token == nil && half.surveys)
    }

    @Test func withoutAnchorsTheRowsOwnLabelsDecide() throws {
        let yaml = ConfigurationFixtures.minimal.replacing("  anchors: anchors.jsonl\n", with: "")
        let configuration = try ConfigurationFixtures.read(yaml)
        #expect(configuration.job.directionSource == .fitted(on: [.own]) && configuration.surveys)
        let own = ConfigurationFixtures.minimal.replacing("anchors: anchors.jsonl", with: "anchors: own")
        #expect(try configuration == ConfigurationFixtures.read(own))
    }

    /// As the released code has it, and nothing is asked of the rows.
    @Test func compatibilityHasItsOwnDefaults() throws {
        let legend = try ConfigurationFixtures.read(ConfigurationFixtures.yaml("embedding", "compat: legend"))
        #expect(legend.embedding.layer == -1 && legend.embedding.token == .lastToken && !legend.surveys)
    }

    @Test func theJobsOwnLayerAndTokenAreAlwaysKept() throws {
        let yaml = ConfigurationFixtures.yaml("embedding", "layer: 3", "token: mean", "keep_embeddings: true")
        #expect(try ConfigurationFixtures.read(yaml).embedding.kept == .init(layers: [3], tokens: [.meanText]))
    }

    @Test func keysAreReadWithTheirPaths() throws {
        let yaml = ConfigurationFixtures.yaml(
            "cluster", "secret_key: keys/coordinator.key", "allowed_keys: /keys/allowed.keys")
        let cluster = try ConfigurationFixtures.read(yaml).cluster
        #expect(
            cluster.keys
                == .init(secretKey: "/jobs/today/keys/coordinator.key", allowedKeys: "/keys/allowed.keys"))
    }

    @Test func autoLeavesTheNumberToTheMachine() throws {
        let yaml = ConfigurationFixtures.yaml("cluster", "local_workers: auto", "lanes: auto")
        #expect(try ConfigurationFixtures.read(yaml) == ConfigurationFixtures.defaults)
    }

    @Test(arguments: [
        "safe.jsonl.gz", "safe.jsonl", "safe.json", "safe.json.gz", "safe.gz", "safe",
    ])
    func theJobIsNamedAfterItsOutput(_ output: String) throws {
        let yaml = ConfigurationFixtures.minimal.replacing("safe.jsonl.gz", with: output)
        let job = try ConfigurationFixtures.read(yaml).job
        #expect(job.name == "safe")
        #expect(job.state == "/jobs/today/out/safe.state")
        #expect(job.errors == "/jobs/today/out/safe.errors.jsonl")
        #expect(job.directionOutput == "/jobs/today/out/safe.direction.safetensors")
    }

    @Test(arguments: [
        ("rows.jsonl", "/jobs/today/rows.jsonl"), ("./a/../rows.jsonl", "/jobs/today/rows.jsonl"),
        ("../rows.jsonl", "/jobs/rows.jsonl"), ("/data/rows.jsonl", "/data/rows.jsonl"),
        ("~/rows.jsonl", NSHomeDirectory() + "/rows.jsonl"), ("a b%20ü.jsonl", "/jobs/today/a b%20ü.jsonl"),
    ])
    func aRelativePathStartsFromTheFilesFolder(_ written: String, _ path: String) throws {
        let yaml = ConfigurationFixtures.minimal.replacing("rows.jsonl", with: written)
        #expect(try ConfigurationFixtures.read(yaml).job.input == path)
    }

    @Test func everyPathIsRelativeToTheFile() throws {
        let yaml = """
            job: {input: i, output: o, direction: d, direction_output: e, state: s}
            model: {path: m}
            """
        let configuration = try Configuration(yaml: yaml, path: "/x/y/z.yaml")
        #expect(configuration.job.input == "/x/y/i")
        #expect(configuration.job.output == "/x/y/o")
        #expect(configuration.job.directionSource == .saved("/x/y/d"))
        #expect(configuration.job.directionOutput == "/x/y/e")
        #expect(configuration.job.state == "/x/y/s")
        #expect(configuration.model.path == "/x/y/m")
    }

    @Test func aFileIsReadFromItsPath() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("legend-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("cluster.yaml")

        #expect(throws: ConfigurationError(problems: ["\(file.path): cannot read the configuration: no such file"])) {
            try Configuration(contentsOf: file.path)
        }
        try Data([0x6A, 0xFF, 0xFE]).write(to: file)
        #expect(
            throws: ConfigurationError(
                problems: ["\(file.path): cannot read the configuration: it is not UTF-8 text, or not readable"])
        ) {
            try Configuration(contentsOf: file.path)
        }
        try Data(ConfigurationFixtures.minimal.utf8).write(to: file)
        let input = try Configuration(contentsOf: file.path).job.input
        #expect(input == folder.standardizedFileURL.appendingPathComponent("rows.jsonl").path)
    }
}
