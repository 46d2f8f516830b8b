/// What a worker's machine computes fastest in, for one `model.backend`: it measures that before it says hello.
package struct NumericPreference: Hashable, Sendable {
    /// More are not sent: one for each backend.
    package static let countMax = 8

    package var backend: Backend

    /// f32 or bf16.
    package var precision: Precision

    /// Counts for a precision that is not f32; never automatic.
    package var attention: AttentionPrecision

    /// What was measured, for a person.
    package var reason: String

    package init(backend: Backend, precision: Precision, attention: AttentionPrecision, reason: String) {
        self.backend = backend
        self.precision = precision
        self.attention = attention
        self.reason = reason
    }
}

/// What all workers of a job compute in. Where the configuration leaves something to the machine, the first worker's
/// counts, once for the job: a later one of another kind computes the same.
package struct JobNumerics: Codable, Hashable, Sendable {
    package var precision: Precision
    package var attention: AttentionPrecision

    /// Why, for a person.
    package var reason: String

    package init(precision: Precision, attention: AttentionPrecision, reason: String) {
        self.precision = precision
        self.attention = attention
        self.reason = reason
    }
}

extension JobSpecification {
    /// Whether something is left to a machine.
    package var asksForNumerics: Bool { precision == .automatic || attention == .automatic }

    /// What the job computes in by the word of one worker. Of a worker that measured nothing, f32: that is slow at worst.
    package func numerics(preferredBy worker: WorkerMessage.Hello) -> JobNumerics {
        let preference = worker.preferences.first { $0.backend == backend }
        let precision = precision == .automatic ? preference?.precision ?? .f32 : precision
        let fastest = preference?.attention ?? .f32
        let attention = precision == .f32 ? .f32 : attention == .automatic ? fastest : attention
        let measured = preference?.reason ?? "it measured nothing"
        return JobNumerics(
            precision: precision, attention: attention, reason: "measured on \(worker.worker): \(measured)")
    }

    /// The job with what it computes in.
    package func computing(in numerics: JobNumerics) -> JobSpecification {
        var job = self
        job.precision = numerics.precision
        job.attention = numerics.attention
        return job
    }
}
