import Foundation
import GGUFFixtures
import ModelFiles
import Testing
import Tokenizers

/// The cases of `scripts/make-tiny-model.py`, which splits texts with the expressions that the models publish, in an
/// engine for regular expressions, and merges by definition.
struct TokenizerCasesTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            let pre: String
            /// Whether control tokens that the text spells are read as such.
            let control: Bool
            let text: String
            let tokens: [Int32]
        }

        let tokens: [String]
        let merges: [String]
        /// The last of the tokens.
        let control: [String]
        let cases: [Case]
    }

    private static let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/cases.json")

    /// The cases of `qwen2` are those of its pattern, which `hunyuan` has without a normalizer.
    @Test(arguments: ["gpt-2": "gpt-2", "smollm": "smollm", "llama-bpe": "llama-bpe", "qwen2": "hunyuan"])
    func everyCaseGivesTheTokensOfTheReference(_ rule: String, name: String) throws {
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: Self.file))
        let cases = golden.cases.filter { $0.pre == rule }
        #expect(cases.count == 33 && cases.count(where: \.control) == 4)
        let normal = golden.tokens.count - golden.control.count
        var file = GGUFBuilder()
        file.set("tokenizer.ggml.model", .string("gpt2"))
        file.set("tokenizer.ggml.pre", .string(name))
        file.set("tokenizer.ggml.tokens", .strings(golden.tokens))
        file.set("tokenizer.ggml.merges", .strings(golden.merges))
        let types = Array(repeating: Int32(1), count: normal) + golden.control.map { _ in 3 }
        file.set("tokenizer.ggml.token_type", .int32s(types))
        let tokenizer = try Tokenizer(gguf: GGUFFile(bytes: file.build()))
        for golden in cases {
            let tokens = tokenizer.encode(
                Array(golden.text.utf8), controlTokens: golden.control ? .everywhere : .none, addBOS: false)
            #expect(tokens.map(\.id) == golden.tokens, "\(golden.text.debugDescription)")
        }
    }
}
