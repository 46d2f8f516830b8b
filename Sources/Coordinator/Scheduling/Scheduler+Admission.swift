internal import Protocol

// Which workers and which of their results are not taken.

extension Scheduler {
    /// Why a worker cannot take part with this model; nil where it can.
    func reasonToRefuse(_ found: LoadedModel) -> String? {
        if !job.modelDigest.isEmpty, found.digest != job.modelDigest {
            return """
                its model \(found.name) has SHA-256 \(found.digest); the job asks for \(job.modelDigest): give the \
                worker that file with --model
                """
        }
        guard let model else {
            let precision = jobWithModel.precision
            return found.precision == precision ? nil : "it computes in \(found.precision), this job in \(precision)"
        }
        if found.digest != model.digest {
            return """
                its model \(found.name) (SHA-256 \(found.digest)) is not this job's, \(model.name) \
                (SHA-256 \(model.digest)): give the worker that file with --model
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
        let unit = leases[result.lease.unit]
        // Of a unit that is not in our hands, the ledger knows the step and how many rows it has.
        let work = unit?.step.work ?? result.output.work
        let values = result.output.values
        let elementType = work.elementType
        let responses = unit?.step.responses.count ?? values.shape.dropFirst().first ?? 0
        var shape = [unit?.summary.rows ?? result.rows.count, responses, job.layers.count]
        switch work {
        case .embed: shape.append(model.hiddenSize)
        case .project:
            if case .scores(_, let digest) = result.output, digest != direction?.digest {
                return "a result on direction \(digest); the job's is \(direction?.digest ?? "unknown")"
            }
        }
        guard values.elementType == elementType, values.shape == shape else {
            return "values of \(values.elementType) \(values.shape); the unit needs \(elementType) \(shape)"
        }
        guard values.isFinite else { return "values that are not finite" }
        return reasonToReject(result.kept, rows: shape[0], responses: responses, model)
    }

    /// Why embeddings cannot be what the job keeps.
    private func reasonToReject(_ kept: KeptEmbeddings?, rows: Int, responses: Int, _ model: LoadedModel) -> String? {
        let layers = job.keptLayers(layerCount: model.layerCount).count
        let shape = [rows, responses, layers, job.keptPoolings.count, model.hiddenSize]
        guard let kept else { return layers == 0 ? nil : "no embeddings; the job keeps \(shape)" }
        guard layers > 0, kept.vectors.shape == shape else {
            return "embeddings of \(kept.vectors.shape); the job keeps \(layers == 0 ? "none" : "\(shape)")"
        }
        let areGood = kept.exponents.allSatisfy { HalfVectors.exponents.contains($0) || $0 == HalfVectors.notFinite }
        return areGood && kept.vectors.isFinite ? nil : "embeddings with numbers that are none"
    }
}
