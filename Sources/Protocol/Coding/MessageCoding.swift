internal import SwiftProtobuf

/// Messages as frames: one header (protobuf), then one bulk frame for each tensor.
///
/// Decoding trusts nothing: the number of frames, every tensor's type, shape and checksum, and every bound is checked,
/// and whatever does not fit is a `ProtocolError`.
extension Message {
    /// Header and at most so many tensors: those of a scorer.
    package static let maximumFrameCount = 1 + 2 * Readout.countMax

    /// Of what a coordinator is sent: header, a unit's values and what is kept of its texts.
    package static let maximumFrameCountOfWorkers = 3

    package func frames() throws -> [[UInt8]] {
        var header = WireHeader()
        header.protocolVersion = ProtocolVersion.current
        var tensors: [Tensor] = []
        switch self {
        case .worker(let message): header.body = message.wireBody(&tensors)
        case .coordinator(let message): header.body = message.wireBody(&tensors)
        case .model(let message): header.body = message.wireBody(&tensors)
        case .status(let message): header.body = message.wireBody
        }
        header.tensors = tensors.map(WireTensor.init)
        let headerFrame: [UInt8] = try header.serializedBytes()
        return [headerFrame] + tensors.map(\.bytes)
    }

    /// - Parameter framesMax: more are no message.
    package init(frames: [[UInt8]], framesMax: Int = Self.maximumFrameCount) throws {
        guard let first = frames.first else { throw ProtocolError("a message without frames") }
        guard frames.count <= framesMax else {
            throw ProtocolError("a message of \(frames.count) frames; at most \(framesMax) are expected")
        }
        let header: WireHeader
        do {
            header = try WireHeader(serializedBytes: first)
        } catch {
            throw ProtocolError("a header of \(first.count) bytes that is no header of this protocol")
        }
        guard header.protocolVersion == ProtocolVersion.current else {
            throw ProtocolVersionMismatch(found: header.protocolVersion)
        }
        guard header.tensors.count == frames.count - 1 else {
            throw ProtocolError("\(header.tensors.count) tensors announced, \(frames.count - 1) bulk frames found")
        }
        let tensors = try zip(header.tensors, frames.dropFirst()).map { try Tensor($0, frame: $1) }
        guard let body = header.body else { throw ProtocolError("a header without a body") }
        self = try Message(body, tensors)
    }

    private init(_ body: WireHeader.OneOf_Body, _ tensors: [Tensor]) throws {
        var tensors = tensors[...]
        func bulk() throws -> Tensor {
            guard let tensor = tensors.popFirst() else { throw ProtocolError("a message whose bulk frame is missing") }
            return tensor
        }
        switch body {
        case .hello(let wire): self = .worker(.hello(try .init(wire)))
        case .ready(let wire): self = .worker(.ready(try LoadedModel(wire)))
        case .heartbeat(let wire): self = .worker(.heartbeat(try .init(wire)))
        case .unitResult(let wire): self = .worker(.result(try UnitResult(wire, bulk(), kept: tensors.popFirst())))
        case .unitFailure(let wire): self = .worker(.failure(try .init(wire)))
        case .unitEmbedded(let wire): self = .worker(.embedded(try Lease(wire.lease)))
        case .scorerAcknowledgement(let wire):
            self = .worker(.scorerAcknowledged(digest: try wire.digest.checked("a scorer's digest")))
        case .goodbye(let wire): self = .worker(.goodbye(reason: wire.reason.bounded))
        case .welcome(let wire): self = .coordinator(.welcome(try JobSpecification(wire.job)))
        case .accepted: self = .coordinator(.accepted)
        case .refusal(let wire): self = .coordinator(.refused(reason: wire.reason))
        case .whoAreYou: self = .coordinator(.whoAreYou)
        case .assignment(let wire):
            self = .coordinator(.assignment(try Lease(wire.lease), try UnitPayload(wire.payload)))
        case .scorerUpdate(let wire): self = .coordinator(.scorer(try Scorer(wire.scorer, bulk)))
        case .resultAcknowledgement(let wire): self = .coordinator(.resultAcknowledged(try Lease(wire.lease)))
        case .revocation(let wire): self = .coordinator(.revoked(try Lease(wire.lease)))
        case .heartbeatReply: self = .coordinator(.heartbeatReply)
        case .jobFinished(let wire): self = .coordinator(.jobFinished(summary: wire.summary))
        case .modelChunkRequest(let wire): self = .model(try ModelMessage(wire))
        case .modelChunk(let wire): self = .model(.chunk(try ModelChunk(wire, bulk())))
        case .modelOffer(let wire): self = .model(try ModelMessage(wire))
        case .statusRequest: self = .status(.request)
        case .statusReport(let wire): self = .status(.report(StatusReport(wire)))
        }
        guard tensors.isEmpty else { throw ProtocolError("a bulk frame that belongs to no part of the message") }
    }
}

