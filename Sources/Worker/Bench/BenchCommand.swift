internal import ArgumentParser
internal import CommandLineTool
internal import Engine
internal import Foundation

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how fast this machine embeds, and what limits it.",
        discussion: """
            Embeds generated sequences of mixed lengths (log-normal, median 160 tokens, 30 to 700) that share nothing, \
            or the texts of a file, with every precision and number of lanes that is asked for, in turn; medians count. \
            It also measures the fastest matrix product on this machine, and tells which share of it is reached and \
            where the rest of the time goes, and what model.precision: auto is here, by a measurement of some \
            milliseconds as each worker makes it at its start.

            The file is JSON Lines, as `legend-coordinator texts` writes them: each line has a prompt and the responses \
            to it, or a list of tokens for each text. A line of two texts is a pair.

            EXAMPLES
              legend-worker bench models/model.gguf --precision bf16 --precision f32 --lanes 1 --lanes 2
              legend-coordinator texts cluster.yaml --limit 500 > texts.jsonl
              legend-worker bench models/model.gguf --texts texts.jsonl --compare-sharing
            """)

    @Argument(
        help: "A model: a GGUF file, any part of a split one, or a Hugging Face folder.",
        completion: .file(extensions: ["gguf"]))
    var model: String

    @Option(help: "Embed the texts of this file in place of generated ones.", completion: .file(extensions: ["jsonl"]))
    var texts: String?

    @Option(help: "Lines of the file to embed (default: all).")
    var limit: Int?

    @Option(
        help: ArgumentHelp("A precision to measure; may be repeated (default: auto).", valueName: "f32|bf16|int8|auto"),
        transform: { try choice($0, "--precision") })
    var precision: [Precision] = [.automatic]

    @Option(help: "A number of lanes to measure; may be repeated (default: one for each core).")
    var lanes: [Int] = [ProcessorCount.available]

    @Option(
        help: ArgumentHelp("What multiplies matrices.", valueName: "native|onednn|blas|auto"),
        transform: { try choice($0, "--backend") })
    var backend: Backend = .automatic

    @Option(help: "Generated tokens for each lane and round.")
    var tokens = 4096

    @Option(help: "Rounds of all combinations after one that warms up; the median counts.")
    var rounds = 5

    @Flag(help: "Compute every token of every text, shared or not.")
    var noSharing = false

    @Flag(help: "Measure both with and without sharing.")
    var compareSharing = false

    @Option(
        help: ArgumentHelp(
            "Measure generation besides: so many new tokens of each sequence, from prompts of \(BenchGeneration.promptTokens).",
            valueName: "tokens"))
    var generate: Int?

    @Option(help: "Sequences that each lane generates at the same time.")
    var sequences = 64

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard lanes.allSatisfy((1...1024).contains) else { throw ValidationError("--lanes: expected 1 to 1024") }
        guard (1...100_000_000).contains(tokens) else { throw ValidationError("--tokens: expected 1 to 100000000") }
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds: expected 1 to 1000") }
        guard (1...10_000).contains(generate ?? 1) else { throw ValidationError("--generate: expected 1 to 10000") }
        guard (1...1024).contains(sequences) else { throw ValidationError("--sequences: expected 1 to 1024") }
        guard limit ?? 1 > 0 else { throw ValidationError("--limit: expected at least 1") }
        guard texts != nil || limit == nil else { throw ValidationError("--limit: expected with --texts") }
        guard !(noSharing && compareSharing) else {
            throw ValidationError("expected one of --no-sharing and --compare-sharing")
        }
    }

    func run() async throws {
        let contenders: [BenchContender]
        let texts: BenchTexts
        do {
            contenders = try precision.map {
                try BenchContender(modelPath: model, precision: $0, backend: backend, predictsTokens: generate != nil)
            }
            let embedder = contenders[0].embedder
            texts =
                try self.texts.map { try BenchTexts(path: $0, limit: limit, embedder: embedder) }
                ?? BenchTexts(tokens: tokens * (lanes.max() ?? 1), embedder: embedder)
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        let sharing = compareSharing ? [true, false] : [!noSharing]
        var measurements = contenders.flatMap { contender in
            lanes.flatMap { lanes in
                sharing.map { BenchMeasurement(contender: contender, lanes: lanes, sharesPrefixes: $0, texts: texts) }
            }
        }
        var generations = contenders.flatMap { contender in
            lanes.flatMap { lanes in
                [generate].compactMap(\.self).map {
                    BenchGeneration(contender: contender, lanes: lanes, sequences: sequences, newTokens: $0)
                }
            }
        }
        // The first round warms up and does not count.
        for round in 0...rounds {
            for index in measurements.indices { try measurements[index].run(counts: round > 0) }
            for index in generations.indices { try generations[index].run(counts: round > 0) }
        }
        var peaks: [BenchPeak] = []
        for contender in contenders {
            for lanes in lanes { peaks.append(try BenchPeak(contender.embedder.precision, threads: lanes)) }
        }
        let report = BenchReport(
            model: contenders[0].embedder.model, texts: texts, measurements: measurements,
            generations: generations, peaks: peaks,
            numerics: try MachineNumerics.measured(backend: backend))
        print(json ? try report.json() : report.text)
    }
}

/// The case of that name.
private func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, _ option: String) throws -> Choice
{
    guard let choice = Choice(rawValue: name) else {
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\(option): expected one of \(names), found \(name)")
    }
    return choice
}
