internal import Engine
internal import Logging
internal import Protocol

extension NumericPreference {
    /// What this machine computes fastest in with each backend; it takes some milliseconds. A backend that fails here is
    /// left out: a job that asks for it hears why.
    static func measured(_ logger: Logger) -> [NumericPreference] {
        Protocol.Backend.allCases.compactMap { backend in
            do {
                let numerics = try MachineNumerics.measured(backend: Engine.Backend(backend))
                return NumericPreference(
                    backend: backend, precision: Protocol.Precision(numerics.precision),
                    attention: Protocol.AttentionPrecision(numerics.attention), reason: numerics.reason)
            } catch {
                logger.debug(
                    "cannot measure a backend", metadata: ["backend": "\(backend)", "reason": "\(error)"])
                return nil
            }
        }
    }
}
