extension UnitResult {
    /// Why this cannot be what its unit asked for; nil where it can.
    ///
    /// - Parameters:
    ///   - unit: how many rows it has, and its step; nil where only the ledger knows that.
    ///   - scorer: the job's, once there is one.
    package func misfit(
        for unit: (rows: Int, step: WorkStep)?, of job: JobSpecification, _ model: LoadedModel, _ scorer: Scorer?
    ) -> String? {
        let work = unit?.step.work ?? output.work
        guard output.work == work else {
            return "a result of work \(output.work.number); the unit asks for work \(work.number)"
        }
        if work.needsScorer, let digest = output.scorer, digest != scorer?.digest {
            return "a result by scorer \(digest); the job's is \(scorer?.digest ?? "unknown")"
        }
        if let problem = misfitOfRows(unit) { return problem }
        guard truncated.isEmpty || job.truncation != .error && work.values != .texts else {
            return "rows that were cut; those of the job are not"
        }
        if work.values == .texts { return misfitOfTexts() }
        let shapeOfText =
            switch work.values {
            case .states: [job.readouts(layerCount: model.layerCount).count, model.hiddenSize]
            case .scores: [scorer?.scoreCount ?? 0]
            case .numbers(_, let shape): shape
            case .texts: [Int]()
            }
        let shape = [textCount] + shapeOfText
        let values = output.values
        guard values.elementType == work.elementType, values.shape == shape else {
            return "values of \(values.elementType) \(values.shape); the unit needs \(work.elementType) \(shape)"
        }
        guard values.isFinite else { return "values that are not finite" }
        return misfitOfKept(job, model)
    }

    private func misfitOfTexts() -> String? {
        guard output.texts.count == textCount else {
            return "\(output.texts.count) generated texts; the unit needs \(textCount)"
        }
        guard output.values.bytes.count <= UnitResult.valueBytesMax else {
            return
                "generated texts of \(output.values.bytes.count) bytes; at most \(UnitResult.valueBytesMax) are expected"
        }
        guard let most = output.work.generation?.maxNewTokens,
            let longer = output.texts.first(where: { $0.tokens > most })
        else { return kept == nil ? nil : "embeddings of texts that are generated" }
        return "a text of \(longer.tokens) tokens; the unit asks for at most \(most)"
    }

    private func misfitOfRows(_ unit: (rows: Int, step: WorkStep)?) -> String? {
        guard let unit else { return nil }
        guard responseCounts.count == unit.rows else {
            return "a result for \(responseCounts.count) rows; the unit has \(unit.rows)"
        }
        guard let expected = unit.step.responses?.count, let other = responseCounts.first(where: { $0 != expected })
        else { return nil }
        return "a row with \(other) responses; those of the \(unit.step.name) have \(expected)"
    }

    private func misfitOfKept(_ job: JobSpecification, _ model: LoadedModel) -> String? {
        let readouts = job.keptReadouts(layerCount: model.layerCount).count
        let shape = [textCount, readouts, model.hiddenSize]
        guard let kept else { return readouts == 0 ? nil : "no embeddings; the job keeps \(shape)" }
        guard readouts > 0, kept.vectors.shape == shape else {
            return "embeddings of \(kept.vectors.shape); the job keeps \(readouts == 0 ? "none" : "\(shape)")"
        }
        let areGood = kept.exponents.allSatisfy { HalfVectors.exponents.contains($0) || $0 == HalfVectors.notFinite }
        return areGood && kept.vectors.isFinite ? nil : "embeddings with numbers that are none"
    }
}
