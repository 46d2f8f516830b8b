/// Phi-3, 3.5 and 4 (Abdin et al., arXiv 2404.14219): Llama with one weight for queries, keys and values, and one for gate
/// and up.
extension Architecture {
    static let phi3 = Architecture(
        name: "phi3",
        modelTypes: ["phi3"],
        norm: .rms,
        activation: .silu,
        rotaryPairs: ByFormat(.halves),
        tensors: .gated(
            .normedBefore(
                .fused(
                    LayerKey("attn_qkv", "self_attn.qkv_proj", [.projected, .hidden]), rows: ByFormat(.byKind)),
                .gatedFused(
                    gateUp: LayerKey("ffn_up", "mlp.gate_up_proj", [.gateUp, .hidden]),
                    down: LayerKey("ffn_down", "mlp.down_proj", [.hidden, .feedForward])),
                outputBias: .never)),
        folderDefaults: [.rotaryBase: 10_000, .rmsEpsilon: 1e-5, .contextLength: 4096])
}
