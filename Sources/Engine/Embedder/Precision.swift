import CKernels

/// The numbers that matrix products multiply. Sums, and everything else, are f32.
public enum Precision: String, Sendable, CaseIterable {
    /// `bf16` where the CPU multiplies it, `f32` elsewhere.
    case automatic = "auto"
    /// The reference.
    case f32
    /// Inputs rounded to bfloat16. A CPU without the instructions rounds alike and multiplies in f32, which gains no
    /// speed but gives the same numerics.
    case bf16

    /// `f32` or `bf16`.
    func resolved(for backend: Backend) -> Precision {
        guard self == .automatic else { return self }
        return backend == .oneDNN && legend_cpu_has_bf16() != 0 ? .bf16 : .f32
    }
}

/// The library that multiplies matrices.
public enum Backend: String, Sendable, CaseIterable {
    case oneDNN = "onednn"
    /// CBLAS through OpenBLAS: the independent reference.
    case blas

    /// - Parameter precision: Not `automatic`.
    /// - Throws: `GEMMError`.
    func open(_ precision: Precision) throws -> any GEMMBackend {
        switch self {
        case .oneDNN: try OneDNNBackend(precision: precision)
        case .blas: BLASBackend(precision: precision)
        }
    }
}
