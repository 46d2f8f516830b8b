import Engine
import SeededRandom
import TestEnvironment
import Testing
import Tokenizers

/// What an embedding may depend on, and what is refused; with SmolLM2.
@Suite(.needs(.model))
struct EmbedderTests {
    static let embedder = Result {
        try Embedder(modelPath: TestData.model.path, precision: .f32, backend: .oneDNN, loadingThreads: 2)
    }

    let embedder: Embedder
    let lane: Lane

    init() throws {
        embedder = try Self.embedder.get()
        lane = try embedder.makeLane()
    }

    private func embed(
        _ sequences: [TokenSequence], layers: [Int] = [0, 7, 30], pooling: Pooling = .lastToken
    ) throws -> Embeddings {
        try lane.embed(sequences, layers: layers, poolings: [pooling]) { _ in true }
    }

    private func randomSequence(_ count: Int, _ random: inout SeededGenerator) -> TokenSequence {
        let tokens = (0..<count).map { _ in Int32.random(in: 100..<40_000, using: &random) }
        return TokenSequence(tokens: tokens, responseStart: count / 2)
    }

    /// Prompts of several lengths with several responses each, some repeated, shuffled.
    private func pairs(_ random: inout SeededGenerator) -> [TokenSequence] {
        let prompts = [1, 15, 40, 130].map { randomSequence($0, &random).tokens }
        let sequences = prompts.flatMap { prompt in
            [1, 16, 17, 90].map { count in
                TokenSequence(
                    tokens: prompt + randomSequence(count, &random).tokens, responseStart: prompt.count)
            }
        }
        return (sequences + sequences.prefix(3)).shuffled(using: &random)
    }

    @Test(arguments: Pooling.allCases)
    func aVectorDoesNotDependOnWhatElseIsInTheBatch(_ pooling: Pooling) throws {
        var random = SeededGenerator(seed: 3)
        let sequences = pairs(&random)
        let together = try embed(sequences, pooling: pooling)
        #expect(together.tokensComputed < together.tokensTotal)
        var worst = 0.0
        for (index, sequence) in sequences.enumerated() {
            let alone = try embed([sequence], pooling: pooling)
            #expect(alone.tokensComputed == sequence.tokens.count)
            for layer in [0, 7, 30] {
                worst = max(
                    worst, relativeError(together[sequence: index, layer: layer], alone[sequence: 0, layer: layer]))
            }
        }
        print("together versus alone, \(pooling): largest relative error \(worst)")
        #expect(worst <= 1e-5)
    }

    /// In one call every prefix is computed once; in many, each sequence on its own.
    @Test func onlyDistinctPrefixesAreComputed() throws {
        var random = SeededGenerator(seed: 4)
        let prompt = randomSequence(100, &random).tokens
        let sequences = (0..<5).map { _ in
            TokenSequence(tokens: prompt + randomSequence(20, &random).tokens, responseStart: 100)
        }
        let embeddings = try embed(sequences + sequences)
        #expect(embeddings.tokensTotal == 2 * 5 * 120)
        #expect(embeddings.tokensComputed == 100 + 5 * 20)
    }

