/// Granite 3 (IBM 2024): Llama with factors of embeddings, residual branches, scores and logits.
extension Architecture {
    static let granite = Architecture(
        name: "granite",
        modelTypes: ["granite"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(gguf: .neighbours, folder: .halves),
        tensors: .gated(.llamaBlock),
        folderDefaults: [.rotaryBase: 10_000, .rmsEpsilon: 1e-6, .contextLength: 2048, .attentionScale: 1])
}
