import Foundation
import TestEnvironment
import Testing
import Tokenizers

@testable import Engine

/// Greedy tokens beside those of Hugging Face transformers (`scripts/greedy_reference.py`).
@Suite(.needs(.model))
struct GreedyParityTests {
    private struct Reference: Decodable {
        var text: String
        var prompt, tokens: [Int32]
        /// How far each token's logit was above the next.
        var leads: [Float]
    }

    /// Below it rounding decides.
    private static let tie: Float = 1e-3

    @Test func greedyTokensAreThoseOfTransformers() throws {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/greedy-smollm2.json")
        let references = try JSONDecoder().decode([Reference].self, from: Data(contentsOf: golden))
        #expect(references.count == 50)
        let model = try Embedder(
            modelPath: TestData.model.path, precision: .f32, backend: .native, predictsTokens: true, loadingThreads: 2)
        let generator = try model.makeGenerator(sequences: 50, cacheTokens: 50 * 256)
        for (id, reference) in references.enumerated() {
            let tokens = model.tokenizer.encode(Array(reference.text.utf8), controlTokens: .none, addBOS: false).map(
                \.id)
            #expect(tokens == reference.prompt, "prompt \(id)")
            try generator.add(
                GenerationRequest(
                    prompt: reference.prompt, maxNewTokens: reference.tokens.count,
                    endTokens: model.tokenizer.endTokens), id: id)
        }
        var (equal, total, ties) = (0, 0, 0)
        while generator.sequenceCount > 0 {
            for (id, outcome) in try generator.advance() {
                guard case .finished(let continuation) = outcome else {
                    Issue.record("prompt \(id): \(outcome)")
                    continue
                }
                let reference = references[id]
                // The reference has the end token, too.
                let found = continuation.tokens + (continuation.ending == .endToken ? reference.tokens.suffix(1) : [])
                let place = zip(found, reference.tokens).enumerated().first { $0.element.0 != $0.element.1 }?.offset
                total += reference.tokens.count
                equal += place ?? min(found.count, reference.tokens.count)
                if let place {
                    ties += 1
                    #expect(
                        reference.leads[place] < Self.tie,
                        "prompt \(id) differs at token \(place), which led by \(reference.leads[place])")
                } else {
                    #expect(found.count == reference.tokens.count, "prompt \(id)")
                }
            }
        }
        print(
            "greedy beside transformers: \(equal) of \(total) tokens equal; \(ties) sequences go on otherwise at a tie")
        #expect(equal > total * 9 / 10)
    }
}
