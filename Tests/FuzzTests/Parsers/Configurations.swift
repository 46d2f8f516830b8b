import Dataset
internal import Diagnostics
import JobConfiguration
import Margins
import Prompting

@testable import Coordinator
@testable import Protocol

extension FuzzedParser {
    static let configuration = FuzzedParser(
        "configuration", isText: true, syntax: yamlSyntax, corpus: { configurations },
        assemble: { sections, _ in [Array(sections.joined())] },
        parse: { input, scratch in
            let path = try scratch.path(holding: input[0])
            let configuration: Configuration
            do {
                configuration = try Configuration(ofJob: path)
            } catch let error as ConfigurationError {
                try BrokenPromise.unless(!error.problems.isEmpty, "refused without a reason")
                let first = ["not valid YAML", "expected a mapping", "not UTF-8"]
                return first.contains { error.description.contains($0) } ? .refusedAtOnce : .refused
            }
            try check(configuration)
            try BrokenPromise.unless(try Configuration(ofJob: path) == configuration, "reads differently again")
            return .accepted
        })

    /// A text with placeholders.
    static let template = FuzzedParser(
        "template", isText: true,
        syntax: ["{", "}", "{prompt}", "{response}", "{system}", "{{", "\u{301}", "\u{200D}"].map { Array($0.utf8) },
        corpus: {
            ["<s>{system}|{prompt} é {response}</s>", "{prompt}{response}", "alpaca"].map { [Array($0.utf8)] }
        },
        parse: { input, _ in
            let text = String(decoding: input.joined(), as: UTF8.self)
            let template: Template
            do throws(Problem) {
                template = try Template(text)
            } catch {
                return .refused
            }
            let pair = ResponsePair(
                prompt: Conversation(messages: [
                    ChatMessage(role: .system, content: "{prompt}"), ChatMessage(role: .user, content: "\u{301}q"),
                ]), preferred: "{response}", other: "\u{301}")
            let item = UnitPayload.Item(row: 1, text: try template.render(pair, purpose: .row))
            let (prompt, rest) = try item.serialized()
            try BrokenPromise.unless(
                try UnitPayload.Item(prompt: prompt, rest: rest) == item, "is rendered as what cannot be kept")
            return .accepted
        })

