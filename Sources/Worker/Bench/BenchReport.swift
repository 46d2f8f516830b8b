internal import Engine
internal import Foundation
internal import Protocol

/// A benchmark's figures, for people and for programs.
struct BenchReport {
    let model: ModelDescription
    let texts: BenchTexts
    let measurements: [BenchMeasurement]
    let generations: [BenchGeneration]
    let peaks: [BenchPeak]
    let numerics: MachineNumerics

    private var results: [Result] {
        measurements.map { Result($0, texts: texts, model: model, peaks: peaks) }
    }

    private var generationResults: [GenerationResult] {
        generations.map { generation in
            let reading = results.first {
                $0.numericBuild == generation.contender.embedder.numericBuild && $0.lanes == generation.lanes
            }
            return GenerationResult(generation, readingTokensPerSecond: reading?.computedPerSecond ?? 0)
        }
    }

    func json() throws -> String {
        struct Output: Encodable {
            struct Model: Encodable {
                let name: String
                let layers: Int
                let hiddenSize: Int
                let operationsPerToken: Int
            }
            struct Peak: Encodable {
                let precision: String
                let threads: Int
                let backend: String
                let operationsPerSecond: Double
            }
            struct Automatic: Encodable {
                let precision: String
                let attention: String
                let productRatio: Double
                let attentionRatio: Double
            }

            let model: Model
            let texts: String
            let automatic: Automatic
            let gemmPeak: [Peak]
            let results: [Result]
            let generation: [GenerationResult]
            let peakMemoryBytes: Int?
        }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let output = Output(
            model: .init(
                name: model.name, layers: model.layerCount, hiddenSize: model.hiddenSize,
                operationsPerToken: 2 * model.linearWeightCount),
            texts: texts.name,
            automatic: .init(
                precision: numerics.precision.rawValue, attention: numerics.attention.rawValue,
                productRatio: numerics.productRatio, attentionRatio: numerics.attentionRatio),
            gemmPeak: peaks.map {
                .init(
                    precision: $0.precision.rawValue, threads: $0.threads, backend: $0.backend.rawValue,
                    operationsPerSecond: $0.operationsPerSecond)
            }, results: results, generation: generationResults, peakMemoryBytes: Self.peakMemoryBytes())
        return String(decoding: try encoder.encode(output), as: UTF8.self)
    }

    var text: String {
        var lines = [
            "\(model.name): \(model.layerCount) layers, hidden size \(model.hiddenSize)",
            "\(texts.name): \(texts.lines.count) lines, \(texts.textCount) texts, \(texts.tokenCount) tokens",
            "", Self.row("PRECISION", "LANES", "SHARING", "TOKENS/S", "LINES/S", "COMPUTED", "GEMM PEAK REACHED", ""),
        ]
        for result in results {
            lines.append(
                Self.row(
                    result.precision, "\(result.lanes)", result.sharing ? "yes" : "no",
                    String(format: "%.0f", result.tokensPerSecond), String(format: "%.2f", result.linesPerSecond),
                    Self.percent(result.computedShare), Self.percent(result.gemmPeakShare), result.numericBuild))
        }
        lines += ["", Self.row("TIME", "LANES", "SHARING", "GEMM", "ATTENTION", "ELEMENTS", "TOKENIZING", "")]
        for result in results {
            lines.append(
                Self.row(
                    result.precision, "\(result.lanes)", result.sharing ? "yes" : "no", Self.percent(result.gemmShare),
                    Self.percent(result.attentionShare), Self.percent(result.elementwiseShare),
                    texts.tokenizingSeconds > 0 ? Self.percent(result.tokenizingShare) : "-", ""))
        }
        if !generations.isEmpty {
            lines += [
                "",
                Self.row("NEW TEXT", "LANES", "SEQUENCES", "TOKENS/S", "DECODING", "GEMM", "ATTENTION", "CACHE A LANE"),
            ]
        }
        for result in generationResults {
            lines.append(
                Self.row(
                    result.precision, "\(result.lanes)", "\(result.sequences)", "\(Int(result.tokensPerSecond))",
                    Self.percent(result.decodingShare), Self.percent(result.gemmShare),
                    Self.percent(result.attentionShare), "\(result.cacheBytesPerLane >> 20) MiB"))
        }
        lines.append("")
        for peak in peaks {
            lines.append(
                """
                fastest product in \(peak.precision.rawValue), \(peak.threads) \(peak.threads == 1 ? "thread" : "threads"): \
                \(Int(peak.operationsPerSecond / 1e9)) G operations/s (\(peak.backend.rawValue)), \
                \(Int(peak.operationsPerSecond / Double(2 * model.linearWeightCount))) tokens/s of this model
                """)
        }
        lines += measurements.prefix(1).flatMap(\.contender.embedder.warnings).map { "warning: the model: \($0)" }
        lines.append(
            """
            auto takes \(numerics.precision.rawValue) here, and attention in \(numerics.attention.rawValue) where the \
            precision is not f32: \(numerics.reason)
            """)
        for contender in measurements.map(\.contender).uniqued(by: \.embedder.numericBuild) {
            lines.append(
                """
                loading in \(contender.embedder.precision.rawValue): \
                \(String(format: "%.2f", contender.loadingSeconds)) s, \
                \(contender.embedder.packedBytes >> 20) MiB of packed weights
                """)
        }
        if let peak = Self.peakMemoryBytes() { lines.append("most memory of this process: \(peak >> 20) MiB") }
        return lines.joined(separator: "\n")
    }

