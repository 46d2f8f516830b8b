import CKernels

/// What hidden units of a feed-forward part go through; `legend_activation` defines each.
enum Activation: Sendable, CaseIterable {
    case silu
    /// With the exact normal distribution.
    case gelu
    /// The approximation by a hyperbolic tangent.
    case geluTanh

    /// What files call it, the usual name first.
    var names: [String] {
        switch self {
        case .silu: ["silu", "swish"]
        case .gelu: ["gelu"]
        case .geluTanh: ["gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_python_tanh"]
        }
    }

    var kernel: legend_activation {
        switch self {
        case .silu: legend_silu
        case .gelu: legend_gelu
        case .geluTanh: legend_gelu_tanh
        }
    }
}
