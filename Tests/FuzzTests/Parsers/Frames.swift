import Digest
internal import Reports

import enum SwiftProtobuf.BinaryDecodingError
import struct SwiftProtobuf.SwiftProtobufError

@testable import Coordinator
@testable import Protocol

extension FuzzedParser {
    /// Messages of the wire, bulk frames and chunks of models among them.
    static let frames = FuzzedParser(
        "frames", isText: false, syntax: wireSyntax,
        corpus: { try MessageSamples.all.map { try $0.frames() } },
        assemble: { parts, random in
            guard !random.oneIn(16), let first = parts.first, var header = try? WireHeader(serializedBytes: first)
            else {
                return parts
            }
            header.protocolVersion = ProtocolVersion.current
            for (index, frame) in zip(header.tensors.indices, parts.dropFirst()) {
                header.tensors[index].crc32 = CRC32.checksum(frame)
            }
            guard let repaired: [UInt8] = try? header.serializedBytes() else { return parts }
            return [repaired] + parts.dropFirst()
        },
        parse: { frames, _ in
            let message: Message
            do {
                message = try Message(frames: frames)
            } catch let error as ProtocolError {
                try BrokenPromise.unless(
                    MalformedMessage(frames, error).description.hasSuffix(error.description), "hides its problem")
                return error.description.contains("no header of this protocol") ? .refusedAtOnce : .refused
            } catch is ProtocolVersionMismatch {
                return .refusedAtOnce
            }
            // Not the messages: what is not a number does not equal itself.
            let again = try message.frames()
            try BrokenPromise.unless(try Message(frames: again).frames() == again, "encodes to another message")
            if case .status(.report(let report)) = message { _ = StatusText(report: report).text }
            return .accepted
        })

    /// The form in which the ledger keeps rows. The prompt's bytes are apart from the rest.
    static let ledgerItem = FuzzedParser(
        "ledger-item", isText: false, syntax: wireSyntax,
        corpus: {
            try (MessageSamples.payload.items + MessageSamples.anchors.items).map {
                let (prompt, rest) = try $0.serialized()
                return [prompt, rest]
            }
        },
        assemble: { parts, _ in Array((parts + [[], []]).prefix(2)) },
        parse: { parts, _ in
            let item: UnitPayload.Item
            do {
                item = try UnitPayload.Item(prompt: parts[0], rest: parts[1])
            } catch is ProtocolError {
                return .refused
            } catch is SwiftProtobufError {
                return .refusedAtOnce
            } catch is BinaryDecodingError {
                return .refusedAtOnce
            }
            let (prompt, rest) = try item.serialized()
            try BrokenPromise.unless(
                try UnitPayload.Item(prompt: prompt, rest: rest) == item, "encodes to another item")
            return .accepted
        })

    /// Tags of fields, and lengths and numbers of many bytes.
    private static let wireSyntax: [[UInt8]] =
        [
            [0x0A, 0x00], [0x12, 0x02, 0x08, 0x01], [0x08, 0x80, 0x80, 0x80, 0x80, 0x10], [0x52, 0x00], [0x0B],
            [0x3A, 0x00],
        ]
        + [5, 9, 10].map { [UInt8](repeating: 0xFF, count: $0) + [0x01] }
}
