/// What a worker's machine computes fastest in, for one `model.backend`: it measures that before it says hello.
package struct NumericPreference: Hashable, Sendable {
    /// Numbers that products may multiply where a machine is asked, and attention.
    package static let choices = ["f32", "bf16"]

    /// More are not sent: one for each backend.
    package static let countMax = 8

    package var backend: String
    package var precision: String

    /// Counts for a precision that is not f32.
    package var attention: String

    /// What was measured, for a person.
    package var reason: String

    package init(backend: String, precision: String, attention: String, reason: String) {
        self.backend = backend
        self.precision = precision
        self.attention = attention
        self.reason = reason
    }
}

/// What all workers of a job compute in. Where the configuration leaves something to the machine, the first worker's
/// counts, once for the job: a later one of another kind computes the same.
package struct JobNumerics: Codable, Hashable, Sendable {
    package var precision: String
    package var attention: String

    /// Why, for a person.
    package var reason: String

    package init(precision: String, attention: String, reason: String) {
        self.precision = precision
        self.attention = attention
        self.reason = reason
    }
}

extension JobSpecification {
    /// What stands for "whatever is fastest".
    package static let automatic = "auto"

    /// Whether something is left to a machine.
    package var asksForNumerics: Bool { precision == Self.automatic || attention == Self.automatic }

    /// What the job computes in by the word of one worker. Of a worker that measured nothing, f32: that is slow at worst.
    package func numerics(preferredBy worker: WorkerMessage.Hello) -> JobNumerics {
        let preference = worker.preferences.first { $0.backend == backend }
        let precision = precision == Self.automatic ? preference?.precision ?? "f32" : precision
        let fastest = preference?.attention ?? "f32"
        let attention = precision == "f32" ? "f32" : attention == Self.automatic ? fastest : attention
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
