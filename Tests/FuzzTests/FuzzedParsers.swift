extension FuzzedParser {
    /// Every parser that reads bytes of others. A new one is one more line here.
    static let all: [FuzzedParser] = [
        .frames, .ledgerItem, .gguf, .tokenizer, .tokenizerFolder, .model, .modelFolder, .safetensors, .direction,
        .jsonLines, .csv, .gzip, .zstd, .parquet, .arrow, .columnarParts, .configuration, .template, .chatTemplate,
        .keyFile,
        .allowedKeys,
    ]
}
