/// What a name in `tokenizer.ggml.pre` stands for.
struct NamedPreTokenizer {
    /// Every name, the rule's own first.
    let names: [String]
    /// Regular expressions, each applied to the pieces of the one before.
    let steps: [Step]
    /// The models' own tokenizers put text into this form first.
    var normalization: UnicodeNormalizer.Form?
    /// A word that is a token is that token, whether or not merges lead to it.
    var wholeWords = BytePairMerging.WholeWords.never
    /// Whether a BOS token is added where the file does not say.
    var addsBOS = false
    /// Whether tokens are spelled in the byte-level alphabet; else a visible character stands for spaces, and bytes
    /// without a token are spelled `<0xF0>`.
    var isByteLevel = true

    enum Step {
        case scanner(WordScanner)
        case pattern(String)
        /// Hugging Face's `Digits`: each number a piece, or each run of them.
        case digits(individual: Bool)
        /// Hugging Face's `Punctuation`: each run a piece.
        case punctuationRuns
        /// What follows sees the text as the byte-level alphabet spells it.
        case spelledBytes
    }

    static func named(_ name: String) -> NamedPreTokenizer? {
        all.first { $0.names.contains { $0.utf8.elementsEqual(name.utf8) } }
    }

    /// - Throws: `RegexError`.
    func preTokenizer() throws(RegexError) -> PreTokenizer {
        var result: [PreTokenizer.Step] = []
        for step in steps {
            switch step {
            case .scanner(let scanner): result.append(.words(scanner))
            case .pattern(let pattern): result.append(try .matches(of: pattern))
            case .digits(let individual):
                result.append(
                    .split(Splitter(pattern: .scalars(.numeric), behavior: individual ? .isolated : .contiguous)))
            case .punctuationRuns:
                result.append(.split(Splitter(pattern: .scalars(.punctuation), behavior: .contiguous)))
            case .spelledBytes: result.append(.spelledBytes)
            }
        }
        // The scanner of this pair sees the digits itself.
        if steps.count == 2, case .digits(individual: true) = steps[0], case .scanner(.gpt2) = steps[1] {
            result = [.words(.smollm)]
        }
        return PreTokenizer(steps: result)
    }

