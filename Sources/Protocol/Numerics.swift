/// What matrix products multiply. Sums are f32.
package enum Precision: String, Choice {
    /// The faster one of f32 and bf16 on the machine that is asked.
    case automatic = "auto"
    case f32 = "f32"
    case bf16 = "bf16"
    case int8 = "int8"
}

/// What attention multiplies where products do not multiply f32; with those it is f32.
package enum AttentionPrecision: String, Choice {
    /// The faster one on the machine that is asked.
    case automatic = "auto"
    case f32 = "f32"
    case bf16 = "bf16"
}

/// What multiplies matrices.
package enum Backend: String, Choice {
    /// The faster one of native and oneDNN on each machine.
    case automatic = "auto"
    case native = "native"
    case oneDNN = "onednn"
    case blas = "blas"
}
