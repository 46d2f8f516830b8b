import Engine
import Foundation
import Testing
import Tokenizers

/// A tiny Llama against the hidden states that `scripts/make-tiny-model.py` computed for it in float64, from texts to
/// vectors: every token, after every layer.
struct GoldenModelTests {
    private struct Text: Decodable {
        let text: String
        let tokens: [Int32]
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
    private static let layers = Array(0...3)

    /// A way to compute, and the bounds of the largest error of a state, relative to it.
    struct Numerics: CustomTestStringConvertible {
        let precision: Precision
        let backend: Backend
        var attention = AttentionPrecision.automatic
        let errors: ClosedRange<Double>

        var testDescription: String { "\(precision) \(backend), attention \(attention)" }
    }

    /// Less than the least would mean that nothing was rounded as it should be.
    static let numerics =
        Backend.allCases.map { Numerics(precision: .f32, backend: $0, errors: 0...5e-6) }
        + Backend.allCases.flatMap { backend in
            [AttentionPrecision.f32, .bf16].map {
                Numerics(precision: .bf16, backend: backend, attention: $0, errors: 1e-3...0.04)
            }
        }
        + [AttentionPrecision.f32, .bf16].map {
            Numerics(precision: .int8, backend: .native, attention: $0, errors: 1e-2...0.15)
        }

    @Test(arguments: numerics) func everyTokensStatesAreThoseOfTheReference(_ numerics: Numerics) throws {
        let embedder = try Embedder(
            modelPath: Self.folder.appending(path: "tiny-llama.gguf").path, precision: numerics.precision,
            backend: numerics.backend, attention: numerics.attention, loadingThreads: 1)
        let lane = try embedder.makeLane()
        let texts = try JSONDecoder().decode(
            [Text].self, from: Data(contentsOf: Self.folder.appending(path: "tiny-llama.texts.json")))
        let reference = try SafeTensors(path: Self.folder.appending(path: "tiny-llama.states.safetensors").path)
        #expect(embedder.warnings.isEmpty && texts.map(\.tokens.count) == [1, 14, 20, 89, 17])
        var (worst, least) = (0.0, 1.0)
        for (number, text) in texts.enumerated() {
            let whole = embedder.tokenize(Array(text.text.utf8), responseOffset: 0, controlTokens: .everywhere)
            #expect(whole.tokens == text.tokens)
            let states = try #require(reference["\(number).states"])
            #expect(states.shape == [Self.layers.count, text.tokens.count, embedder.model.hiddenSize])
            let prefixes = text.tokens.indices.map {
                TokenSequence(tokens: Array(text.tokens[...$0]), responseStart: 0)
            }
            let found = try lane.embed(prefixes, layers: Self.layers, poolings: [.lastToken]) { _ in true }
            for layer in Self.layers {
                for token in text.tokens.indices {
                    let start = (layer * text.tokens.count + token) * embedder.model.hiddenSize
                    let expected = states.values[start..<start + embedder.model.hiddenSize]
                    worst = max(worst, relativeError(found[sequence: token, layer: layer], expected))
                    least = min(least, cosine(found[sequence: token, layer: layer], expected))
                }
            }
        }
        print("\(embedder.numericBuild): largest relative error \(worst), least cosine \(least)")
        #expect(numerics.errors.contains(worst))
    }
}
