import Protocol

@testable import JobConfiguration

/// Configuration files for tests, as if they lay in `/jobs/today`.
enum ConfigurationFixtures {
    static let path = "/jobs/today/cluster.yaml"

    /// Six lines, only what every job must say; more sections are appended.
    static let minimal = """
        job:
          input: rows.jsonl
          output: out/safe.jsonl.gz
          anchors: anchors.jsonl
        model:
          path: model.gguf

        """

    /// What `minimal` means.
    static let defaults = Configuration(
        job: .init(
            name: "safe", input: "/jobs/today/rows.jsonl", output: "/jobs/today/out/safe.jsonl.gz",
            errors: "/jobs/today/out/safe.errors.jsonl",
            directionSource: .fitted(on: [.file("/jobs/today/anchors.jsonl")]),
            directionOutput: "/jobs/today/out/safe.direction.safetensors", state: "/jobs/today/out/safe.state",
            embeddings: "/jobs/today/out/safe.embeddings"),
        dataset: .init(
            format: "auto", prompt: nil, chosen: nil, rejected: nil, ignoredColumns: [], promptInResponses: "auto",
            maxRowBytes: 16 << 20, existingColumns: .refuse),
        anchors: .init(
            format: "auto", prompt: nil, harmless: nil, harmful: nil, ignoredColumns: [], promptInResponses: "auto",
            refusal: nil),
        model: .init(
            path: "/jobs/today/model.gguf", sha256: nil, precision: .automatic, backend: .automatic, maxTokens: 0,
            truncation: .error, serve: true),
        embedding: .init(
            template: "auto", layer: nil, token: nil, compatibility: .none, readsControlTokensOfRows: false),
        direction: .init(estimator: .automatic, surveyRows: 2000),
        margin: .init(unit: .logOdds, calibration: .automatic, negative: .keep, bins: .automatic),
        evaluation: .init(rows: 2000, seeds: 5, ensemble: 5, heads: [.linear, .mlp]), rerank: .init(),
        cluster: .init(
            listen: "tcp://127.0.0.1:5711", insecure: false, localWorkers: nil, lanes: nil, unitTokens: 2048,
            heartbeatSeconds: 2, silenceSeconds: 15, stallSeconds: 120, attempts: 3, mixedNumerics: false),
        source: path)

    static func read(_ yaml: String) throws -> Configuration {
        try Configuration(
            yaml: yaml, path: path, formats: .init(rows: ["preference", "hh"], anchors: ["harmful", "hh"]))
    }

    /// `minimal` with more lines in one section.
    static func yaml(_ section: String, _ lines: [String]) -> String {
        let text = "\(section):\n" + lines.map { "  \($0)\n" }.joined()
        let extended = minimal.replacing("\(section):\n", with: text)
        return extended == minimal ? minimal + text : extended
    }

    static func yaml(_ section: String, _ lines: String...) -> String { yaml(section, lines) }

    /// What is wrong with the file, without its path; empty where it is good.
    static func problems(_ yaml: String) throws -> [String] {
        do {
            _ = try read(yaml)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map { $0.hasPrefix(path) ? String($0.dropFirst(path.count)) : "no path: \($0)" }
        }
    }
}
