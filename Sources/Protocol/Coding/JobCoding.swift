// The job and what is projected on, to and from their generated wire types.

internal import SwiftProtobuf

extension LayerChoice {
    init(wire number: Int32) throws {
        guard Self.numbers.contains(Int(number)) else {
            throw ProtocolError(
                "layer \(number); \(Self.numbers.lowerBound) to \(Self.numbers.upperBound) are expected")
        }
        self.init(Int(number))
    }
}

extension Readout {
    init(_ wire: WireReadout) throws {
        self.init(try LayerChoice(wire: wire.layer), try Pooling(wire: wire.pooling, "a pooling"))
    }

    var wire: WireReadout {
        .with {
            $0.layer = Int32(layer.number)
            $0.pooling = pooling.rawValue
        }
    }
}

extension [Readout] {
    fileprivate init(wire: [WireReadout], countMax: Int) throws {
        guard wire.count <= countMax else {
            throw ProtocolError("\(wire.count) readouts; at most \(countMax) are expected")
        }
        self = try wire.map(Readout.init)
        guard Set(self).count == count else { throw ProtocolError("a readout that comes twice") }
    }
}

extension Scorer {
    /// - Parameter bulk: gives the message's next tensor.
    init(_ wire: WireScorer, _ bulk: () throws -> Tensor) throws {
        guard wire.withErrors.isEmpty || wire.withErrors.count == wire.readouts.count else {
            throw ProtocolError("errors of \(wire.withErrors.count) of a scorer's \(wire.readouts.count) readouts")
        }
        // Matrices for each: there are no more than frames.
        try self.init(
            wire.readouts.enumerated().map { index, readout in
                let directions = try bulk()
                let hasErrors = !wire.withErrors.isEmpty && wire.withErrors[index]
                return Part(try Readout(readout), directions, errors: hasErrors ? try bulk() : nil)
            })
    }

    var wire: WireScorer {
        .with {
            $0.readouts = parts.map(\.readout.wire)
            $0.withErrors = parts.map { $0.errors != nil }
        }
    }
}

extension JobSpecification {
    init(_ wire: WireJobSpecification) throws {
        guard !wire.readouts.isEmpty || !wire.everyLayer.isEmpty || wire.hasGeneration, wire.heartbeatMs > 0 else {
            throw ProtocolError("a job without work or heartbeat interval")
        }
        // Of the others a row may depend on its neighbours, and a text on what else is generated.
        guard !wire.hasGeneration || wire.backend == Backend.native.rawValue else {
            throw ProtocolError("a job that generates texts with the backend \(wire.backend); native is expected")
        }
        let everyLayer = try wire.everyLayer.map { try Pooling(wire: $0, "a pooling of every layer") }
        guard Set(everyLayer).count == everyLayer.count else {
            throw ProtocolError("a pooling of every layer that comes twice")
        }
        self.init(
            job: wire.job, modelPath: wire.modelPath,
            modelDigest: wire.modelDigest.isEmpty ? "" : try checkedModelDigest(wire.modelDigest),
            precision: try Precision(wire: wire.precision, "a job's precision"),
            backend: try Backend(wire: wire.backend, "a job's backend"),
            attention: try AttentionPrecision(wire: wire.attention, "what a job's attention multiplies"),
            readouts: try [Readout](wire: wire.readouts, countMax: Readout.countMax), everyLayer: everyLayer,
            choosesReadouts: wire.choosesReadouts, maxTokens: Int(wire.maxTokens),
            truncation: try Truncation(wire: wire.truncation, "a job's truncation"),
            heartbeatMilliseconds: Int(wire.heartbeatMs),
            keptReadouts: try [Readout](wire: wire.keep, countMax: Readout.keptMax),
            generation: wire.hasGeneration ? try GenerationRoom(wire.generation) : nil)
    }

    var wire: WireJobSpecification {
        .with {
            $0.job = job
            $0.modelPath = modelPath
            $0.modelDigest = modelDigest
            $0.precision = precision.rawValue
            $0.backend = backend.rawValue
            $0.attention = attention.rawValue
            $0.maxTokens = UInt32(maxTokens)
            $0.truncation = truncation.rawValue
            $0.heartbeatMs = UInt32(heartbeatMilliseconds)
            $0.readouts = readouts.map(\.wire)
            $0.everyLayer = everyLayer.map(\.rawValue)
            $0.choosesReadouts = choosesReadouts
            $0.keep = keptReadouts.map(\.wire)
            if let generation { $0.generation = generation.wire }
        }
    }
}
