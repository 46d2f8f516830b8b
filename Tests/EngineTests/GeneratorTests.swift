import Foundation
import GGUFFixtures
import SeededRandom
import Testing
import Tokenizers

@testable import Engine

struct GeneratorTests {
    private static func embedder(
        _ precision: Precision = .f32, attention: AttentionPrecision = .automatic, context: Int = 512
    ) throws -> Embedder {
        try RandomLlama(context: context).embedder(precision, .native, attention: attention, predictsTokens: true)
    }

    /// A prompt of so many tokens, another one for each number.
    private static func prompt(_ count: Int, _ number: Int) -> [Int32] {
        var random = SeededGenerator(seed: UInt64(number))
        return (0..<count).map { _ in Int32.random(in: 0..<40, using: &random) }
    }

    /// All outcomes by id.
    private static func outcomes(
        of requests: [GenerationRequest], _ generator: Generator
    ) throws -> [Generator.Outcome?] {
        for (id, request) in requests.enumerated() { try generator.add(request, id: id) }
        var outcomes: [Generator.Outcome?] = Array(repeating: nil, count: requests.count)
        while generator.sequenceCount > 0 {
            for (id, outcome) in try generator.advance() {
                #expect(outcomes[id] == nil, "\(id) ended twice")
                outcomes[id] = outcome
            }
        }
        return outcomes
    }

    private static func tokens(_ outcome: Generator.Outcome?) -> [Int32]? {
        if case .finished(let continuation) = outcome { continuation.tokens } else { nil }
    }

    /// The likeliest next tokens by the states that embedding gives, with the products written out.
    @Test func greedyTokensAreTheLikeliestOnes() throws {
        let model = try Self.embedder()
        let lane = try model.makeLane()
        var weights = [Float](repeating: 0, count: 40 * 64)
        weights.withUnsafeMutableBufferPointer {
            model.transformer.tokenEmbedding.dequantize(rows: 0..<40, into: $0)
        }
        for number in 0..<4 {
            var tokens = Self.prompt(5 + 30 * number, number)
            let generator = try model.makeGenerator(sequences: 1, cacheTokens: 256)
            let request = GenerationRequest(prompt: tokens, maxNewTokens: 20, endTokens: [])
            let found = try Self.tokens(Self.outcomes(of: [request], generator)[0])
            for _ in 0..<20 {
                let state = try lane.embed(
                    [TokenSequence(tokens: tokens, responseStart: 0)], layers: [model.model.layerCount],
                    poolings: [.lastToken]
                ) { _ in true }.vectors
                let logits = (0..<40).map { token in
                    (0..<64).reduce(0.0) { $0 + Double(weights[token * 64 + $1]) * Double(state[$1]) }
                }
                tokens.append(Int32(logits.firstIndex(of: logits.max()!)!))
            }
            #expect(found == Array(tokens.suffix(20)))
        }
    }

    /// What a sequence becomes depends neither on what else is under way, nor on whether it had to wait in between.
    @Test(arguments: RowPlanTests.numerics)
    func aSequenceIsTheSameInAnyCompany(_ precision: Precision, _ attention: AttentionPrecision) throws {
        let model = try Self.embedder(precision, attention: attention)
        let common = Self.prompt(70, 99)
        let requests = (0..<24).map { number in
            GenerationRequest(
                prompt: (number % 3 == 0 ? common : []) + Self.prompt(1 + number * 7 % 60, number),
                maxNewTokens: 10 + number * 13 % 90,
                sampling: number % 2 == 0 ? .greedy : Sampling(temperature: 0.9, topP: number % 4 == 1 ? 0.8 : 1),
                seed: UInt64(number), endTokens: [7])
        }
        let alone = try requests.map { request in
            try Self.outcomes(of: [request], model.makeGenerator(sequences: 1, cacheTokens: 512))[0]
        }
        #expect(Set(alone.compactMap(Self.tokens)).count > 12, "sequences that are all alike show nothing")
        let together = try model.makeGenerator(sequences: 24, cacheTokens: 8192)
        #expect(try Self.outcomes(of: requests, together) == alone)
        // 256 tokens are too few for two of the longest: sequences wait, and are computed again.
        let crowded = try model.makeGenerator(sequences: 24, cacheTokens: 256)
        #expect(try Self.outcomes(of: requests.reversed(), crowded) == alone.reversed())
        #expect(crowded.tokensComputed > together.tokensComputed)
    }

