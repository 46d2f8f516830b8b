import CKernels
import Testing

@testable import Engine

/// A second producer of plans beside the prefix tree: a decoder, which feeds prompts and then one token after another to
/// what it has cached.
struct RowPlanTests {
    /// Sequences that grow, each in slots of its own.
    struct Decoder {
        /// Slots between the beginnings of two sequences: whole blocks of keys.
        static let region = 128

        let model: TransformerModel
        let pass: ForwardPass
        let cache: KeyValueCache
        var counts: [Int]

        init(_ embedder: Embedder, sequences: Int = 1) throws {
            model = embedder.transformer
            pass = try ForwardPass(model)
            cache = KeyValueCache(model.configuration, format: model.keyValueFormat)
            counts = Array(repeating: 0, count: sequences)
        }

        /// The states after every layer, `[layers + 1][tokens][hidden]`, of tokens that follow each sequence's.
        ///
        /// - Parameter slots: `inPlace` but for a first call of one sequence.
        mutating func feed(_ tokens: [[Int32]], slots: RowPlan.Slots = .inPlace) throws -> [[[Float]]] {
            let layers = model.configuration.layerCount
            var plan = RowPlan(layers: Set(0...layers), slots: slots)
            for (sequence, tokens) in tokens.enumerated() {
                let (first, count) = (sequence * Self.region, counts[sequence])
                plan.append(
                    tokens, positions: Int32(count)..<Int32(count + tokens.count), slot: first + count,
                    attended: [first..<first + count + tokens.count])
                counts[sequence] += tokens.count
            }
            plan.ask(for: (0..<Int32(plan.rowCount)).map { $0 })
            var states = Array(repeating: [[Float]](), count: layers + 1)
            let hidden = model.configuration.hiddenSize
            try pass.run(plan, cache: cache) { layer, x, active in
                states[layer] = (0..<active.count).map { Array(x[active.index(of: $0) * hidden, count: hidden]) }
            }
            return states
        }
    }

    static let numerics: [(Precision, AttentionPrecision)] = [
        (.f32, .f32), (.bf16, .f32), (.bf16, .bf16), (.int8, .bf16),
    ]

    /// The states of every token, after every layer, as a prefix tree has them: of all beginnings of the sequence.
    private func statesInATree(_ tokens: [Int32], _ embedder: Embedder) throws -> [[[Float]]] {
        let layers = Array(0...embedder.model.layerCount)
        let beginnings = (1...tokens.count).map { TokenSequence(tokens: Array(tokens[..<$0]), responseStart: 0) }
        let embeddings = try embedder.makeLane().embed(beginnings, layers: layers, poolings: [.lastToken]) { _ in true }
        #expect(embeddings.tokensComputed == tokens.count)
        return layers.map { layer in tokens.indices.map { Array(embeddings[sequence: $0, layer: layer]) } }
    }

    private func bits(_ states: [[[Float]]]) -> [[[UInt32]]] { states.map { $0.map { $0.map(\.bitPattern) } } }

    private func tokens(_ count: Int, from first: Int = 0) -> [Int32] {
        (0..<count).map { Int32(($0 * 7 + 3 + first) % 40) }
    }

    @Test(arguments: numerics)
    func aDecoderGetsTheStatesOfThePrefixTreeToTheBit(
        _ precision: Precision, _ attention: AttentionPrecision
    ) throws {
        let embedder = try RandomLlama().embedder(precision, .native, attention: attention)
        let tokens = tokens(60)
        let expected = try statesInATree(tokens, embedder)
        var decoder = try Decoder(embedder)
        var found = try decoder.feed([Array(tokens[..<19])])
        for token in tokens[19...] {
            for (layer, states) in try decoder.feed([[token]]).enumerated() { found[layer] += states }
        }
        #expect(bits(found) == bits(expected))
    }

    /// A library's product may round otherwise for another number of rows.
    @Test(arguments: [Backend.oneDNN, .blas])
    func aDecoderAgreesWithThePrefixTreeOnEveryBackend(_ backend: Backend) throws {
        let embedder = try RandomLlama().embedder(.f32, backend)
        let tokens = tokens(40)
        let expected = try statesInATree(tokens, embedder)
        var decoder = try Decoder(embedder)
        var found = try decoder.feed([Array(tokens[..<19])])
        for token in tokens[19...] {
            for (layer, states) in try decoder.feed([[token]]).enumerated() { found[layer] += states }
        }
        let worst = zip(found, expected).map { relativeError($0.joined(), $1.joined()) }.max() ?? .infinity
        print("\(backend): a decoder's states beside the tree's: largest relative error \(worst)")
        #expect(worst <= 1e-5)
    }

    /// What a pass keeps for the next one is a cache like a decoder's.
    @Test(arguments: numerics)
    func aDecoderGoesOnFromAKeptPrefix(_ precision: Precision, _ attention: AttentionPrecision) throws {
        let embedder = try RandomLlama().embedder(precision, .native, attention: attention)
        let tokens = tokens(45)
        var (carried, whole) = (try Decoder(embedder), try Decoder(embedder))
        let expected = try whole.feed([tokens])
        _ = try carried.feed([Array(tokens[..<30])], slots: .carried(restored: 0, kept: [0..<7, 7..<23]))
        carried.counts = [23]
        let found = try carried.feed([Array(tokens[23...])])
        #expect(bits(found) == bits(expected.map { Array($0[23...]) }))
    }

    /// One new row for each sequence in one pass, as batched generation has it.
    @Test(arguments: numerics)
    func sequencesThatGrowTogetherDoNotSeeEachOther(_ precision: Precision, _ attention: AttentionPrecision) throws {
        let embedder = try RandomLlama().embedder(precision, .native, attention: attention)
        let sequences = [tokens(50), tokens(43, from: 5), tokens(38, from: 11)]
        var together = try Decoder(embedder, sequences: 3)
        var found = try together.feed(sequences.map { Array($0.dropLast(8)) })
        found = found.map { _ in [] }
        for step in (1...8).reversed() {
            let states = try together.feed(sequences.map { [$0[$0.count - step]] })
            for (layer, states) in states.enumerated() { found[layer] += states }
        }
        for (index, tokens) in sequences.enumerated() {
            var alone = try Decoder(embedder)
            let expected = try alone.feed([tokens]).map { Array($0.suffix(8)) }
            let own = found.map { rows in stride(from: index, to: rows.count, by: 3).map { rows[$0] } }
            #expect(bits(own) == bits(expected), "sequence \(index)")
        }
    }
}
