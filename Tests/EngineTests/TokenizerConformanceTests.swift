import Foundation
import GGUFFixtures
import ModelFiles
import TestEnvironment
import Testing
import Tokenizers

/// The tokenizers of real models against the ids that the reference implementations give.
struct TokenizerConformanceTests {
    /// A file of a vocabulary, and the cases for it.
    private struct Vocabulary {
        let gguf: TestData
        let texts: TestData
        let ids: TestData

        init(_ name: String, _ gguf: TestData? = nil) {
            let own = "tokenizers/ggml-vocab-\(name).gguf"
            (self.gguf, texts, ids) = (gguf ?? .shared(own), .shared(own + ".inp"), .shared(own + ".out"))
        }

        var files: [TestData] { [gguf, texts, ids] }
    }

    private static let names = [
        "deepseek-coder", "deepseek-llm", "falcon", "gpt-2", "llama-bpe", "llama-spm", "mpt", "phi-3", "qwen2",
        "starcoder",
    ]
    private static let smolLM = Vocabulary("smollm", .model)

    @Test(.needs(names.flatMap { Vocabulary($0).files }), arguments: names)
    func everyCaseGivesTheReferenceIDs(_ name: String) throws { try expectReferenceIDs(Vocabulary(name), name) }

    @Test(.needs(smolLM.files)) func everyCaseGivesTheModelsIDs() throws {
        try expectReferenceIDs(Self.smolLM, "smollm")
    }

    private func expectReferenceIDs(_ vocabulary: Vocabulary, _ name: String) throws {
        let tokenizer = try Tokenizer(gguf: GGUFFile(path: vocabulary.gguf.path))
        let texts = try String(contentsOfFile: vocabulary.texts.path, encoding: .utf8)
            .components(separatedBy: "\n__ggml_vocab_test__\n")
        let lines = try String(contentsOfFile: vocabulary.ids.path, encoding: .utf8).components(separatedBy: "\n")
        try #require(texts.count > 40 && lines.count >= texts.count)
        for (text, line) in zip(texts, lines) {
            let expected = line.split(separator: " ").compactMap { Int32($0) }
            let tokens = tokenizer.encode(Array(text.utf8), controlTokens: .none, addBOS: false)
            #expect(tokens.map(\.id) == expected, "\(name): \(text.debugDescription)")
        }
        print("\(name): \(texts.count) texts encoded as by the reference; \(tokenizer.identity)")
    }

    @Test(.needs(names.map { Vocabulary($0).gguf }), arguments: names)
    func realVocabulariesTile(_ name: String) throws { try expectTiling(Vocabulary(name)) }

    @Test(.needs(.model)) func theModelsVocabularyTiles() throws { try expectTiling(Self.smolLM) }

    private func expectTiling(_ vocabulary: Vocabulary) throws {
        let tokenizer = try Tokenizer(gguf: GGUFFile(path: vocabulary.gguf.path))
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

    @Test(.needs(.model, ReferenceStates.texts))
    func theReferenceTextsGiveTheReferenceIDs() throws {
        let data = try Data(contentsOf: URL(filePath: ReferenceStates.texts.path))
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