    private static func row(_ cells: String...) -> String {
        let widths = [10, 6, 8, 9, 10, 9, 18, 0]
        return zip(cells, widths).map { $0.padding(toLength: max($1, $0.count + 1), withPad: " ", startingAt: 0) }
            .joined().trimmingCharacters(in: .whitespaces)
    }

    private static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

    /// The most physical memory that this process ever had; nil where the system does not say.
    private static func peakMemoryBytes() -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }
}

/// One measurement, in numbers.
private struct Result: Encodable {
    let precision: String
    let numericBuild: String
    let lanes: Int
    let sharing: Bool
    /// Of all texts, each with all its tokens.
    let tokens: Int
    let tokensComputed: Int
    /// The median, and each round's.
    let seconds: Double
    let rounds: [Double]
    let tokensPerSecond: Double
    let textsPerSecond: Double
    let linesPerSecond: Double
    let computedShare: Double
    var computedPerSecond: Double { Double(tokensComputed) / seconds }
    /// The operations of the computed tokens' matrix products in the whole time, against the machine's peak.
    let gemmPeakShare: Double
    // Of the lanes' time.
    let gemmShare: Double
    let attentionShare: Double
    let elementwiseShare: Double
    let tokenizingShare: Double
    let loadingSeconds: Double
    let packedBytes: Int

    init(_ measurement: BenchMeasurement, texts: BenchTexts, model: ModelDescription, peaks: [BenchPeak]) {
        let embedder = measurement.contender.embedder
        let times = measurement.times
        let inLanes = (times.gemm + times.attention + times.elementwise).seconds
        let tokenizing = texts.tokenizingSeconds * Double(measurement.seconds.count)
        precision = embedder.precision.rawValue
        numericBuild = embedder.numericBuild
        lanes = measurement.lanes
        sharing = measurement.sharesPrefixes
        tokens = texts.tokenCount
        tokensComputed = measurement.tokensComputed
        seconds = measurement.medianSeconds
        rounds = measurement.seconds
        tokensPerSecond = Double(tokens) / seconds
        textsPerSecond = Double(texts.textCount) / seconds
        linesPerSecond = Double(texts.lines.count) / seconds
        computedShare = Double(tokensComputed) / Double(tokens)
        let peak = peaks.first { $0.precision == embedder.precision && $0.threads == measurement.lanes }
        let operations = Double(tokensComputed) * Double(2 * model.linearWeightCount)
        gemmPeakShare = operations / seconds / (peak?.operationsPerSecond ?? .infinity)
        gemmShare = times.gemm.seconds / (inLanes + tokenizing)
        attentionShare = times.attention.seconds / (inLanes + tokenizing)
        elementwiseShare = times.elementwise.seconds / (inLanes + tokenizing)
        tokenizingShare = tokenizing / (inLanes + tokenizing)
        loadingSeconds = measurement.contender.loadingSeconds
        packedBytes = embedder.packedBytes
    }
}

/// One measurement of generation, in numbers.
private struct GenerationResult: Encodable {
    let precision: String
    let numericBuild: String
    let lanes: Int
    let sequences: Int
    let newTokens: Int
    /// The median, and each round's.
    let seconds: Double
    let rounds: [Double]
    /// New ones; the prompts' are not counted, and their time is.
    let tokensPerSecond: Double
    /// Of passes that read no prompt.
    let decodedPerSecond: Double
    /// Beside the tokens of texts that are computed in a second with as many lanes, which predict nothing.
    let decodingShare: Double
    // Of the lanes' time.
    let gemmShare: Double
    let attentionShare: Double
    let cacheBytesPerLane: Int

    init(_ generation: BenchGeneration, readingTokensPerSecond: Double) {
        let (embedder, times) = (generation.contender.embedder, generation.times)
        let inLanes = (times.gemm + times.attention + times.elementwise).seconds
        precision = embedder.precision.rawValue
        numericBuild = embedder.numericBuild
        lanes = generation.lanes
        sequences = generation.sequences
        newTokens = generation.newTokens
        seconds = generation.medianSeconds
        rounds = generation.seconds
        tokensPerSecond = generation.tokensPerSecond
        decodedPerSecond = generation.decodedPerSecond
        decodingShare = decodedPerSecond / readingTokensPerSecond
        gemmShare = times.gemm.seconds / inLanes
        attentionShare = times.attention.seconds / inLanes
        cacheBytesPerLane = generation.cacheBytesPerLane
    }
}

extension Array {
    /// The first element for each value of a property.
    fileprivate func uniqued<Value: Hashable>(by property: KeyPath<Element, Value>) -> [Element] {
        var seen: Set<Value> = []
        return filter { seen.insert($0[keyPath: property]).inserted }
    }
}
