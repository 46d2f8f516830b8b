/// Mistral 7B and what came after it (Jiang et al., arXiv 2310.06825): Llama with sliding windows in all layers, where a
/// version has them. Its GGUF files are of the architecture `llama`.
extension Architecture {
    static let mistral = Architecture(
        name: "mistral",
        modelTypes: ["mistral"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(gguf: .neighbours, folder: .halves),
        tensors: .gated(.llamaBlock),
        folderDefaults: [.rotaryBase: 10_000, .rmsEpsilon: 1e-6])
}
