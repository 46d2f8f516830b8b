import Engine
import ModelFiles
import SeededRandom
import Tokenizers

extension FuzzedParser {
    /// Metadata of every type, and a tensor of every type.
    static let gguf = FuzzedParser(
        "gguf", isText: false, syntax: ggufSyntax,
        corpus: {
            var random = SeededGenerator(seed: 1)
            let everyType: [[UInt8]] = [
                GGUFParts.head, GGUFParts.pair("text", "é"), GGUFParts.pair("number", 7 as UInt32),
                GGUFParts.pair("long", UInt64.max), GGUFParts.pair("float", 0.5 as Float),
                GGUFParts.pair("double", 1e300 as Double), GGUFParts.pair("flag", true),
                GGUFParts.pair("texts", ["a", "", "bc"]), GGUFParts.pair("numbers", [1, -1, .max] as [Int32]),
                GGUFParts.pair("flags", [true, false]), GGUFParts.pair("floats", [1, .nan] as [Float]),
                GGUFParts.pair("nested", nested: 8), GGUFParts.pair("general.alignment", 32 as UInt32),
            ]
            let tensors = TensorType.allCases.map { type in
                ("\(type)", type, [1, 2 * type.blockLength], random.bytes(2 * type.blockBytes))
            }
            return [
                everyType, everyType + GGUFParts.tensors(Array(tensors.prefix(3))),
                [GGUFParts.head] + GGUFParts.tensors(Array(tensors.dropFirst(3))),
                [GGUFParts.head] + GGUFParts.tensors([("t", .f32, [1, 2, 1, 3], random.bytes(24))]), [GGUFParts.head],
            ]
        },
        assemble: GGUFParts.assemble,
        parse: { input, scratch in
            let file: GGUFFile
            do {
                file = try GGUFFile(path: try scratch.path(holding: input[0]))
            } catch let error as ModelFileError {
                return outcome(error)
            }
            try readMetadata(file)
            var ranges: [Range<UInt>] = []
            for name in file.tensorNames {
                let tensor = try file.tensor(name)
                let values = tensor.dequantized()
                try BrokenPromise.unless(
                    values.count == tensor.shape.reduce(1, *),
                    "tensor \(name) of shape \(tensor.shape) has \(values.count) values")
                ranges.append(
                    tensor.withBytes { bytes in
                        UInt(bitPattern: bytes.baseAddress)..<UInt(bitPattern: bytes.baseAddress) + UInt(bytes.count)
                    })
            }
            try BrokenPromise.unless(
                ranges.reduce(0) { $0 + $1.count } <= input[0].count, "tensors have more bytes than the file")
            return .accepted
        })

    private static let ggufSyntax: [[UInt8]] =
        [
            Array("GGUF".utf8), [8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x61],
            [9, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        ]

    static func outcome(_ error: ModelFileError) -> Outcome {
        let first = ["first four bytes", "version", "byte order", "tensor count", "metadata count", "magic", "size"]
        return error.place.isTensor || !first.contains(error.what) ? .refused : .refusedAtOnce
    }

    /// Asks for every value as every type.
    private static func readMetadata(_ file: GGUFFile) throws {
        for key in file.metadata.keys {
            func read(_ value: () throws -> some Any) throws {
                do { _ = try value() } catch is ModelFileError {}
            }
            try read { try file.metadata.string(key) }
            try read { try file.metadata.unsigned(key) }
            try read { try file.metadata.float(key) }
            try read { try file.metadata.bool(key) }
            try read { try file.metadata.integers(key) }
            try read { try file.metadata.floats(key) }
            try read { try file.metadata.bools(key) }
            try read { try file.metadata.strings(key).reduce(0) { $0 + $1.count } }
        }
    }
}

extension ModelFileError.Place {
    fileprivate var isTensor: Bool { if case .tensor = self { true } else { false } }
}

// MARK: - Tokenizers

extension FuzzedParser {
    /// The vocabulary, merges and special tokens of a model file, and a text that they encode.
    static let tokenizer = FuzzedParser(
        "tokenizer", isText: false, syntax: ggufSyntax,
        corpus: {
            ["gpt-2", "smollm", "llama-bpe", "qwen2"].map { [GGUFParts.head] + tokenizerPairs(preTokenizer: $0) }
        },
        assemble: GGUFParts.assemble,
        parse: { input, scratch in
            let tokenizer: Tokenizer
            do {
                tokenizer = try Tokenizer(gguf: try GGUFFile(path: try scratch.path(holding: input[0])))
            } catch let error as ModelFileError {
                return outcome(error)
            }
            for (text, scope) in [(fuzzedText, .everywhere), (input[0].suffix(200), .none)]
                as [([UInt8], ControlTokenScope)]
            {
                try checkTokens(of: Array(text), scope, tokenizer)
            }
            return .accepted
        })

    static let fuzzedText = Array("hello  12345 <|end|>é ✓\n\tthere <|end|>".utf8) + [0xFF, 0xE2, 0x9C]

