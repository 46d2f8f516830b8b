import Foundation
import ModelFiles
import TestEnvironment
import Testing
import Tokenizers

/// What is known of SmolLM2's file.
struct RealModelFileTests {
    @Test(.needs(.model)) func aRealModelIsRead() throws {
        let file = try GGUFFile(path: TestData.model.path)
        #expect(file.tensorNames.count == 272)
        #expect(try file.metadata.string("general.architecture") == "llama")
        #expect(try file.metadata.float("llama.attention.layer_norm_rms_epsilon") == 1e-5)
        #expect(try file.metadata.strings("tokenizer.ggml.tokens").count == 49152)
        #expect(try file.tensor("token_embd.weight").shape == [49152, 576])
        #expect(try file.tensor("blk.29.ffn_down.weight", shape: [576, 1536]).type == .q4_1)
    }
}
