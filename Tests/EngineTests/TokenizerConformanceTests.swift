import Foundation
import GGUFFixtures
import ModelFiles
import TestEnvironment
import Testing
import Tokenizers

/// The tokenizers of real models against the ids that the reference implementations give.
struct TokenizerConformanceTests {
    /// The cases' names, and the vocabularies that they are for.
    private static let vocabularies = ["smollm", "gpt-2", "llama-bpe", "qwen2", "starcoder", "mpt"]
        .map { ($0, $0 == "smollm" ? TestData.model.path : cases($0)) }

    private static func cases(_ name: String) -> String { TestData.shared("tokenizers/ggml-vocab-\(name).gguf").path }

    @Test(.needs(.model), .needs(.shared("tokenizers")), arguments: vocabularies)
    func everyCaseGivesTheReferenceIDs(_ name: String, _ gguf: String) throws {
        let tokenizer = try Tokenizer(gguf: GGUFFile(path: gguf))
        let texts = try String(contentsOfFile: Self.cases(name) + ".inp", encoding: .utf8)
            .components(separatedBy: "\n__ggml_vocab_test__\n")
        let lines = try String(contentsOfFile: Self.cases(name) + ".out", encoding: .utf8)
            .components(separatedBy: "\n")
        try #require(texts.count > 40 && lines.count >= texts.count)
        for (text, line) in zip(texts, lines) {
            let expected = line.split(separator: " ").compactMap { Int32($0) }
            let tokens = tokenizer.encode(Array(text.utf8), controlTokens: .none, addBOS: false)
            #expect(tokens.map(\.id) == expected, "\(name): \(text.debugDescription)")
        }
        print("\(name): \(texts.count) texts encoded as by the reference; \(tokenizer.identity)")
    }

    @Test(.needs(.model), .needs(.shared("tokenizers")), arguments: vocabularies)
    func realVocabulariesTile(_ name: String, _ gguf: String) throws {
        let tokenizer = try Tokenizer(gguf: GGUFFile(path: gguf))
        let hasAllBytes = (UInt8.min...UInt8.max).allSatisfy {
            !tokenizer.encode([$0], controlTokens: .none, addBOS: false).isEmpty
        }
        #expect(tilingFault(tokenizer, seed: 5, onlyText: !hasAllBytes) == nil)
    }

    private struct ReferenceText: Decodable {
        let text: String
        let tokenIDs: [Int32]

        enum CodingKeys: String, CodingKey {
            case text
            case tokenIDs = "token_ids"
        }
    }

    @Test(.needs(.model), .needs(.shared("reference/smollm2")))
    func theReferenceTextsGiveTheReferenceIDs() throws {
        let data = try Data(contentsOf: URL(filePath: TestData.shared("reference/smollm2/texts.json").path))
        let texts = try JSONDecoder().decode([ReferenceText].self, from: data)
        let tokenizer = try Tokenizer(gguf: GGUFFile(path: TestData.model.path))
        #expect(texts.count == 12)
        #expect(tokenizer.vocabularySize == 49152 && tokenizer.bosToken == 1 && !tokenizer.addsBOS)
        for text in texts {
            let tokens = tokenizer.encode(Array(text.text.utf8), controlTokens: .everywhere, addBOS: false)
            #expect(tokens.map(\.id) == text.tokenIDs)
        }
    }

    @Test(.needs(.model)) func aRealChatTokenIsOneTokenOrItsSpelling() throws {
        let tokenizer = try Tokenizer(gguf: GGUFFile(path: TestData.model.path))
        let text = Array("<|im_start|>".utf8)
        let control = tokenizer.encode(text, controlTokens: .everywhere, addBOS: false)
        #expect(control == [Token(id: 1, bytes: 0..<12)])
        #expect(tokenizer.bytes(of: 1) == text)
        let plain = tokenizer.encode(text, controlTokens: .none, addBOS: false)
        #expect(plain.count > 1 && !plain.map(\.id).contains(1))
        #expect(plain.flatMap { tokenizer.bytes(of: $0.id) } == text)
        // This one is SmolLM2's BOS as well: a text that begins with it gets no second one.
        #expect(tokenizer.encode(text, controlTokens: .everywhere, addBOS: true) == control)
    }
}
