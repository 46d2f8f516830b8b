extension FuzzedParser {
    /// Every parser that reads bytes of others. A new one is one more line here.
    static let all: [FuzzedParser] = [
        .frames, .ledgerItem, .gguf, .tokenizer, .model, .safetensors, .direction, .jsonLines, .csv, .gzip,
        .configuration,
        .template, .keyFile, .allowedKeys,
    ]
}
