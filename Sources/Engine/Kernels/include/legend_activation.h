/// What feed-forward parts put their hidden units through.
#ifndef LEGEND_ACTIVATION_H
#define LEGEND_ACTIVATION_H

typedef enum {
    /// `x / (1 + e^-x)`.
    legend_silu,
    /// `x Φ(x)` with the normal distribution's `Φ` (Hendrycks and Gimpel, arXiv 1606.08415).
    legend_gelu,
    /// The same source's approximation: `x / 2 (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
    legend_gelu_tanh,
} legend_activation;

#endif