    @Test func beginningsThatAreAlikeAreComputedOnce() throws {
        let model = try Self.embedder()
        let common = Self.prompt(100, 1)
        let generator = try model.makeGenerator(sequences: 8, cacheTokens: 4096)
        let requests = (0..<8).map {
            GenerationRequest(prompt: common + [Int32($0)], maxNewTokens: 1, endTokens: [])
        }
        _ = try Self.outcomes(of: requests, generator)
        // Three full pages of 32; the rest of the 101 tokens is each one's own.
        #expect(generator.tokensComputed == 101 + 7 * (101 - 96))
    }

    @Test func endsAreSaid() throws {
        let model = try Self.embedder(context: 64)
        func continuation(
            _ prompt: [Int32], _ count: Int, endTokens: Set<Int32> = [], stops: [String] = []
        ) throws -> Continuation {
            let generator = try model.makeGenerator(sequences: 2, cacheTokens: 64)
            let request = GenerationRequest(
                prompt: prompt, maxNewTokens: count, endTokens: endTokens, stops: stops.map { Array($0.utf8) })
            guard case .finished(let continuation) = try Self.outcomes(of: [request], generator)[0] else {
                throw CancellationError()
            }
            return continuation
        }
        let prompt = Self.prompt(10, 3)
        let whole = try continuation(prompt, 12)
        #expect(whole.ending == .limit && whole.tokens.count == 12)
        let text = whole.tokens.map { "t\($0)" }.joined()
        #expect(String(decoding: whole.bytes, as: UTF8.self) == text)

        // The end token itself is not part of the text.
        let place = whole.tokens.firstIndex(of: whole.tokens[5])!
        let ended = try continuation(prompt, 12, endTokens: [whole.tokens[5]])
        #expect(ended.ending == .endToken && ended.tokens == Array(whole.tokens[..<place]))

        // A stop text that begins in one token and ends in the next: neither it nor what follows is in the text.
        let stop = "\(whole.tokens[3])t\(whole.tokens[4])".suffix(3)
        let stopped = try continuation(prompt, 12, stops: ["never", String(stop)])
        #expect(stopped.ending == .stopText)
        #expect(String(decoding: stopped.bytes, as: UTF8.self) == text[..<text.range(of: stop)!.lowerBound])

        // A model may have more rows than its tokenizer has tokens, which are no text: here two, one of which is always the likeliest.
        let mute = try RandomLlama(vocabulary: 42).embedder(.f32, .native, predictsTokens: true) { file in
            file.replace("tokenizer.ggml.tokens", .strings((0..<40).map { "t\($0)" }))
            var values = [Float](repeating: 0, count: 42 * 64)
            for index in 40 * 64..<42 * 64 { values[index] = index < 41 * 64 ? 1e-3 : -1e-3 }
            file.addTensor("output.weight", shape: [42, 64], values)
        }
        let generator = try mute.makeGenerator(sequences: 2, cacheTokens: 64)
        let request = GenerationRequest(
            prompt: Self.prompt(10, 3), maxNewTokens: 12, endTokens: [], stops: [Array("t1".utf8)])
        guard case .finished(let silent) = try Self.outcomes(of: [request], generator)[0] else {
            throw CancellationError()
        }
        #expect(silent.tokens.allSatisfy { $0 >= 40 } && silent.tokens.count == 12 && silent.bytes.isEmpty)

        let full = try continuation(Self.prompt(60, 3), 12)
        #expect(full.ending == .context && full.tokens.count == 4)
    }