    static let all: [NamedPreTokenizer] = [
        .init(
            names: [
                "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "jina-v2-es", "jina-v2-de", "a.x-4.0", "mellum",
                "modern-bert", "exaone4", "jais", "trillion", "granite-docling",
            ],
            steps: [.scanner(.gpt2)]),
        .init(names: ["mpt", "olmo"], steps: [.scanner(.gpt2)], normalization: .nfc),
        .init(
            names: ["smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2"],
            steps: [.digits(individual: true), .scanner(.gpt2)]),
        .init(names: ["command-r"], steps: [.digits(individual: true), .scanner(.gpt2)], normalization: .nfc),
        .init(
            names: [
                "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2",
                "jina-v5-nano",
            ],
            steps: [.scanner(.llamaBPE)], wholeWords: .always, addsBOS: true),
        .init(names: ["dbrx", "smaug-bpe", "chatglm-bpe"], steps: [.scanner(.llamaBPE)]),
        .init(names: ["glm4", "glm5"], steps: [.scanner(.llamaBPE)], wholeWords: .always),
        .init(
            names: ["qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez"], steps: [.scanner(.qwen2)],
            normalization: .nfc),
        .init(names: ["stablelm2"], steps: [.scanner(.qwen2)], normalization: .nfc),
        .init(names: ["hunyuan", "solar-open", "grok-2"], steps: [.scanner(.qwen2)]),
        .init(names: ["qwen35"], steps: [.pattern(KnownPattern.qwen35)], normalization: .nfc),
        .init(names: ["laguna"], steps: [.pattern(#"[^\n]+|[\n]+"#), .scanner(.qwen2)]),
        .init(names: ["ufakzeka"], steps: [.pattern(KnownPattern.ufakzeka)]),
        .init(names: ["jais-2"], steps: [.pattern(KnownPattern.jais2)]),
        .init(
            names: ["minicpm5"], steps: [.pattern(#"\p{N}{1,3}"#), .pattern(KnownPattern.miniCPM5)],
            wholeWords: .always),
        .init(
            names: ["deepseek-llm"],
            steps: [
                .pattern(#"[\r\n]"#), .pattern(KnownPattern.deepSeekLetters),
                .pattern(KnownPattern.deepSeekPunctuation), .pattern(#"\s+$"#), .pattern(KnownPattern.deepSeekOldHan),
                .digits(individual: true),
            ]),
        .init(
            names: ["deepseek-coder"],
            steps: [
                .pattern(#"[\r\n]"#), .pattern(#"\s?\p{L}+"#), .pattern(#"\s?\p{P}+"#),
                .pattern(KnownPattern.deepSeekOldHan), .digits(individual: true),
            ]),
        .init(
            names: ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
            steps: [
                .pattern(#"\p{N}{1,3}"#), .pattern(KnownPattern.deepSeekHan), .pattern(KnownPattern.deepSeek3),
            ]),
        .init(
            names: ["spark2_5"],
            steps: [
                .pattern(#"\p{N}{1,3}"#), .pattern(KnownPattern.deepSeekHan), .pattern(KnownPattern.spark),
                .pattern(#"\p{N}"#),
            ]),
        .init(
            names: ["youtu"], steps: [.pattern(KnownPattern.youtuScripts), .pattern(KnownPattern.youtu)],
            wholeWords: .always),
        .init(
            names: ["falcon"],
            steps: [
                .punctuationRuns, .scanner(.gpt2), .spelledBytes, .digits(individual: false),
                .pattern("[0-9][0-9][0-9]"),
            ]),
        .init(names: ["poro-chat", "bloom", "gpt3-finnish"], steps: [.pattern(KnownPattern.bloom)]),
        .init(names: ["viking"], steps: [.pattern(KnownPattern.bloom), .pattern(#"\p{N}"#)]),
        .init(names: ["tekken"], steps: [.pattern(KnownPattern.tekken)], wholeWords: .always, addsBOS: true),
        .init(
            names: ["chameleon"],
            steps: [
                .pattern("<sentinel:[0-9]+>"), .pattern("(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z"),
                .pattern(#"([\t\n]|    |  )"#), .pattern(#"\p{N}"#), .pattern(#"[\p{P}!-/:-@\[-`{-~]"#),
                .scanner(.gpt2),
            ], addsBOS: true),
        .init(
            names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"], steps: [.pattern(KnownPattern.gpt4o)]),
        .init(names: ["granite-embed-multi-97m"], steps: [.pattern(KnownPattern.gpt4o)], wholeWords: .always),
        .init(
            names: ["tiny_aya", "cohere2moe"],
            steps: [.pattern(#"\d{1,3}(?=(?:\d{3})*\b)"#), .pattern(KnownPattern.gpt4o)]),
        .init(names: ["kimi-k2"], steps: [.pattern(KnownPattern.kimiK2)]),
        .init(names: ["superbpe"], steps: [.pattern(#"\p{N}+"#), .pattern(#"(?=(\d{3})+(?!\d))"#)]),
        .init(names: ["bailingmoe", "bailingmoe2", "llada-moe"], steps: [.pattern(KnownPattern.bailing)]),
        .init(names: ["seed-coder"], steps: [.pattern(KnownPattern.seedCoder)]),
        .init(names: ["exaone-moe"], steps: [.pattern(KnownPattern.exaoneMoE)]),
        .init(
            names: ["afmoe"],
            steps: [
                .pattern(#"\p{N}{1,3}(?=(?:\p{N}{3})*(?:\P{N}|$))"#), .pattern(KnownPattern.afmoeScripts),
                .pattern(KnownPattern.deepSeek3),
            ]),
        .init(
            names: ["gemma4", "granite-embed-multi-311m"], steps: [.pattern(#"[^\n]+|[\n]+"#)],
            wholeWords: .newlines, addsBOS: true, isByteLevel: false),
        .init(names: ["sarvam-moe"], steps: [.pattern(#"[^\n]+|[\n]+"#)], isByteLevel: false),
        .init(
            names: ["default", ""],
            steps: [
                .pattern(#"[\p{P}\$\+<=>\^~\|]+"#), .scanner(.gpt2), .pattern(#"\p{N}+"#), .pattern("[0-9][0-9][0-9]"),
            ]),
    ]
}

extension PreTokenizer.Step {
    /// Every match of a regular expression is a piece, and so is what lies between two of them.
    ///
    /// - Throws: `RegexError`.
    static func matches(of pattern: String) throws(RegexError) -> PreTokenizer.Step {
        if let scanner = WordScanner(pattern: pattern) { return .words(scanner) }
        return .split(Splitter(pattern: .regex(try RegexProgram(pattern)), behavior: .isolated))
    }
}
