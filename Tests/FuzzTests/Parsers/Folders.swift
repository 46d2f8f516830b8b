import Engine
import Foundation
import ModelFiles
import Safetensors
import SeededRandom
import Tokenizers

extension FuzzedParser {
    /// `tokenizer.json` or `tokenizer.model`, and the settings beside it.
    static let tokenizerFolder = FuzzedParser(
        "tokenizer-folder", isText: true, syntax: tokenizerSyntax,
        corpus: { try TokenizerSample.all().map { [Array($0.file.utf8), $0.bytes, tokenizerSettings] } },
        assemble: { parts, random in
            // The file's own name most of the time, and settings that are whole.
            let name = random.oneIn(16) ? "tokenizer.json" : String(decoding: parts.first ?? [], as: UTF8.self)
            let settings = parts.count > 2 && random.oneIn(3) ? parts[2] : tokenizerSettings
            return [Array(name.utf8), parts.count > 1 ? parts[1] : [], settings]
        },
        parse: { input, scratch in
            let name = String(decoding: input[0], as: UTF8.self)
            guard ["tokenizer.json", "tokenizer.model"].contains(name) else { return .refusedAtOnce }
            let folder = try scratch.folder(holding: [(name, input[1]), ("tokenizer_config.json", input[2])])
            let tokenizer: Tokenizer
            do {
                tokenizer = try Tokenizer(folder: folder)
            } catch let error as ModelFileError {
                return error.place == .file ? .refusedAtOnce : .refused
            }
            try checkTokens(of: fuzzedText, .everywhere, tokenizer)
            try checkTokens(of: input[1].suffix(200), .within([3..<9, 20..<40]), tokenizer)
            return .accepted
        })

    private static let tokenizerSyntax = [
        "{", "}", "[", "]", "\"", ",", ":", "null", "true", "-1", "0", "1e999", "4294967296", "\\u0000", "a", "▁", "Ġ",
        "(?=", "\\\\p{L}", "+", "*", "{1,3}", "|", ")", "\"type\"", "\"Sequence\"", "\"Split\"", "\"NFKC\"", "<0x41>",
        "\u{FF}\u{FF}",
    ].map { Array($0.utf8) }

    private static let tokenizerSettings = Array(
        #"""
        {"bos_token": {"content": "<s>"}, "add_bos_token": true, "add_prefix_space": true, "added_tokens_decoder":
         {"2": {"content": "<s>", "special": true, "lstrip": true}, "400": {"content": "the", "single_word": true}}}
        """#.utf8)

    private struct TokenizerSample: Decodable {
        let name: String
        let file: String
        let content: String

        static func all() throws -> [(file: String, bytes: [UInt8])] {
            let data = Data(try TestFiles.bytes("TokenizersTests/Golden/folders.json"))
            return try JSONDecoder().decode([TokenizerSample].self, from: data).map { sample in
                let binary = sample.file.hasSuffix(".json") ? nil : Data(base64Encoded: sample.content)
                return (sample.file, binary.map { [UInt8]($0) } ?? Array(sample.content.utf8))
            }
        }
    }
}

// MARK: - Whole models

extension FuzzedParser {
    /// Tiny models that are loaded from a folder, and embed a text.
    static let modelFolder = FuzzedParser(
        "model-folder", isText: true,
        syntax: ["{", "}", "[", "]", "\"", ",", ":", "null", "true", "-1", "0", "1e999", "4294967296", "F32", "BF16"]
            .map { Array($0.utf8) },
        corpus: {
            try [
                tinyFolder(#""model_type": "llama""#), tinyFolder(#""model_type": "qwen3", "head_dim": 4"#),
                tinyFolder(
                    #""model_type": "llama", "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "#
                        + #""high_freq_factor": 4.0, "original_max_position_embeddings": 64}, "rms_norm_eps": 1e-6"#),
            ]
        },
        assemble: { parts, random in
            let header = parts.count > 1 ? parts[1] : []
            let announced = random.oneIn(32) ? random.pick(Mutator.integers) : UInt64(header.count)
            let length = withUnsafeBytes(of: announced.littleEndian, Array.init)
            return [parts.first ?? [], length + header + parts.dropFirst(2).joined()]
        },
        parse: { input, scratch in
            let folder = try scratch.folder(holding: [
                ("config.json", input[0]), ("model.safetensors", input[1]), ("tokenizer.json", tinyTokenizer),
            ])
            do {
                try checkModel(at: folder)
                return .accepted
            } catch let error as ModelFileError {
                return error.place == .file ? .refusedAtOnce : .refused
            } catch is EmbeddingError {
                return .refused
            }
        })

    private static let tinyTokenizer = Array(
        #"""
        {"added_tokens": [{"id": 7, "content": "<|end|>", "special": true}],
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
         "model": {"type": "BPE", "vocab": {"h": 0, "e": 1, "l": 2, "o": 3, "Ġ": 4, "he": 5, "t": 6},
                   "merges": ["h e"]}}
        """#.utf8)

    /// Configuration, header and data of a model of one layer.
    private static func tinyFolder(_ settings: String) throws -> [[UInt8]] {
        let configuration = """
            {\(settings), "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 1, "num_attention_heads": 2,
             "num_key_value_heads": 1, "vocab_size": 8, "max_position_embeddings": 256, "rms_norm_eps": 1e-5,
             "rope_theta": 10000.0, "hidden_act": "silu", "tie_word_embeddings": true, "torch_dtype": "float32"}
            """
        var random = SeededGenerator(seed: 4)
        var tensors: [String: TensorFile.Tensor] = [:]
        func add(_ name: String, _ shape: [Int]) {
            let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) }
            tensors["model.\(name).weight"] = TensorFile.Tensor(shape: shape, values: values)
        }
        add("embed_tokens", [8, 8])
        add("norm", [8])
        let layer = "layers.0."
        for name in ["input_layernorm", "post_attention_layernorm"] { add(layer + name, [8]) }
        add(layer + "self_attn.q_proj", [8, 8])
        for name in ["k_proj", "v_proj"] { add(layer + "self_attn.\(name)", [4, 8]) }
        add(layer + "self_attn.o_proj", [8, 8])
        for name in ["gate_proj", "up_proj"] { add(layer + "mlp.\(name)", [12, 8]) }
        add(layer + "mlp.down_proj", [8, 12])
        if settings.contains("qwen3") {
            for name in ["q_norm", "k_norm"] { add(layer + "self_attn.\(name)", [4]) }
        }
        let file = try TensorFile(tensors: tensors, metadata: ["format": "pt"]).serialized()
        let dataStart = 8 + file[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        return [Array(configuration.utf8), Array(file[8..<dataStart]), Array(file[dataStart...])]
    }
}
