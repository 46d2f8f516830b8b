import Engine
import Foundation
import GGUFFixtures
import ModelFiles
import Testing
import Tokenizers

/// What a file may say of its model beyond what is computed: each key is heeded, refused by name, or warned about.
@Suite struct ArchitectureKeysTests {
    private typealias Value = GGUFBuilder.Value

    private func expectRefusal(_ parts: [String], of pairs: [(String, Value)], _ comment: Comment? = nil) {
        do {
            _ = try RandomLlama().embedder { file in for (key, value) in pairs { file.replace(key, value) } }
            Issue.record("no error; expected one with \(parts)")
        } catch {
            for part in parts { #expect("\(error)".contains(part), comment) }
        }
    }

    private func warnings(_ pairs: [(String, Value)], of model: RandomLlama = RandomLlama()) throws -> [String] {
        try model.embedder { file in for (key, value) in pairs { file.replace(key, value) } }.warnings
    }

    /// The keys' last parts; each is refused with a message that names it.
    private static let refused: [(String, Value, String)] = [
        ("attention.causal", .bool(false), "expected true"),
        ("attn_logit_softcapping", .float32(-50), "positive"), ("final_logit_softcapping", .float32(.nan), "nan"),
        ("expert_shared_count", .uint32(1), "mixtures"), ("expert_group_count", .uint32(2), "mixtures"),
        ("attention.value_scale", .float32(0.5), "such scales"), ("residual_scale", .float32(-1), "positive"),
        ("attention.clamp_kqv", .float32(8), "expected 0"), ("attention.max_alibi_bias", .float32(8), "expected 0"),
        ("nextn_predict_layers", .uint32(1), "blocks"),
        ("attention.layer_norm_epsilon", .float32(1e-5), "of another kind"),
        ("tensor_data_layout", .string("interleaved"), "expected reference"),
        ("hidden_activation", .string("relu"), "expected one of silu"),
        ("rope.scaling.attn_factor", .float32(1.2), "expected 1"),
        ("rope.scaling.yarn_ext_factor", .float32(1), "expected 0"),
        ("rope.dimension_sections", .int32s([16, 24, 24, 0]), "expected 0"),
        ("attention.temperature_scale", .float32(0.1), "expected 0"),
        ("attention.kv_lora_rank", .uint32(512), "expected 0"), ("embedding_length_out", .uint32(32), "size 64"),
        ("swiglu_clamp_exp", .float32s([0, 7]), "7.0"), ("embedding_scale", .float32(.nan), "nan"),
        ("logit_scale", .string("two"), "numbers"),
    ]

    @Test func whatIsNotComputedIsRefusedByName() {
        for (key, value, expected) in Self.refused {
            expectRefusal(["key \"llama.\(key)\"", expected], of: [("llama." + key, value)], "llama.\(key)")
        }
    }

    /// As converters write them for models without the feature.
    private static let accepted: [(String, Value)] = [
        ("attention.causal", .bool(true)), ("attn_logit_softcapping", .float32(0)), ("expert_count", .uint32(0)),
        ("expert_used_count", .int32(0)), ("embedding_scale", .float32(1)), ("residual_scale", .float32(1)),
        ("logit_scale", .float64(1)), ("attention.scale", .float32(0.25)), ("attention.clamp_kqv", .float32(0)),
        ("use_parallel_residual", .bool(false)), ("nextn_predict_layers", .uint32(0)), ("vocab_size", .uint32(40)),
        ("tensor_data_layout", .string("Meta AI original pth")), ("attention.sliding_window", .uint32(4096)),
        ("rope.scaling.type", .string("none")), ("rope.scaling.factor", .float32(1)),
        ("rope.scaling.original_context_length", .uint32(512)), ("rope.scaling.finetuned", .bool(true)),
        ("rope.scaling.attn_factor", .float32(1)), ("rope.dimension_sections", .int32s([0, 0, 0, 0])),
        ("pooling_type", .uint32(0)), ("leading_dense_block_count", .uint32(0)),
    ]

    @Test func whatSaysWhatIsComputedAnywayChangesNothing() throws {
        let model = RandomLlama()
        let sequence = model.sequence(40)
        let plain = try model.embedder().makeLane().embed([sequence], layers: [2], poolings: [.lastToken]) { _ in true }
        let embedder = try model.embedder { file in
            for (key, value) in Self.accepted { file.replace("llama." + key, value) }
        }
        let found = try embedder.makeLane().embed([sequence], layers: [2], poolings: [.lastToken]) { _ in true }
        #expect(found.vectors == plain.vectors)
        #expect(embedder.warnings == [])
    }

    @Test func aKeyThatNobodyKnowsIsWarnedAbout() throws {
        let found = try warnings([
            ("llama.attention.hologram", .uint32(3)), ("llama.quantum", .bool(true)),
            ("general.author", .string("me")),
            ("tokenizer.ggml.shuffles", .bool(true)), ("tokenizer.chat_template", .string("{}")),
        ])
        #expect(found.count == 2)
        #expect(found[0].contains("\"llama.attention.hologram\", \"llama.quantum\"") && !found[0].contains("author"))
        #expect(found[1].contains("\"tokenizer.ggml.shuffles\"") && !found[1].contains("chat_template"))
    }

    @Test func manyUnknownKeysMakeOneSentence() throws {
        let found = try warnings((0..<30).map { ("llama.extra_\($0)", .uint32(1)) })
        #expect(found.count == 1 && found[0].contains("and 22 more"))
    }

    @Test func aPoolingThatTheFileAsksForIsWarnedAbout() throws {
        let found = try warnings([("llama.pooling_type", .uint32(3))])
        #expect(found.count == 1 && found[0].contains("llama.pooling_type is 3"))
    }

    @Test func whatIsNoModelIsRefused() {
        expectRefusal(
            ["key \"general.type\"", "expected model", "adapter"], of: [("general.type", .string("adapter"))])
        expectRefusal(
            ["key \"general.quantization_version\"", "expected 2", "found 3"],
            of: [("general.quantization_version", .uint32(3))])
    }

    // MARK: Positions

    private func states(_ model: RandomLlama, _ pairs: [(String, Value)]) throws -> [Float] {
        let embedder = try model.embedder { file in for (key, value) in pairs { file.replace(key, value) } }
        return try embedder.makeLane().embed(
            [model.sequence(100)], layers: [1, 2], poolings: [.lastToken, .meanText]
        ) { _ in true }.vectors
    }

    /// Frequencies that are all divided by 4 are positions that are; `TinyLlamaTests` holds such divisors against
    /// transformers.
    @Test func linearScalingDividesThePositions() throws {
        var divided = RandomLlama()
        divided.rotaryDivisors = Array(repeating: 4, count: 8)
        let expected = try states(divided, [])
        let plain = try states(RandomLlama(), [])
        #expect(zip(expected, plain).contains { abs($0 - $1) > 0.01 })
        let factor = Value.float32(4)
        for pairs: [(String, Value)] in [
            [("llama.rope.scaling.type", .string("linear")), ("llama.rope.scaling.factor", factor)],
            [("llama.rope.scaling.factor", factor)], [("llama.rope.scale_linear", factor)],
            [("llama.rope.scaling.factor", factor), ("llama.rope.scale_linear", .float64(4))],
        ] { #expect(try states(RandomLlama(), pairs) == expected) }
        divided.rotaryDivisors = Array(repeating: 2, count: 8)
        #expect(try states(divided, [("llama.rope.scaling.factor", .float32(2))]) == expected)
        for pairs: [(String, Value)] in [
            [("llama.rope.scaling.type", .string("linear"))], [("llama.rope.scaling.factor", .float32(0))],
            [("llama.rope.scaling.type", .string("yarn")), ("llama.rope.scaling.factor", .float32(1))],
        ] { #expect(try states(RandomLlama(), pairs) == plain) }
    }

    @Test func otherScalingsOfPositionsAreRefused() {
        for type in ["su", "dynamic", ""] {
            expectRefusal(
                ["key \"llama.rope.scaling.type\"", "expected none, linear, yarn", type.debugDescription],
                of: [("llama.rope.scaling.type", .string(type)), ("llama.rope.scaling.factor", .float32(4))])
        }
        expectRefusal(
            ["\"llama.rope.scaling.factor\"", "1 where llama.rope.scaling.type is none"],
            of: [("llama.rope.scaling.type", .string("none")), ("llama.rope.scaling.factor", .float32(8))])
        expectRefusal(
            ["\"llama.rope.scale_linear\"", "expected the 2.0 of llama.rope.scaling.factor"],
            of: [("llama.rope.scaling.factor", .float32(2)), ("llama.rope.scale_linear", .float32(4))])
        for factor in [-1, .infinity, .nan] as [Float] {
            expectRefusal(
                ["\"llama.rope.scaling.factor\"", "a positive number"],
                of: [("llama.rope.scaling.factor", .float32(factor))])
        }
    }

    @Test func llama31WithoutItsRotaryDivisorsIsWarnedAbout() throws {
        var model = RandomLlama(context: 131_072, rotaryBase: 500_000)
        #expect(try warnings([], of: model).first?.contains("rope_freqs.weight") == true)
        model.rotaryDivisors = Array(repeating: 2, count: 8)
        #expect(try warnings([], of: model) == [])
        // Llama 3 has neither such a context nor the divisors.
        #expect(try warnings([], of: RandomLlama(context: 8192, rotaryBase: 500_000)) == [])
        for (name, isNamed) in [
            ("Meta Llama 3.1 8B Instruct", true), ("llama-3.2-1b", true), ("My_Llama3.3", true), ("Llama 3 8B", false),
            ("Llama-3.15", false), ("Llama 2 7B", false), ("TinyLlama 1.1B", false),
        ] {
            #expect(try !warnings([("general.name", .string(name))]).isEmpty == isNamed, "\(name)")
        }
    }

    // MARK: Tokenizer

    @Test func whatWouldChangeTheTokensIsRefusedByName() {
        for (key, value, expected) in [
            ("add_eos_token", .bool(true), "nothing is put behind a text"),
            ("add_sep_token", .bool(true), "nothing is put behind a text"),
            ("add_space_prefix", .bool(true), "puts nothing before a text"),
            ("remove_extra_whitespaces", .bool(true), "leaves white space as it is"),
            ("precompiled_charsmap", .array(elementType: 0, [.uint8(0), .uint8(9)]), "found 2 numbers"),
            ("normalizer.lowercase", .bool(true), "no tokenizer that is supported"),
            ("pre", .string("dolphin"), "\"dolphin\""),
            ("model", .string("rwkv"), "byte-level BPE"), ("add_bos_token", .bool(true), "bos_token_id"),
        ] as [(String, Value, String)] {
            expectRefusal(["key \"tokenizer.ggml.\(key)\"", expected], of: [("tokenizer.ggml." + key, value)])
        }
    }

    @Test func whatLeavesTheTokensAsTheyAreChangesNothing() throws {
        let harmless: [(String, Value)] = [
            ("add_eos_token", .bool(false)), ("add_space_prefix", .bool(false)), ("eos_token_id", .uint32(1)),
            ("remove_extra_whitespaces", .bool(false)), ("precompiled_charsmap", .array(elementType: 0, [])),
            ("padding_token_id", .uint32(2)), ("fim_pre_token_id", .uint32(3)), ("scores", .float32s([0, 1])),
        ]
        #expect(try warnings(harmless.map { ("tokenizer.ggml." + $0, $1) }) == [])
    }
}