    /// A prefix that several micro-batches share, and one that lies in the middle of another's path.
    @Test(arguments: Pooling.allCases)
    func aPrefixKeptFromTheBatchBeforeGivesTheSameVectors(_ pooling: Pooling) throws {
        var random = SeededGenerator(seed: 11)
        let (prompt, branch) = (randomSequence(150, &random).tokens, randomSequence(70, &random).tokens)
        let sequences = (0..<30).map { index in
            let start = index < 15 ? prompt : prompt[..<100] + branch
            return TokenSequence(
                tokens: start + randomSequence(20 + 5 * index, &random).tokens, responseStart: start.count)
        }
        // The whole of one is the beginning of another, and one comes twice.
        let all = sequences + [TokenSequence(tokens: prompt, responseStart: 140), sequences[7]]
        let shared = try embed(all, pooling: pooling)
        let unshared = try lane.embed(all, layers: [0, 7, 30], poolings: [pooling], sharesPrefixes: false) { _ in true }
        #expect(unshared.tokensComputed == unshared.tokensTotal)
        if pooling == .lastToken { #expect(shared.tokensComputed <= Set(all.flatMap(prefixes)).count + 1) }
        var worst = 0.0
        for index in all.indices {
            for layer in [0, 7, 30] {
                worst = max(
                    worst, relativeError(shared[sequence: index, layer: layer], unshared[sequence: index, layer: layer])
                )
            }
        }
        print("shared versus unshared, \(pooling): largest relative error \(worst)")
        #expect(worst <= 1e-5)
    }

    private func prefixes(_ sequence: TokenSequence) -> [ArraySlice<Int32>] {
        (1...sequence.tokens.count).map { sequence.tokens[..<$0] }
    }

    /// Who asks for more gets the same for what was asked before, to the bit: on the engine's own kernels, as libraries
    /// choose theirs by the number of rows. (But for `meanText` beside another pooling: with it no prefix is kept from one
    /// micro-batch to the next, which rounds otherwise.)
    @Test(arguments: [(Precision.f32, Backend.native), (.bf16, .native)])
    func moreLayersAndPoolingsChangeNoVector(_ precision: Precision, _ backend: Backend) throws {
        let embedder = try Embedder(
            modelPath: TestData.model.path, precision: precision, backend: backend, loadingThreads: 2)
        let lane = try embedder.makeLane()
        var random = SeededGenerator(seed: 12)
        let sequences = pairs(&random)
        for (layer, pooling, layers, poolings) in [
            (15, .lastToken, [0, 15, 30], [.meanResponse, .lastToken]),
            (30, .meanResponse, [30], [.meanResponse, .lastToken]), (7, .meanText, [7, 30], Pooling.allCases),
        ] as [(Int, Pooling, [Int], [Pooling])] {
            let few = try lane.embed(sequences, layers: [layer], poolings: [pooling]) { _ in true }
            let many = try lane.embed(sequences, layers: layers, poolings: poolings) { _ in true }
            for index in sequences.indices {
                let same = many[sequence: index, layer: layer, pooling: pooling].elementsEqual(
                    few[sequence: index, layer: layer])
                #expect(same, "sequence \(index), layer \(layer), \(pooling)")
            }
        }
    }

    @Test(arguments: Pooling.allCases)
    func everySetOfLayersGivesTheSameVectors(_ pooling: Pooling) throws {
        var random = SeededGenerator(seed: 5)
        let sequences = pairs(&random)
        let all = try embed(sequences, layers: Array(0...30), pooling: pooling)
        var worst = 0.0
        for layers in [[0], [1], [15], [29], [30], [30, 29, 0], [4, 9, 4], [29, 30]] {
            let some = try embed(sequences, layers: layers, pooling: pooling)
            for index in sequences.indices {
                for layer in layers {
                    worst = max(
                        worst, relativeError(some[sequence: index, layer: layer], all[sequence: index, layer: layer]))
                }
            }
            let slots = layers.indices.map { some.vectors[$0 * 576] }
            #expect(slots == layers.map { some[sequence: 0, layer: $0].first! }, "vectors are in the order asked for")
        }
        print("subsets of layers, \(pooling): largest relative error \(worst)")
        #expect(worst <= 1e-5)
    }

    @Test func meanResponseIsTheMeanOfItsTokensStates() throws {
        var random = SeededGenerator(seed: 6)
        let whole = TokenSequence(tokens: randomSequence(12, &random).tokens, responseStart: 8)
        let states = try embed((9...12).map { TokenSequence(tokens: Array(whole.tokens[..<$0]), responseStart: 0) })
        let found = try embed([whole], pooling: .meanResponse)
        for layer in [0, 7, 30] {
            let mean = (0..<576).map { component in
                (0..<4).reduce(Float(0)) {
                    $0 + states.vectors[(($1 * 3) + [0, 7, 30].firstIndex(of: layer)!) * 576 + component]
                } / 4
            }
            #expect(relativeError(found[sequence: 0, layer: layer], mean) <= 1e-5)
        }
    }

    /// The model's full context goes through in tiles; the last token sees the first one.
    @Test func aSequenceOfTheFullContextIsOnePiece() throws {
        var random = SeededGenerator(seed: 7)
        let long = randomSequence(embedder.model.contextLength, &random)
        var other = long
        other.tokens[0] += 1
        let embeddings = try embed([long, other], layers: [1])
        let first = embeddings[sequence: 0, layer: 1], second = embeddings[sequence: 1, layer: 1]
        #expect(!first.contains { !$0.isFinite } && Array(first) != Array(second))
        #expect(embeddings.tokensComputed == 2 * 8192)
    }

    /// Branches of a prefix that fills several tiles agree with each sequence on its own.
    @Test func aLongPrefixIsSharedAcrossTiles() throws {
        var random = SeededGenerator(seed: 10)
        let prefix = randomSequence(1500, &random).tokens
        let sequences = (0..<3).map { _ in
            TokenSequence(tokens: prefix + randomSequence(50, &random).tokens, responseStart: prefix.count)
        }
        let together = try embed(sequences, layers: [3], pooling: .meanText)
        #expect(together.tokensComputed == 1500 + 3 * 50)
        for (index, sequence) in sequences.enumerated() {
            let alone = try embed([sequence], layers: [3], pooling: .meanText)
            #expect(relativeError(together[sequence: index, layer: 3], alone[sequence: 0, layer: 3]) <= 1e-5)
        }
    }

    @Test func progressCountsTokensAndFalseCancels() throws {
        var random = SeededGenerator(seed: 8)
        let sequences = (0..<3).map { _ in randomSequence(400, &random) }
        var seen: [Int] = []
        _ = try lane.embed(sequences, layers: [1], poolings: [.lastToken]) {
            seen.append($0)
            return true
        }
        #expect(seen == [400, 800, 1200])
        #expect(throws: CancellationError.self) {
            _ = try lane.embed(sequences, layers: [1], poolings: [.lastToken]) { $0 < 800 }
        }
    }

