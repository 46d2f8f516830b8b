internal import Diagnostics
internal import Engine
internal import Foundation
internal import Protocol
internal import SeededRandom
internal import Tokenizers

/// What a benchmark embeds: lines of texts, tokenized.
struct BenchTexts: Sendable {
    /// What the report calls them.
    let name: String
    let lines: [[TokenSequence]]
    /// Seconds that one thread took to tokenize them; zero for generated ones.
    let tokenizingSeconds: Double

    var tokenCount: Int { lines.reduce(0) { $0 + $1.reduce(0) { $0 + $1.tokens.count } } }
    var textCount: Int { lines.reduce(0) { $0 + $1.count } }

    /// Random tokens in sequences whose lengths are distributed like those of real responses; the same in every run.
    ///
    /// - Parameter tokens: at least so many in all.
    init(tokens: Int, embedder: Embedder) {
        let (median, sigma, lengths) = (160.0, 0.7, 30.0...700.0)
        let vocabulary = Int32(embedder.model.vocabularySize)
        var generator = SeededGenerator(seed: 1)
        var lines: [[TokenSequence]] = []
        var count = 0
        while count < tokens {
            // Box and Muller's way to a normally distributed number.
            let (u, v) = (
                Double.random(in: 0x1p-53..<1, using: &generator), Double.random(in: 0..<1, using: &generator)
            )
            let normal = (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
            let length = min(max(median * exp(sigma * normal), lengths.lowerBound), lengths.upperBound)
            let ids = (0..<min(Int(length), embedder.model.contextLength)).map { _ in
                Int32.random(in: 0..<vocabulary, using: &generator)
            }
            lines.append([TokenSequence(tokens: ids, responseStart: 0)])
            count += ids.count
        }
        name = "generated sequences of mixed lengths"
        self.lines = lines
        tokenizingSeconds = 0
    }

    /// Reads the first `limit` lines of a file and tokenizes them.
    ///
    /// - Throws: `Problem` with the line that is wrong.
    init(path: String, limit: Int?, embedder: Embedder) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Problem("\(path): expected a readable file")
        }
        let decoder = JSONDecoder()
        let numbered = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
            .filter { !$0.element.isEmpty }.prefix(limit ?? .max)
        let texts = try numbered.map { index, line in
            do {
                let line = try decoder.decode(Line.self, from: line)
                guard line.isSound else { throw Problem("") }
                return line
            } catch {
                throw Problem(
                    """
                    \(path):\(index + 1): expected {"prompt": "…", "responses": ["…", …]} or {"tokens": [[…], …]} with at least one \
                    text, and ranges inside of the texts; found \
                    \(String(decoding: line.prefix(80), as: UTF8.self).quoted)
                    """)
            }
        }
        guard !texts.isEmpty else { throw Problem("\(path): expected at least one line, found none") }
        let start = ContinuousClock.now
        let lines = texts.map { $0.sequences(embedder) }
        tokenizingSeconds = (ContinuousClock.now - start).seconds
        let (context, vocabulary) = (embedder.model.contextLength, Int32(embedder.model.vocabularySize))
        for ((index, _), line) in zip(numbered, lines) {
            for tokens in line.map(\.tokens) {
                guard (1...context).contains(tokens.count), tokens.allSatisfy({ (0..<vocabulary).contains($0) }) else {
                    throw Problem(
                        """
                        \(path):\(index + 1): expected texts of 1 to \(context) tokens with ids below \(vocabulary), \
                        found \(tokens.count) tokens, the largest \(tokens.max() ?? 0)
                        """)
                }
            }
        }
        name = path
        self.lines = lines
    }

    /// Cuts the lines into units of about equal size, a whole number for each lane. Lines that begin alike are
    /// neighbours, as the coordinator has it.
    func units(lanes: Int, tokensInUnit: Int) -> [[TokenSequence]] {
        let sorted = lines.sorted { left, right in
            zip(left, right).first { $0.tokens != $1.tokens }.map {
                $0.tokens.lexicographicallyPrecedes($1.tokens)
            } ?? (left.count < right.count)
        }
        let total = tokenCount
        let rounds = max((total + lanes * tokensInUnit / 2) / (lanes * tokensInUnit), 1)
        var units: [[TokenSequence]] = Array(repeating: [], count: min(rounds * lanes, max(lines.count, 1)))
        var count = 0
        for line in sorted {
            let cost = line.reduce(0) { $0 + $1.tokens.count }
            // The unit in which the line's middle lies.
            units[min((count + cost / 2) * units.count / max(total, 1), units.count - 1)] += line
            count += cost
        }
        return units.filter { !$0.isEmpty }
    }
}

/// One line of a file.
private struct Line: Decodable {
    let prompt: String?
    let responses: [String]?
    let promptControls: [[Int]]?
    let responseControls: [[[Int]]]?
    let tokens: [[Int32]]?

    private enum CodingKeys: String, CodingKey {
        case prompt, responses, tokens
        case promptControls = "prompt_controls"
        case responseControls = "response_controls"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        tokens = try values.decodeIfPresent([[Int32]].self, forKey: .tokens)
        prompt = try values.decodeIfPresent(String.self, forKey: .prompt)
        responses =
            tokens == nil
            ? try values.decode([String].self, forKey: .responses)
            : nil
        promptControls = try values.decodeIfPresent([[Int]].self, forKey: .promptControls)
        responseControls = try values.decodeIfPresent([[[Int]]].self, forKey: .responseControls)
    }

    /// Whether there is a text, and every range lies inside of its own.
    var isSound: Bool {
        func fits(_ ranges: [[Int]], _ text: String) -> Bool {
            ranges.allSatisfy { $0.count == 2 && 0 <= $0[0] && $0[0] <= $0[1] && $0[1] <= text.utf8.count }
        }
        if let tokens { return !tokens.isEmpty }
        guard let responses, !responses.isEmpty, fits(promptControls ?? [], prompt ?? "") else { return false }
        guard let responseControls else { return true }
        return responseControls.count == responses.count && zip(responseControls, responses).allSatisfy(fits)
    }

    func sequences(_ embedder: Embedder) -> [TokenSequence] {
        if let tokens { return tokens.map { TokenSequence(tokens: $0, responseStart: 0) } }
        let prompt = Array((prompt ?? "").utf8)
        return (responses ?? []).enumerated().map { index, response in
            let controls = ranges(promptControls, after: 0) + ranges(responseControls?[index], after: prompt.count)
            return embedder.tokenize(
                prompt + Array(response.utf8), responseOffset: prompt.count,
                controlTokens: controls.isEmpty ? .none : .within(controls))
        }
    }

    private func ranges(_ pairs: [[Int]]?, after offset: Int) -> [Range<Int>] {
        (pairs ?? []).map { $0[0] + offset..<$0[1] + offset }
    }
}