/// A peer speaks another version of this protocol.
package struct ProtocolVersionMismatch: Error, Hashable, Sendable, CustomStringConvertible {
    package var found: UInt32

    package var description: String {
        "protocol version \(found) found, version \(ProtocolVersion.current) expected: \(ProtocolVersion.advice)"
    }
}

extension WorkerMessage {
    fileprivate func wireBody(_ tensors: inout [Tensor]) -> WireHeader.OneOf_Body {
        switch self {
        case .hello(let hello): return .hello(hello.wire)
        case .ready(let model): return .ready(model.wire)
        case .heartbeat(let heartbeat): return .heartbeat(heartbeat.wire)
        case .result(let result):
            tensors = [result.output.values] + (result.kept.map { [$0.vectors] } ?? [])
            return .unitResult(result.wire)
        case .failure(let failure): return .unitFailure(failure.wire)
        case .embedded(let lease): return .unitEmbedded(.with { $0.lease = lease.wire })
        case .scorerAcknowledged(let digest): return .scorerAcknowledgement(.with { $0.digest = digest })
        case .goodbye(let reason): return .goodbye(.with { $0.reason = reason })
        }
    }
}

extension CoordinatorMessage {
    fileprivate func wireBody(_ tensors: inout [Tensor]) -> WireHeader.OneOf_Body {
        switch self {
        case .welcome(let job): return .welcome(.with { $0.job = job.wire })
        case .accepted: return .accepted(.init())
        case .refused(let reason): return .refusal(.with { $0.reason = reason })
        case .whoAreYou: return .whoAreYou(.init())
        case .assignment(let lease, let payload):
            return .assignment(
                .with {
                    $0.lease = lease.wire
                    $0.payload = payload.wire
                })
        case .scorer(let scorer):
            tensors = scorer.parts.flatMap(\.matrices)
            return .scorerUpdate(.with { $0.scorer = scorer.wire })
        case .resultAcknowledged(let lease): return .resultAcknowledgement(.with { $0.lease = lease.wire })
        case .revoked(let lease): return .revocation(.with { $0.lease = lease.wire })
        case .heartbeatReply: return .heartbeatReply(.init())
        case .jobFinished(let summary): return .jobFinished(.with { $0.summary = summary })
        }
    }
}

extension ModelMessage {
    fileprivate func wireBody(_ tensors: inout [Tensor]) -> WireHeader.OneOf_Body {
        switch self {
        case .offerRequest: return .modelChunkRequest(.init())
        case .chunkRequest(let digest, let chunk):
            return .modelChunkRequest(
                .with {
                    $0.digest = digest
                    $0.chunk = chunk
                })
        case .offer(let offer, let workersAhead): return .modelOffer(offer.wire(workersAhead: workersAhead))
        case .notOffered(let reason): return .modelOffer(.with { $0.reason = reason })
        case .chunk(let chunk):
            tensors = [Tensor(chunk.bytes)]
            return .modelChunk(
                .with {
                    $0.digest = chunk.digest
                    $0.chunk = chunk.index
                })
        }
    }
}

extension StatusMessage {
    fileprivate var wireBody: WireHeader.OneOf_Body {
        switch self {
        case .request: .statusRequest(.init())
        case .report(let report): .statusReport(report.wire)
        }
    }
}