    @Test func aWrongRequestSaysWhatIsWrong() throws {
        let good = TokenSequence(tokens: [1, 2], responseStart: 1)
        func error(_ sequences: [TokenSequence], _ layers: [Int] = [1], _ pooling: Pooling = .lastToken) -> String {
            do throws(any Error) {
                _ = try embed(sequences, layers: layers, pooling: pooling)
                return "none"
            } catch { return "\(error)" }
        }
        let long = TokenSequence(tokens: Array(repeating: 5, count: 8193), responseStart: 0)
        #expect(
            error([good, long]) == "sequence 1: expected at most 8192 tokens (the model's context), found 8193")
        #expect(
            error([TokenSequence(tokens: [], responseStart: 0)])
                == "sequence 0: expected at least one token, found none")
        #expect(
            error([good, TokenSequence(tokens: [49152], responseStart: 0)])
                == "sequence 1: expected token ids below 49152, found 49152")
        #expect(error([TokenSequence(tokens: [-1], responseStart: 0)]).contains("found -1"))
        #expect(error([good], [31]) == "layers: expected 0 to 30, found 31")
        #expect(error([good], [-1]) == "layers: expected 0 to 30, found -1")
        #expect(error([good], []) == "layers: expected at least one, found none")
        let mute = TokenSequence(tokens: [1, 2], responseStart: 2)
        #expect(
            error([mute], [1], .meanResponse)
                == "sequence 0: expected a response that starts before the end, token 2, found a start at token 2")
        #expect(error([mute]) == "none")
        #expect(error([]) == "none")
    }

    @Test func theResponseStartsWithTheTokenThatHoldsItsFirstByte() {
        let prompt = Array("What is the capital of France?\n".utf8), response = Array("Paris.".utf8)
        let whole = embedder.tokenize(prompt + response, responseOffset: prompt.count, controlTokens: .none)
        let tail = whole.tokens[whole.responseStart...].flatMap { embedder.tokenizer.bytes(of: $0) }
        #expect(tail == response)
        let inside = embedder.tokenize(prompt + response, responseOffset: prompt.count + 2, controlTokens: .none)
        let token = embedder.tokenizer.bytes(of: whole.tokens[whole.responseStart])
        #expect(inside.responseStart == whole.responseStart + (token.count > 2 ? 0 : 1))
        let empty = embedder.tokenize(prompt, responseOffset: prompt.count, controlTokens: .none)
        #expect(empty.responseStart == empty.tokens.count)
    }

    @Test func lanesOnSeveralThreadsAgree() async throws {
        var random = SeededGenerator(seed: 9)
        let sequences = pairs(&random)
        let expected = try embed(sequences).vectors
        let embedder = embedder
        let found = try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<3 {
                group.addTask {
                    try embedder.makeLane().embed(sequences, layers: [0, 7, 30], poolings: [.lastToken]) { _ in true }
                        .vectors
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(found == [expected, expected, expected])
    }
}
