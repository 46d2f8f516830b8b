internal import Protocol

// Which workers and which of their results are not taken.

extension Scheduler {
    /// Why a worker cannot take part with this model; nil where it can.
    func reasonToRefuse(_ found: LoadedModel) -> String? {
        if !job.modelDigest.isEmpty, found.digest != job.modelDigest {
            return """
                its model \(found.name) has SHA-256 \(found.digest); the job asks for \(job.modelDigest): give the \
                worker that model with --model
                """
        }
        guard let model else {
            let precision = jobWithModel.precision
            return found.precision == precision ? nil : "it computes in \(found.precision), this job in \(precision)"
        }
        if found.digest != model.digest {
            return """
                its model \(found.name) (SHA-256 \(found.digest)) is not this job's, \(model.name) \
                (SHA-256 \(model.digest)): give the worker that model with --model
                """
        }
        func facts(_ model: LoadedModel) -> String {
            "\(model.layerCount) layers of \(model.hiddenSize), \(model.contextLength) tokens, \(model.tokenizer)"
        }
        if facts(found) != facts(model) {
            return """
                it reads of the model \(facts(found)); the others read \(facts(model)): give all workers the same \
                version of legend-worker
                """
        }
        if found.precision != model.precision {
            return """
                it computes in \(found.precision), this job in \(model.precision): set model.precision to one that \
                all workers' processors have, for example f32
                """
        }
        if !policy.allowsMixedNumerics, found.numericBuild != model.numericBuild {
            return """
                its numeric build is "\(found.numericBuild)", this job's is "\(model.numericBuild)", and results would \
                differ in their last digits: use the same libraries and kind of processor, or set \
                cluster.mixed_numerics: true
                """
        }
        return nil
    }

    /// Why a result cannot be what its unit asked for; nil where it can.
    func reasonToReject(_ result: UnitResult) -> String? {
        guard let model else { return "a result before any model was agreed on" }
        // Of a unit that is not in our hands, the ledger knows the step and how many rows it has.
        let unit = leases[result.lease.unit].map { (rows: $0.summary.rows, step: $0.step) }
        return result.misfit(for: unit, of: job, model, scorer)
    }
}
