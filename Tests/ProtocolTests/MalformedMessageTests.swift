import Digest
import SwiftProtobuf
import Testing

@testable import Protocol

/// What is known of a message that cannot be read.
@Suite struct MalformedMessageTests {
    private func malformed(_ frames: [[UInt8]]) throws -> MalformedMessage {
        do {
            _ = try Protocol.Message(frames: frames)
        } catch let problem as ProtocolError {
            return MalformedMessage(frames, problem)
        }
        throw ProtocolError("it can be read")
    }

    /// One more tensor than any message has.
    private func overfull(_ message: Protocol.Message) throws -> [[UInt8]] {
        var frames = try message.frames()
        var header = try WireHeader(serializedBytes: frames[0])
        for tensor in [Tensor([1]), Tensor([2])] {
            header.tensors.append(WireTensor(tensor))
            frames.append(tensor.bytes)
        }
        frames[0] = try header.serializedBytes()
        return frames
    }

    @Test(arguments: MessageSamples.all) func aHeaderThatCanBeReadTellsWhatItIsOf(_ message: Protocol.Message) throws {
        let malformed = try malformed(overfull(message))
        #expect(malformed.kind == message.kind)
        #expect(malformed.description.hasSuffix(" that cannot be read: \(malformed.problem)"))
    }

    @Test func aLeaseThatCannotBeReadIsNotMadeUp() throws {
        let assignment = Protocol.Message.coordinator(.assignment(MessageSamples.lease, MessageSamples.payload))
        let result = Protocol.Message.worker(.result(MessageSamples.result))
        let hostile: [(HostileFrames, MalformedMessage.Kind)] = [
            (.init(assignment, "", { $0.assignment.lease.unit = .max }), .assignment(nil)),
            (.init(result, "", { $0.unitResult.lease.attempt = .max }), .result(nil)),
            (
                .init(
                    assignment, "",
                    {
                        $0.assignment.clearLease()
                        $0.assignment.payload.work = .unspecified
                    }), .assignment(nil)
            ),
            (.init(result, "", { $0.unitResult.work = .unspecified }), .result(MessageSamples.lease)),
        ]
        for (frames, kind) in hostile { #expect(try malformed(frames.frames).kind == kind) }
    }

    /// It comes again, and can be read then.
    @Test func whatWasDamagedOnItsWayIsNothingThatThePeerMeant() throws {
        var frames = try Protocol.Message.coordinator(.scorer(MessageSamples.scorer)).frames()
        frames[2][3] ^= 1
        let malformed = try malformed(frames)
        #expect(malformed.kind == nil)
        #expect(malformed.description == malformed.problem.description)
    }

    @Test func whatHasNoHeaderOfThisProtocolIsOfNoKind() throws {
        let version = try WireHeader.with { $0.protocolVersion = ProtocolVersion.current }.serializedBytes() as [UInt8]
        for frames in [[], [Array("GET / HTTP/1.1\r\n".utf8)], [version], [[], []]] {
            #expect(MalformedMessage(frames, ProtocolError("no")).kind == nil)
        }
        var header = try WireHeader(serializedBytes: Protocol.Message.coordinator(.whoAreYou).frames()[0])
        header.protocolVersion += 1
        #expect(try MalformedMessage([header.serializedBytes()], ProtocolError("no")).kind == nil)
    }
}

extension Protocol.Message {
    fileprivate var kind: MalformedMessage.Kind {
        switch self {
        case .worker(.hello): .hello
        case .worker(.ready): .ready
        case .worker(.heartbeat): .heartbeat
        case .worker(.result(let result)): .result(result.lease)
        case .worker(.failure): .failure
        case .worker(.embedded): .embedded
        case .worker(.scorerAcknowledged): .scorerAcknowledged
        case .worker(.goodbye): .goodbye
        case .coordinator(.welcome): .welcome
        case .coordinator(.accepted): .accepted
        case .coordinator(.refused): .refused
        case .coordinator(.whoAreYou): .whoAreYou
        case .coordinator(.assignment(let lease, _)): .assignment(lease)
        case .coordinator(.scorer): .scorer
        case .coordinator(.resultAcknowledged): .resultAcknowledged
        case .coordinator(.revoked): .revoked
        case .coordinator(.heartbeatReply): .heartbeatReply
        case .coordinator(.jobFinished): .jobFinished
        case .model: .model
        case .status: .status
        }
    }
}
