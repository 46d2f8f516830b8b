internal import Engine
internal import Protocol

// The engine knows no protocol: what a job asks for, in the engine's words, and back.

extension Engine.Precision {
    init(_ precision: Protocol.Precision) {
        self =
            switch precision {
            case .automatic: .automatic
            case .f32: .f32
            case .bf16: .bf16
            case .int8: .int8
            }
    }
}

extension Protocol.Precision {
    init(_ precision: Engine.Precision) {
        self =
            switch precision {
            case .automatic: .automatic
            case .f32: .f32
            case .bf16: .bf16
            case .int8: .int8
            }
    }
}

extension Engine.AttentionPrecision {
    init(_ precision: Protocol.AttentionPrecision) {
        self =
            switch precision {
            case .automatic: .automatic
            case .f32: .f32
            case .bf16: .bf16
            }
    }
}

extension Protocol.AttentionPrecision {
    init(_ precision: Engine.AttentionPrecision) {
        self =
            switch precision {
            case .automatic: .automatic
            case .f32: .f32
            case .bf16: .bf16
            }
    }
}

extension Engine.Backend {
    init(_ backend: Protocol.Backend) {
        self =
            switch backend {
            case .automatic: .automatic
            case .native: .native
            case .oneDNN: .oneDNN
            case .blas: .blas
            }
    }
}

extension Engine.Pooling {
    init(_ pooling: Protocol.Pooling) {
        self =
            switch pooling {
            case .lastToken: .lastToken
            case .meanText: .meanText
            case .meanResponse: .meanResponse
            }
    }
}
