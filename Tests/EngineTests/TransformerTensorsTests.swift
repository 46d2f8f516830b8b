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

    @Test func aMissingTensorIsNamed() {
        expectRefusal(["\"blk.2.attn_norm.weight\"", "present"]) { file in
            file.replace("llama.block_count", .uint32(3))
        }
    }

    @Test func anExtraTensorIsNamed() {
        expectRefusal(["\"blk.1.attn_q_norm.weight\"", "only tensors of the llama architecture"]) { file in
            file.addTensor("blk.1.attn_q_norm.weight", shape: [16], Array(repeating: 0, count: 16))
        }
    }

    @Test func aTensorOfAnotherShapeIsNamedWithBothShapes() {
        expectRefusal(["\"blk.0.ffn_gate.weight\"", "expected [128, 64], found [96, 64]"]) { file in
            file.replace("llama.feed_forward_length", .uint32(128))
        }
    }

    /// Two fields with one tensor, or one field with another's, would load and be wrong.
    @Test(arguments: Architecture.supported.map(\.name))
    func noTwoFieldsOfAnArchitectureHaveTheSameTensor(_ name: String) throws {
        let keys = try #require(Architecture.supported.first { $0.name == name }).tensors
        let model = [keys.tokenEmbedding, keys.positionEmbedding, keys.outputNorm, keys.vocabularyProjection]
        for layers in [model.compactMap(\.self), keys.block.layers] {
            for names in [layers.map(\.gguf), layers.map(\.folder)] {
                let there = names.compactMap(\.self)
                #expect(Set(there).count == there.count, "\(there)")
            }
        }
    }
}

extension BlockKeys {
    var layers: [LayerKey] {
        let projected: [LayerKey] =
            switch projections {
            case .separate(let query, let key, let value): [query, key, value]
            case .fused(let key, _): [key]
            }
        let hidden: [LayerKey] =
            switch feedForward {
            case .gated(let gate, let up, let down): [gate, up, down]
            case .gatedFused(let first, let down), .plain(let first, let down): [first, down]
            case .experts(let keys):
                [keys.router]
                    + [keys.gate, keys.up, keys.down].map { LayerKey($0.gguf, keys.folder + $0.folder, []) }
            }
        let norms = [attentionNorm, queryNorm, keyNorm, attentionPostNorm, feedForwardNorm, feedForwardPostNorm]
        return norms.compactMap(\.self) + projected + hidden + [attentionOutput]
    }
}