    private static func check(_ configuration: Configuration) throws {
        let (job, cluster) = (configuration.job, configuration.cluster)
        var paths = [job.input, job.output, job.directionOutput, job.state, configuration.model.path]
        switch job.directionSource {
        case .fitted(let sources):
            paths += sources.compactMap(\.path)
            try BrokenPromise.unless(
                (1...16).contains(sources.count) && Set(sources).count == sources.count, "the sources \(sources)")
        case .saved(let path): paths.append(path)
        }
        for path in paths { try BrokenPromise.unless(path.hasPrefix("/"), "the path \(path) is not absolute") }
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("max_row_mib", configuration.dataset.maxRowBytes >> 20, 1...128),
            ("max_tokens", configuration.model.maxTokens, 0...1_000_000),
            ("layer", configuration.embedding.layer?.number ?? 0, -1000...1000),
            ("rows", configuration.direction.surveyRows, 10...100_000),
            ("local_workers", cluster.localWorkers ?? 0, 0...1024),
            ("lanes", cluster.lanes ?? 1, 1...1024), ("unit_tokens", cluster.unitTokens, 1...10_000_000),
            ("attempts", cluster.attempts, 1...100),
        ]
        for (name, value, range) in ranges {
            try BrokenPromise.unless(range.contains(value), "\(name) is \(value)")
        }
        let seconds = [
            ("heartbeat_seconds", cluster.heartbeatSeconds, 0.05...3600),
            ("silence_seconds", cluster.silenceSeconds, 0.1...86_400),
            ("stall_seconds", cluster.stallSeconds, 0.1...86_400),
        ]
        for (name, value, range) in seconds {
            try BrokenPromise.unless(range.contains(value), "\(name) is \(value)")
        }
        let isSafe = cluster.insecure || cluster.keys != nil || cluster.listensOnLoopbackOnly
        try BrokenPromise.unless(isSafe, "listens on \(cluster.listen)")
        for host in cluster.hosts {
            try BrokenPromise.unless(
                !host.address.hasPrefix("-") && (1...65535).contains(host.port ?? 1)
                    && (1...1024).contains(host.workers)
                    && (1...1024).contains(host.lanes ?? 1), "the host \(host)")
        }
        switch configuration.margin.bins {
        case .automatic, .none: break
        case .equalWidth(let count), .quantiles(let count):
            try BrokenPromise.unless((2...1000).contains(count), "\(count) bins")
        case .edges(let edges):
            try BrokenPromise.unless(MarginBins(edges: edges) != nil, "the edges \(edges)")
        case .probabilities(let probabilities):
            let isAscending = zip(probabilities, probabilities.dropFirst()).allSatisfy(<)
            try BrokenPromise.unless(
                isAscending && probabilities.allSatisfy { $0 > 0 && $0 < 1 }, "the probabilities \(probabilities)")
        }
        for layer in configuration.embedding.kept?.layers ?? [] {
            try BrokenPromise.unless((-1000...1000).contains(layer.number), "keeps layer \(layer)")
        }
    }

    private static let yamlSyntax = [
        "{", "}", "[", "]", ": ", "- ", "? ", "&a ", "*a ", "&b [*a,*a]", "<<: *a", "|\n", ">\n", "'", "\"", "\\x00",
        "\\u",
        "!!int ", "!!binary ", "!<a> ", "%YAML 1.1\n", "---\n", "...\n", "\t", "\n", "\n  ", "#", "~", "null", "auto",
        "[",
        "? - ", "\u{FEFF}", "\u{85}",
    ].map { Array($0.utf8) }

    /// In sections.
    private static let configurations: [[[UInt8]]] = [
        [
            "job:\n  input: rows.jsonl\n  output: out/safe.jsonl.gz\n  anchors: anchors.jsonl\n",
            "model:\n  path: model.gguf\n",
        ],
        [
            "job:\n  input: ~/rows.csv\n  output: /tmp/o\n  direction: d.safetensors\n  state: s\n  name: é\n",
            "dataset:\n  format: auto\n  columns: {prompt: question, chosen: good, rejected: bad}\n  max_row_mib: 16\n",
            "anchors:\n  format: harmful\n  columns: {prompt: q, harmful: h}\n  refusal: \"I can\\u2019t.\"\n",
            "model:\n  path: \"m\"\n  serve: false\n  precision: int8\n  backend: native\n  max_tokens: 4_096\n  truncation: keep-end\n",
            "margin:\n  unit: raw\n  negative: drop\n  bins: {edges: [-1, 0, 1.5]}\n",
            "embedding:\n  template: |\n    {prompt}\n    {response}\n  layer: -1\n  token: mean\n  compat: none\n",
            """
            cluster:
              listen: tcp://127.0.0.1:5711
              insecure: true
              local_workers: auto
              lanes: 2
              unit_tokens: 0x800
              heartbeat_seconds: 2.5
              silence_seconds: 1_5
              stall_seconds: 120
              attempts: 3

            """,
        ],
        [
            "job: &job {input: a, output: b, anchors: c}\n", "model: {path: &path m}\n",
            "embedding: {layer: 0, keep_embeddings: true, keep_layers: [-1, 12], keep_tokens: [mean]}\n",
            "margin: {calibration: isotonic, negative: flip, bins: {probabilities: [0.5, 0.75, 9e-1]}}\n",
            """
            cluster:
              secret_key: k
              allowed_keys: a
              advertise: tcp://h:5711
              host_defaults: {workers: 2, ssh_options: [-o, x]}
              hosts:
                - a@b
                - {host: c, port: 22, lanes: auto, command: w, model: m}

            """,
        ],
    ].map { $0.map { Array($0.utf8) } }
}
