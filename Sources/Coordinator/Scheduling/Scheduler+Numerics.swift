internal import Protocol

// What the workers compute in, where the job leaves that to a machine.

extension Scheduler {
    /// Chooses by the word of a worker that has just said hello. It is chosen once; only while nobody computes yet and
    /// nobody loads the model, for the one who had the word is gone, the next one has it.
    mutating func chooseNumerics(by hello: WorkerMessage.Hello, _ actions: inout [Action]) {
        guard job.asksForNumerics else { return }
        var chosen = job.numerics(preferredBy: hello)
        if let model {
            guard numerics == nil else { return }
            chosen = JobNumerics(
                precision: model.precision, attention: model.attention,
                reason: "the job's rows so far were computed so")
        } else if let numerics {
            let isOther = (chosen.precision, chosen.attention) != (numerics.precision, numerics.attention)
            guard workers.isEmpty, isOther else { return }
        }
        numerics = chosen
        actions.append(.change(.numerics(chosen)))
        actions.append(.note(.choseNumerics(chosen)))
    }

    /// The job as a worker hears of it, with what is known of its model and its numbers.
    var jobWithModel: JobSpecification {
        var job = numerics.map(job.computing) ?? job
        if let model { job.modelDigest = model.digest }
        return job
    }

    func computesAsTheJob(_ model: LoadedModel) -> Bool {
        let job = jobWithModel
        return model.precision == job.precision && model.attention == job.attention
    }
}
