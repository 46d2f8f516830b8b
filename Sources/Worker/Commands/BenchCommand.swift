internal import ArgumentParser
internal import CommandLineTool
internal import Engine
internal import Foundation

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure how many tokens this machine computes in a second.",
        discussion: """
            Embeds generated sequences of mixed lengths (log-normal, median 160 tokens, 30 to 700) that share nothing, \
            with every precision and number of lanes that is asked for, in turn, and prints medians.

            EXAMPLE
              legend-worker bench models/model.gguf --precision bf16 --precision f32 --lanes 1 --lanes 2
            """)

    @Argument(help: "A GGUF model.", completion: .file(extensions: ["gguf"]))
    var model: String

    @Option(
        help: ArgumentHelp("A precision to measure; may be repeated (default: auto).", valueName: "f32|bf16|auto"),
        transform: { try choice($0, "--precision") })
    var precision: [Precision] = [.automatic]

    @Option(help: "A number of lanes to measure; may be repeated .")
    var lanes: [Int] = [ProcessInfo.processInfo.activeProcessorCount]

    @Option(
        help: ArgumentHelp("The library that multiplies matrices.", valueName: "onednn|blas"),
        transform: { try choice($0, "--backend") })
    var backend: Backend = .oneDNN

    @Option(help: "Tokens for each lane and round.")
    var tokens = 4096

    @Option(help: "Rounds of all combinations; the median counts.")
    var rounds = 5

    func validate() throws {
        guard lanes.allSatisfy((1...1024).contains) else { throw ValidationError("--lanes: expected 1 to 1024") }
        guard (1...100_000_000).contains(tokens) else { throw ValidationError("--tokens: expected 1 to 100000000") }
        guard (1...1000).contains(rounds) else { throw ValidationError("--rounds: expected 1 to 1000") }
    }

    func run() async throws {
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let embedders: [Embedder]
        do {
            embedders = try precision.map {
                try Embedder(modelPath: model, precision: $0, backend: backend, loadingThreads: threads)
            }
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        let description = embedders[0].model
        print("\(description.name): \(description.layerCount) layers, hidden size \(description.hiddenSize)")
        let combinations = embedders.flatMap { embedder in lanes.map { (embedder: embedder, lanes: $0) } }
        var rates = [[Double]](repeating: [], count: combinations.count)
        let workload = BenchWorkload(
            tokens: tokens, vocabularySize: description.vocabularySize, contextLength: description.contextLength)
        // One round more, the first, warms up and does not count.
        for round in 0...rounds {
            for (index, combination) in combinations.enumerated() {
                let rate = try workload.tokensPerSecond(combination.embedder, lanes: combination.lanes)
                if round > 0 { rates[index].append(rate) }
            }
        }
        for (combination, rates) in zip(combinations, rates) {
            let sorted = rates.sorted()
            let median = Int(sorted[sorted.count / 2])
            print(
                """
                \(combination.lanes) \(combination.lanes == 1 ? "lane" : "lanes"), \(combination.embedder.numericBuild): \
                \(median) tokens/s (\(Int(sorted[0])) to \(Int(sorted[sorted.count - 1])))
                """)
        }
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