    static func checkTokens(of text: [UInt8], _ scope: ControlTokenScope, _ tokenizer: Tokenizer) throws {
        let tokens = tokenizer.encode(text, controlTokens: scope, addBOS: tokenizer.addsBOS)
        var end = 0
        for token in tokens {
            try BrokenPromise.unless(
                token.id >= 0 && token.id < tokenizer.vocabularySize, "token \(token.id) of \(tokenizer.vocabularySize)"
            )
            try BrokenPromise.unless(token.bytes.lowerBound == end, "token at \(token.bytes), expected at \(end)")
            end = token.bytes.upperBound
        }
        let isAddition = tokens.count == 1 && tokens[0].bytes.isEmpty
        try BrokenPromise.unless(
            tokens.isEmpty || isAddition || end == text.count, "tokens end at \(end) of \(text.count)")
        guard tokenizer.keepsBytes else { return }
        // The tokens' bytes are the text's, but for those that the vocabulary has no token for.
        let own = tokens.filter { !$0.bytes.isEmpty }.flatMap { tokenizer.bytes(of: $0.id) }
        var rest = text[...]
        for byte in own {
            let found = rest.firstIndex(of: byte)
            try BrokenPromise.unless(found != nil, "the tokens' bytes are not the text's")
            rest = rest[(found.map { $0 + 1 } ?? rest.endIndex)...]
        }
    }

    /// The visible characters as bytes, some merges, a control token and one that a user defined.
    static func tokenizerPairs(preTokenizer: String) -> [[UInt8]] {
        let bytes = ["Ġ", "Ċ", "Ã", "©"] + (0x21...0x7E).map { String(Unicode.Scalar(UInt8($0))) }
        let merges = ["h e", "l l", "he ll", "hell o", "1 2", "Ġ t", "Ġ Ġ", "Ã ©"]
        let special: [(text: String, kind: Int32)] = [("<|end|>", 3), ("✓", 4), ("<unknown>", 2)]
        let tokens = bytes + merges.map { $0.replacing(" ", with: "") } + special.map(\.text)
        let kinds = [Int32](repeating: 1, count: bytes.count + merges.count) + special.map(\.kind)
        return [
            GGUFParts.pair("tokenizer.ggml.model", "gpt2"), GGUFParts.pair("tokenizer.ggml.pre", preTokenizer),
            GGUFParts.pair("tokenizer.ggml.tokens", tokens), GGUFParts.pair("tokenizer.ggml.token_type", kinds),
            GGUFParts.pair("tokenizer.ggml.merges", merges), GGUFParts.pair("tokenizer.ggml.bos_token_id", 2 as UInt32),
            GGUFParts.pair("tokenizer.ggml.add_bos_token", true),
        ]
    }
}

// MARK: - Whole models

extension FuzzedParser {
    /// A tiny model that is loaded, and embeds a text.
    static let model = FuzzedParser(
        "model", isText: false, syntax: ggufSyntax,
        corpus: { [tinyModel(layers: 1, type: .f32), tinyModel(layers: 2, type: .f16)] },
        assemble: GGUFParts.assemble,
        parse: { input, scratch in
            do {
                try checkModel(at: scratch.path(holding: input[0]))
                return .accepted
            } catch let error as ModelFileError {
                return outcome(error)
            } catch is EmbeddingError {
                return .refused
            }
        })

    static func checkModel(at path: String) throws {
        let embedder = try Embedder(modelPath: path, precision: .f32, backend: .native, loadingThreads: 1)
        let sequence = embedder.tokenize(fuzzedText, responseOffset: 8, controlTokens: .everywhere)
        let embeddings = try embedder.makeLane().embed(
            [sequence], layers: [embedder.model.layerCount], poolings: [.lastToken]
        ) { _ in true }
        try BrokenPromise.unless(
            embeddings.vectors.count == embedder.model.hiddenSize, "\(embeddings.vectors.count) components")
    }

    private static func tinyModel(layers: Int, type: TensorType) -> [[UInt8]] {
        let (hidden, feedForward, heads, keyValueHeads) = (8, 12, 2, 1)
        let numbers: [(String, UInt32)] = [
            ("block_count", UInt32(layers)), ("embedding_length", 8), ("feed_forward_length", 12),
            ("context_length", 256),
            ("attention.head_count", 2), ("attention.head_count_kv", 1), ("rope.dimension_count", 4),
        ]
        var parts = [GGUFParts.head, GGUFParts.pair("general.architecture", "llama")]
        parts += numbers.map { GGUFParts.pair("llama." + $0, $1) }
        parts.append(GGUFParts.pair("llama.attention.layer_norm_rms_epsilon", 1e-5 as Float))
        parts += tokenizerPairs(preTokenizer: "gpt-2")
        var random = SeededGenerator(seed: 2)
        func tensor(_ name: String, _ shape: [Int], _ type: TensorType = .f32)
            -> (name: String, type: TensorType, shape: [Int], bytes: [UInt8])
        {
            let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) }
            let bytes =
                type == .f32
                ? GGUFParts.values(values)
                : values.flatMap { value in
                    withUnsafeBytes(of: UInt16(truncatingIfNeeded: value.bitPattern >> 18)) { Array($0) }
                }
            return (name + ".weight", type, shape, bytes)
        }
        let queryWidth = heads * 4
        let vocabulary = 120
        var tensors = [tensor("token_embd", [vocabulary, hidden], type), tensor("output_norm", [hidden])]
        for layer in 0..<layers {
            let name = "blk.\(layer)."
            tensors += [
                tensor(name + "attn_norm", [hidden]), tensor(name + "ffn_norm", [hidden]),
                tensor(name + "attn_q", [queryWidth, hidden], type),
                tensor(name + "attn_k", [keyValueHeads * 4, hidden], type),
                tensor(name + "attn_v", [keyValueHeads * 4, hidden], type),
                tensor(name + "attn_output", [hidden, queryWidth], type),
                tensor(name + "ffn_gate", [feedForward, hidden], type),
                tensor(name + "ffn_up", [feedForward, hidden], type),
                tensor(name + "ffn_down", [hidden, feedForward], type),
            ]
        }
        return parts + GGUFParts.tensors(tensors)
    }
}
