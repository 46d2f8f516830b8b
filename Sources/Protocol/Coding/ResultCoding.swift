// What workers made of units, to and from its generated wire types.

internal import SwiftProtobuf

extension UnitResult {
    init(_ wire: WireUnitResult, _ values: Tensor, kept: Tensor?) throws {
        guard wire.rows.count <= UnitPayload.rowsMax else {
            throw ProtocolError("a result for \(wire.rows.count) rows; at most \(UnitPayload.rowsMax) are expected")
        }
        guard wire.responses.count == wire.rows.count,
            wire.responses.allSatisfy({ (1...UnitPayload.responsesMax).contains(Int($0)) })
        else {
            throw ProtocolError(
                "a result for \(wire.rows.count) rows with impossible numbers of responses, \(wire.responses.prefix(80))"
            )
        }
        let responseCounts = wire.responses.map(Int.init)
        let texts = responseCounts.reduce(0, +)
        guard wire.work == .generate || values.shape.count >= 2 && values.shape[0] == texts else {
            throw ProtocolError("a result for \(texts) texts with values of shape \(values.shape)")
        }
        guard
            wire.failures.allSatisfy({ $0.item < wire.rows.count }),
            zip(wire.failures, wire.failures.dropFirst()).allSatisfy({ $0.item < $1.item })
        else { throw ProtocolError("a result whose failed rows are out of range or order") }
        guard
            wire.truncated.allSatisfy({ $0 < wire.rows.count }),
            zip(wire.truncated, wire.truncated.dropFirst()).allSatisfy({ $0 < $1 })
        else { throw ProtocolError("a result whose cut rows are out of range or order") }
        guard wire.tokensTotal <= 1 << 40 else { throw ProtocolError("a result of \(wire.tokensTotal) tokens") }
        self.init(
            lease: try Lease(wire.lease), rows: wire.rows, responseCounts: responseCounts,
            output: try Output(wire, values),
            failures: wire.failures.map { RowFailure(item: Int($0.item), reason: $0.reason.bounded) },
            truncated: wire.truncated.map(Int.init), tokensTotal: wire.tokensTotal, tokensComputed: wire.tokensComputed,
            computeMicroseconds: wire.computeMicroseconds,
            kept: try KeptEmbeddings(wire, kept, texts: texts))
    }

    var wire: WireUnitResult {
        .with {
            $0.lease = lease.wire
            $0.rows = rows
            $0.responses = responseCounts.map(UInt32.init)
            $0.failures = failures.map { failure in
                .with {
                    $0.item = UInt32(failure.item)
                    $0.reason = failure.reason.bounded
                }
            }
            $0.truncated = truncated.map(UInt32.init)
            $0.tokensTotal = tokensTotal
            $0.tokensComputed = tokensComputed
            $0.computeMicroseconds = computeMicroseconds
            $0.work = output.work.wire
            if let generation = output.work.generation { $0.generation = generation.wire }
            $0.texts = output.texts.map(\.wire)
            if let scorer = output.scorer { $0.scorerDigest = scorer }
            $0.keptExponents = kept?.exponents.map(Int32.init) ?? []
        }
    }
}

extension UnitResult.Output {
    fileprivate init(_ wire: WireUnitResult, _ values: Tensor) throws {
        let work = try WorkKind(wire.work, wire.hasGeneration ? wire.generation : nil, "a result's work")
        guard values.elementType == work.elementType else {
            throw ProtocolError("a result with values of \(values.elementType); \(work.elementType) is expected")
        }
        guard work.values == .texts || wire.texts.isEmpty else {
            throw ProtocolError("generated texts of work that generates none")
        }
        if work.values == .texts {
            guard wire.scorerDigest.isEmpty else { throw ProtocolError("generated texts with a scorer") }
            self.init(work, texts: try GeneratedText.texts(wire.texts, utf8: values.bytes))
            return
        }
        switch (work.needsScorer, wire.scorerDigest.isEmpty) {
        case (true, true): throw ProtocolError("scores without their scorer")
        case (false, false): throw ProtocolError("values of work that needs no scorer, with a scorer")
        case (true, false): self.init(work, values, scorer: try wire.scorerDigest.checked("a scorer's digest"))
        case (false, true): self.init(work, values)
        }
    }
}

extension KeptEmbeddings {
    /// nil where the result has none.
    fileprivate init?(_ wire: WireUnitResult, _ vectors: Tensor?, texts: Int) throws {
        guard let vectors else {
            guard wire.keptExponents.isEmpty else { throw ProtocolError("a message whose bulk frame is missing") }
            return nil
        }
        guard vectors.elementType == .f16, vectors.shape.count == 3, vectors.shape[0] == texts else {
            throw ProtocolError(
                "embeddings of \(vectors.elementType) \(vectors.shape) for \(texts) texts; "
                    + "f16 [texts, readouts, hidden] is expected")
        }
        let count = vectors.shape[0] * vectors.shape[1]
        guard wire.keptExponents.count == count, wire.keptExponents.allSatisfy({ Int8(exactly: $0) != nil }) else {
            throw ProtocolError("\(wire.keptExponents.count) exponents for \(count) vectors, or impossible ones")
        }
        self.init(vectors: vectors, exponents: wire.keptExponents.map { Int8($0) })
    }
}