    @Test func whatCannotBeContinuedIsRefused() throws {
        let generator = try Self.embedder(context: 100).makeGenerator(sequences: 1, cacheTokens: 64)
        func request(_ prompt: [Int32], _ count: Int = 1) -> GenerationRequest {
            GenerationRequest(prompt: prompt, maxNewTokens: count, endTokens: [])
        }
        #expect(throws: GenerationError.emptyPrompt) { try generator.add(request([]), id: 0) }
        #expect(throws: GenerationError.tokenOutOfRange(40, vocabulary: 40)) {
            try generator.add(request([1, 40]), id: 0)
        }
        #expect(throws: GenerationError.promptTooLong(tokens: 100, context: 100)) {
            try generator.add(request(Self.prompt(100, 1)), id: 0)
        }
        #expect(throws: GenerationError.cacheTooSmall(tokens: 100, cache: 64)) {
            try generator.add(request(Self.prompt(50, 1), 80), id: 0)
        }
        #expect(generator.sequenceCount == 0)
        try generator.add(request(Self.prompt(64 - 1, 1)), id: 0)
        #expect(generator.sequenceCount == 1)
    }

    /// The projection of a model may be a matrix of its own; one that is damaged is no likeliest token.
    @Test(arguments: [1, Float.nan])
    func logitsThatAreNoNumbersEndTheSequence(_ damage: Float) throws {
        let model = try RandomLlama().embedder(.f32, .native, predictsTokens: true) { file in
            var random = SeededGenerator(seed: 3)
            var values = (0..<40 * 64).map { _ in Float.random(in: -1...1, using: &random) }
            values[17 * 64 + 5] = damage
            file.addTensor("output.weight", shape: [40, 64], values)
        }
        let generator = try model.makeGenerator(sequences: 4, cacheTokens: 512)
        let request = GenerationRequest(prompt: [1, 2, 3], maxNewTokens: 2, endTokens: [])
        let outcome = try Self.outcomes(of: [request], generator)[0]
        #expect((outcome == .notFinite) == damage.isNaN)
    }

    @Test func removedSequencesLeaveRoom() throws {
        let model = try Self.embedder()
        let generator = try model.makeGenerator(sequences: 2, cacheTokens: 128)
        func request(_ number: Int) -> GenerationRequest {
            GenerationRequest(prompt: Self.prompt(40, number), maxNewTokens: 20, endTokens: [])
        }
        for id in 0..<4 { try generator.add(request(id), id: id) }
        for _ in 0..<3 { #expect(try generator.advance().isEmpty) }
        generator.remove { $0 != 3 }
        #expect(generator.sequenceCount == 1)
        var ended: [Int] = []
        while generator.sequenceCount > 0 { ended += try generator.advance().map(\.id) }
        #expect(ended == [3])
    }
}

struct KeyValuePagesTests {
    /// Pages of a random life: none has two owners unless its content is shared, and all come back.
    @Test func pagesAreNeverLostOrGivenTwice() {
        var random = SeededGenerator(seed: 5)
        var pages = KeyValuePages(count: 40)
        var held: [(tokens: [Int32], pages: [Int])] = []
        for _ in 0..<5000 {
            if Bool.random(using: &random), let index = held.indices.randomElement(using: &random) {
                pages.release(held.remove(at: index).pages)
                continue
            }
            let count = Int.random(in: 1...200, using: &random)
            let tokens = (0..<count).map { _ in Int32(Int.random(in: 0..<20, using: &random) / 19) }
            var own = pages.shared(beginningOf: tokens)
            #expect(own.count * KeyValuePages.slots < tokens.count)
            for (place, page) in own.enumerated() {
                let range = KeyValuePages.slots(ofPage: place)
                #expect(held.contains { $0.pages.firstIndex(of: page) == place && $0.tokens[range] == tokens[range] })
            }
            while own.count < KeyValuePages.pages(forTokens: count), let page = pages.take() {
                #expect(!held.contains { $0.pages.contains(page) } && !own.contains(page))
                own.append(page)
                let range = KeyValuePages.slots(ofPage: own.count - 1)
                guard range.upperBound <= count else { continue }
                pages.remember(page, after: own.dropLast().last, tokens: tokens[range])
            }
            held.append((tokens, own))
        }
        for sequence in held { pages.release(sequence.pages) }
        #expect(pages.freeCount == pages.count)
        #expect(pages.shared(beginningOf: Array(repeating: 0, count: 200)).isEmpty)
    }
}
