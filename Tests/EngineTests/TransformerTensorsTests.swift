import GGUFFixtures
import ModelFiles
import Testing

@testable import Engine

/// Every field of a model's weights has one tensor, by name.
struct TransformerTensorsTests {
    private func expectRefusal(_ parts: [String], edit: (inout GGUFBuilder) -> Void) {
        let error = #expect(throws: ModelFileError.self) { _ = try RandomLlama().embedder(edit: edit) }
        for part in parts {
            #expect(error?.description.contains(part) == true, "\(String(describing: error)) does not have \(part)")
        }
    }

    @Test func aMissingTensorIsNamedAsBothKindsOfFilesNameIt() {
        expectRefusal(["\"blk.2.attn_norm.weight\"", "model.layers.2.input_layernorm.weight", "present"]) { file in
            file.replace("llama.block_count", .uint32(3))
        }
    }

    @Test func anExtraTensorIsNamed() {
        expectRefusal(["\"blk.1.attn_q.bias\"", "only tensors of the llama architecture"]) { file in
            file.addTensor("blk.1.attn_q.bias", shape: [64], Array(repeating: 0, count: 64))
        }
    }

    @Test func aTensorOfAnotherShapeIsNamedWithBothShapes() {
        expectRefusal(["\"blk.0.ffn_gate.weight\"", "expected [128, 64], found [96, 64]"]) { file in
            file.replace("llama.feed_forward_length", .uint32(128))
        }
    }

    /// Two fields with one tensor, or one field with another's, would load and be wrong.
    @Test func noTwoFieldsOfAnArchitectureHaveTheSameTensor() {
        for architecture in Architecture.supported {
            let keys = architecture.tensors
            let block = [
                keys.block.attentionNorm, keys.block.query, keys.block.key, keys.block.value,
                keys.block.attentionOutput, keys.block.feedForwardNorm, keys.block.gate, keys.block.up, keys.block.down,
            ]
            let all =
                [keys.tokenEmbedding, keys.outputNorm] + [keys.rotaryDivisors].compactMap(\.self)
                + block.map { $0.inBlock(0) }
            #expect(Set(all.map(\.gguf)).count == all.count)
            #expect(Set(all.compactMap(\.huggingFace)).count == all.compactMap(\.huggingFace).count)
        }
    }
}
