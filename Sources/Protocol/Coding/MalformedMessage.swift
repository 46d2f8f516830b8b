internal import Digest
internal import SwiftProtobuf

/// Frames that cannot be read, why, and what they were meant to be as far as that can be known.
package struct MalformedMessage: Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        // Of a worker.
        case hello
        case ready
        case heartbeat

        /// The lease, where that can be read.
        case result(Lease?)
        case failure
        case embedded
        case scorerAcknowledged
        case goodbye

        // Of a coordinator.
        case welcome
        case accepted
        case refused
        case whoAreYou

        /// The lease, where that can be read.
        case assignment(Lease?)
        case scorer
        case resultAcknowledged
        case revoked
        case heartbeatReply
        case jobFinished

        /// About the model file.
        case model

        /// Of or for somebody who watches.
        case status
    }

    /// Set where the header is one of this protocol's version, and all frames that it names are there, with its checksums:
    /// the peer then means something that is not known here. nil for anything else. The header has no checksum but that of
    /// TCP, or of CURVE.
    package let kind: Kind?
    package let problem: ProtocolError

    /// - Parameter frames: those of which `problem` says why they cannot be read.
    package init(_ frames: [[UInt8]], _ problem: ProtocolError) {
        kind = Kind(of: frames)
        self.problem = problem
    }

    package var description: String {
        kind.map { "\($0.name) that cannot be read: \(problem)" } ?? problem.description
    }
}

extension MalformedMessage.Kind {
    fileprivate init?(of frames: [[UInt8]]) {
        guard let first = frames.first, let header = try? WireHeader(serializedBytes: first),
            header.protocolVersion == ProtocolVersion.current, let body = header.body
        else { return nil }
        guard header.tensors.count == frames.count - 1 else { return nil }
        let isDamaged = zip(header.tensors, frames.dropFirst()).contains { $0.crc32 != CRC32.checksum($1) }
        if isDamaged { return nil }
        self.init(body)
    }

    private init(_ body: WireHeader.OneOf_Body) {
        self =
            switch body {
            case .hello: .hello
            case .ready: .ready
            case .heartbeat: .heartbeat
            case .unitResult(let wire): .result(wire.hasLease ? Self.lease(wire.lease) : nil)
            case .unitFailure: .failure
            case .unitEmbedded: .embedded
            case .scorerAcknowledgement: .scorerAcknowledged
            case .goodbye: .goodbye
            case .welcome: .welcome
            case .accepted: .accepted
            case .refusal: .refused
            case .whoAreYou: .whoAreYou
            case .assignment(let wire): .assignment(wire.hasLease ? Self.lease(wire.lease) : nil)
            case .scorerUpdate: .scorer
            case .resultAcknowledgement: .resultAcknowledged
            case .revocation: .revoked
            case .heartbeatReply: .heartbeatReply
            case .jobFinished: .jobFinished
            case .modelChunkRequest, .modelChunk, .modelOffer: .model
            case .statusRequest, .statusReport: .status
            }
    }

    private static func lease(_ wire: WireLease) -> Lease? { try? Lease(wire) }

    /// For people, with its article.
    fileprivate var name: String {
        switch self {
        case .hello: "a greeting"
        case .ready: "what a worker says of its model"
        case .heartbeat: "a heartbeat"
        case .result(let lease): "a result\(lease.map { " of \($0)," } ?? "")"
        case .failure: "a unit's failure"
        case .embedded: "news of an embedded unit"
        case .scorerAcknowledged: "the acknowledgement of a scorer"
        case .goodbye: "a goodbye"
        case .welcome: "a welcome to a job"
        case .accepted: "a yes to this worker"
        case .refused: "a refusal"
        case .whoAreYou: "a question who this is"
        case .assignment(let lease): "an assignment\(lease.map { " of \($0)," } ?? "")"
        case .scorer: "a scorer"
        case .resultAcknowledged: "the acknowledgement of a result"
        case .revoked: "the revocation of a unit"
        case .heartbeatReply: "an answer to a heartbeat"
        case .jobFinished: "news that the job is finished"
        case .model: "a message about the model file"
        case .status: "a message about the status"
        }
    }
}
