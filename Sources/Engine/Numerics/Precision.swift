import CKernels

/// The numbers that matrix products multiply. Sums, and everything else, are f32.
public enum Precision: String, Sendable, CaseIterable {
    /// The faster of `f32` and `bf16` on this machine: see `MachineNumerics`.
    case automatic = "auto"
    /// The reference.
    case f32
    /// Inputs rounded to bfloat16. A CPU without the instructions rounds alike and multiplies in f32, which gains no
    /// speed but gives the same numerics.
    case bf16

    /// Signed bytes: weights scaled per output, activations per token, sums in 32-bit integers. About 1.7 times as
    /// fast as bf16 where the CPU has VNNI, and less exact: it is never chosen by itself.
    case int8
}

/// The numbers that attention multiplies where products do not multiply f32; with those it is always f32. Sums are f32.
public enum AttentionPrecision: String, Sendable, CaseIterable {
    /// The faster on this machine: see `MachineNumerics`.
    case automatic = "auto"
    case f32
    /// Queries, keys, values and weights rounded to bfloat16. A CPU that does not multiply it attends in f32.
    case bf16
}

/// What multiplies matrices.
public enum Backend: String, Sendable, CaseIterable {
    /// The faster of native and oneDNN on this CPU.
    case automatic = "auto"
    /// The engine's own kernels.
    case native
    case oneDNN = "onednn"
    /// CBLAS through OpenBLAS: the independent reference.
    case blas

    /// - Parameter precision: Not `automatic`.
    /// - Throws: `UnsupportedPrecision`, `GEMMError`.
    func open(_ precision: Precision) throws -> any GEMMBackend {
        let backend = resolved(for: precision)
        guard precision != .int8 || backend == .native else {
            throw UnsupportedPrecision(backend: self, precision: precision)
        }
        return switch backend {
        case .automatic, .native: NativeBackend(precision: precision)
        case .oneDNN: try OneDNNBackend(precision: precision)
        case .blas: BLASBackend(precision: precision)
        }
    }

    /// oneDNN knows matrix units and tunes for every CPU; the engine's own kernels are the faster ones with AVX-512.
    ///
    /// - Parameter precision: Not `automatic`.
    func resolved(for precision: Precision) -> Backend {
        guard self == .automatic else { return self }
        if precision == .int8 { return .native }
        let hasMatrixUnits = precision == .bf16 && legend_cpu_has_amx_bf16() != 0
        return legend_gemm_avx512() != nil && !hasMatrixUnits ? .native : .oneDNN
    }
}

/// A backend that does not multiply in a precision.
public struct UnsupportedPrecision: Error, CustomStringConvertible, Sendable, Hashable {
    public let backend: Backend
    public let precision: Precision

    public var description: String {
        "precision \(precision.rawValue): expected the backend native or auto, found \(backend.rawValue)"
    }
}
