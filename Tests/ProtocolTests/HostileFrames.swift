import Digest
import SwiftProtobuf

@testable import Protocol

/// A header as no program of ours writes it, and what must be said about it.
struct HostileFrames: Sendable {
    var header: WireHeader
    var bulk: [[UInt8]] = []
    var problem: String

    var frames: [[UInt8]] {
        get throws { [try header.serializedBytes()] + bulk }
    }

    /// The frames of `message`, changed.
    init(
        _ message: Protocol.Message, _ problem: String, _ change: (inout WireHeader) -> Void = { _ in },
        bulk changeBulk: (inout [[UInt8]]) -> Void = { _ in }
    ) {
        do {
            let frames = try message.frames()
            header = try WireHeader(serializedBytes: frames[0])
            bulk = Array(frames.dropFirst())
        } catch {
            preconditionFailure("a sample that cannot be serialized: \(error)")
        }
        self.problem = problem
        change(&header)
        changeBulk(&bulk)
    }
}

extension HostileFrames {
    /// Bulk frames that do not fit what the header announces.
    static let bulkFrames: [HostileFrames] = {
        let result = Protocol.Message.worker(.result(MessageSamples.result))
        let direction = Protocol.Message.coordinator(.scorer(MessageSamples.direction))
        let values = MessageSamples.direction.parts[0].directions
        return [
            .init(result, "1 tensors announced, 0 bulk frames found", bulk: { $0 = [] }),
            .init(.worker(.goodbye(reason: "")), "0 tensors announced, 1 bulk frames found", bulk: { $0 = [[1]] }),
            .init(result, "0 tensors announced, 1 bulk frames found", { $0.tensors = [] }),
            .init(result, "2 tensors announced, 1 bulk frames found", { $0.tensors += $0.tensors }),
            .init(
                result, "a message of 130 frames; at most 129 are expected",
                { $0.tensors = Array(repeating: $0.tensors[0], count: 129) },
                bulk: { $0 = Array(repeating: $0[0], count: 129) }),
            .init(
                direction, "a bulk frame that belongs to no part of the message", { $0.tensors += $0.tensors },
                bulk: { $0 += $0 }),
            .init(result, "a message whose bulk frame is missing", { $0.tensors = [] }, bulk: { $0 = [] }),
            .init(direction, "a message whose bulk frame is missing", { $0.tensors = [] }, bulk: { $0 = [] }),
            .init(
                .coordinator(.accepted), "a bulk frame that belongs to no part of the message",
                { $0.tensors = [WireTensor(values)] }, bulk: { $0 = [values.bytes] }),
            .init(
                .coordinator(.heartbeatReply), "a bulk frame that belongs to no part of the message",
                { $0.tensors = [WireTensor(values)] }, bulk: { $0 = [values.bytes] }),
        ]
    }()

    /// Tensors whose description does not fit their bytes, or the message.
    static let tensors: [HostileFrames] = {
        let result = Protocol.Message.worker(.result(MessageSamples.result))
        let direction = Protocol.Message.coordinator(.scorer(MessageSamples.direction))
        let checksum = CRC32.checksum(MessageSamples.result.output.values.bytes)
        return [
            .init(
                result, "a bulk frame whose checksum is \(checksum), not the announced \(~checksum)",
                { $0.tensors[0].crc32 = ~checksum }),
            .init(result, "tensor of shape [4, 1, 4]: expected 64 bytes, found 48", { $0.tensors[0].shape[2] = 4 }),
            .init(result, "tensor of shape []: expected 4 bytes, found 48", { $0.tensors[0].shape = [] }),
            .init(
                result, "tensor of shape [2, 4294967295]: expected 34359738360 bytes, found 48",
                { $0.tensors[0].shape = [2, .max] }),
            .init(
                result, "a tensor of 100000 dimensions; at most 8 are expected",
                { $0.tensors[0].shape = Array(repeating: 1, count: 100_000) }),
            .init(
                result, "tensor of impossible shape [4294967295, 4294967295, 4294967295]",
                { $0.tensors[0].shape = [.max, .max, .max] }),
            .init(
                result, "tensor of shape [4, 1, 3]: expected 96 bytes, found 48",
                { $0.tensors[0].elementType = .f64 }),
        ]
    }()

    static let models: [HostileFrames] = {
        let ready = Protocol.Message.worker(.ready(MessageSamples.model))
        let hello = Protocol.Message.worker(.hello(MessageSamples.hello))
        let empty = "a model without layers, hidden size, context length or credit"
        return [
            .init(ready, "a model without an architecture", { $0.ready.architecture = "" }),
            .init(ready, "a model's architecture with control characters", { $0.ready.architecture = "a\u{1B}[2J" }),
            .init(ready, empty, { $0.ready.layerCount = 0 }),
            .init(ready, empty, { $0.ready.hiddenSize = 0 }),
            .init(ready, empty, { $0.ready.contextLength = 0 }),
            .init(ready, empty, { $0.ready.credit = 0 }),
            .init(
                ready, "a credit of 4097, 131072 texts ahead; at most 4096 and 131072 are expected",
                { $0.ready.credit = 4097 }),
            .init(
                ready, "a credit of 4096, 131073 texts ahead; at most 4096 and 131072 are expected",
                { $0.ready.textsAhead = 131_073 }),
            .init(
                ready, "a hidden size of 16385; at most 16384 are expected", { $0.ready.hiddenSize = 16_385 }),
            .init(
                ready, "a numeric build of 1001 bytes; at most 1000 are expected",
                { $0.ready.numericBuild = String(repeating: "n", count: 1001) }),
            .init(
                ready, "what attention multiplies: expected one of auto, f32, bf16, found \"bf16\\u{07}\"",
                { $0.ready.attention = "bf16\u{7}" }),
            .init(
                ready, "17 warnings; at most 16 are expected",
                { $0.ready.warnings = Array(repeating: "w", count: 17) }),
            .init(
                hello, "9 preferences; at most 8 are expected",
                { $0.hello.preferences = Array(repeating: $0.hello.preferences[0], count: 9) }),
            .init(
                hello, "a preference of int8, attention in f32; f32 or bf16 are expected",
                { $0.hello.preferences[0].precision = "int8" }),
            .init(
                hello, "a preference of attention: expected one of auto, f32, bf16, found \"\"",
                { $0.hello.preferences[1].attention = "" }),
            .init(
                hello, "a backend: expected one of auto, native, onednn, blas, found \"a\\nb\"",
                { $0.hello.preferences[0].backend = "a\nb" }),
            .init(ready, "a model that computes in auto, attention in f32", { $0.ready.precision = "auto" }),
            .init(ready, "a model's name with control characters", { $0.ready.modelName = "a\nb" }),
            .init(hello, "a worker id with control characters", { $0.hello.worker = "a\u{1B}[2J" }),
            .init(hello, "a host name with control characters", { $0.hello.host = "a\u{2028}b" }),
            .init(
                hello, "81921 units held; at most 81920 are expected",
                { $0.hello.held = Array(repeating: $0.hello.held.first ?? .init(), count: 81_921) }),
            .init(
                .worker(.heartbeat(.init(epoch: 1, held: [], draining: false))),
                "81921 units held; at most 81920 are expected",
                { $0.heartbeat.held = Array(repeating: .init(), count: 81_921) }),
            .init(
                .worker(.scorerAcknowledged(digest: "d")),
                "a scorer's digest of 1001 bytes; at most 1000 are expected",
                { $0.scorerAcknowledgement.digest = String(repeating: "d", count: 1001) }),
            .init(hello, empty, { $0.hello.ready = WireReady() }),
            .init(hello, "a worker id of 0 bytes; 1 to 256 are expected", { $0.hello.worker = "" }),
            .init(
                hello, "a worker id of 258 bytes; 1 to 256 are expected",
                { $0.hello.worker = String(repeating: "é", count: 129) }),
        ]
    }()

    static let units: [HostileFrames] = {
        let welcome = Protocol.Message.coordinator(.welcome(MessageSamples.job))
        let assignment = Protocol.Message.coordinator(.assignment(MessageSamples.lease, MessageSamples.payload))
        return [
            .init(welcome, "a job without work or heartbeat interval", { $0.welcome.job.readouts = [] }),
            .init(welcome, "a job without work or heartbeat interval", { $0.welcome.job.heartbeatMs = 0 }),
            .init(welcome, "a job without work or heartbeat interval", { $0.welcome.clearJob() }),
            .init(
                welcome, "a readout that comes twice", { $0.welcome.job.readouts.append($0.welcome.job.readouts[0]) }),
            .init(
                welcome, "a pooling of every layer that comes twice",
                { $0.welcome.job.everyLayer = ["last", "mean", "last"] }),
            .init(
                welcome, "a pooling of every layer: expected one of last, mean, mean-response, found \"first\"",
                { $0.welcome.job.everyLayer = ["first"] }),
            .init(
                welcome, "65 readouts; at most 64 are expected",
                { $0.welcome.job.readouts = Array(repeating: $0.welcome.job.readouts[0], count: 65) }),
            .init(
                welcome, "4097 readouts; at most 4096 are expected",
                { $0.welcome.job.keep = Array(repeating: $0.welcome.job.readouts[0], count: 4097) }),
            .init(
                welcome, "a job's precision: expected one of auto, f32, bf16, int8, found \"fp8\"",
                { $0.welcome.job.precision = "fp8" }),
            .init(assignment, "a unit without rows", { $0.assignment.clearPayload() }),
            .init(assignment, "a unit without rows", { $0.assignment.payload.items = [] }),
            .init(
                assignment, "a row with 0 responses; 1 to 64 are expected",
                { $0.assignment.payload.items[0].responses = [] }),
            .init(
                assignment, "a row with 65 responses; 1 to 64 are expected",
                {
                    $0.assignment.payload.responses = []
                    $0.assignment.payload.items[0].responses = Array(repeating: WireText(), count: 65)
                }),
            .init(
                assignment, "a row with 2 responses; 65 are expected",
                { $0.assignment.payload.responses = Array(repeating: "r", count: 65) }),
            .init(
                assignment, "a response's name with control characters",
                { $0.assignment.payload.responses[1] = "a\nb" }),
            .init(
                assignment, "a row with 1 responses; 2 are expected",
                { $0.assignment.payload.items[0].responses.removeLast() }),
            .init(
                assignment, "a row with 3 responses; 2 are expected",
                { $0.assignment.payload.items[0].responses.append(WireText()) }),
        ]
    }()

    static let modelTransfers: [HostileFrames] = {
        let request = Protocol.Message.model(.chunkRequest(digest: MessageSamples.modelDigest, chunk: 0))
        let offer = Protocol.Message.model(
            .offer(ModelOffer(digest: MessageSamples.modelDigest, byteCount: 1), workersAhead: 0))
        let chunk = Protocol.Message.model(
            .chunk(ModelChunk(digest: MessageSamples.modelDigest, index: 0, bytes: [1, 2, 3, 4])))
        let digest = "a model's digest that is not 64 lower-case hexadecimal digits"
        let large = [UInt8](repeating: 0, count: (1 << 20) + 1)
        let upperCase = MessageSamples.modelDigest.uppercased()
        let path = "../../" + MessageSamples.modelDigest.dropFirst(6)
        let expected = "u8 [bytes], at most 1048576, are expected"
        return [
            .init(request, "a request for chunk 3 of no model", { $0.modelChunkRequest = .with { $0.chunk = 3 } }),
            .init(
                request, "chunk 1073741824 of a model: expected a smaller number",
                { $0.modelChunkRequest.chunk = 1 << 30 }),
            .init(
                request, "chunk \(UInt64.max) of a model: expected a smaller number",
                { $0.modelChunkRequest.chunk = .max }),
            .init(request, digest, { $0.modelChunkRequest.digest = "ab" }),
            .init(request, digest, { $0.modelChunkRequest.digest = upperCase }),
            .init(request, digest, { $0.modelChunkRequest.digest = path }),
            .init(offer, digest, { $0.modelOffer.digest = path }),
            .init(
                offer, "an offer of 0 bytes; 1 to 1125899906842624 are expected", { $0.modelOffer.bytes = 0 }),
            .init(
                offer, "an offer of \(UInt64.max) bytes; 1 to 1125899906842624 are expected",
                { $0.modelOffer.bytes = .max }),
            .init(offer, "an offer of 1 bytes without a digest", { $0.modelOffer.digest = "" }),
            .init(
                offer, "an offer of 0 bytes without a digest",
                { $0.modelOffer = .with { $0.parts = [WireModelPart()] } }),
            .init(chunk, digest, { $0.modelChunk.digest = path }),
            .init(
                chunk, "chunk \(UInt64.max) of a model: expected a smaller number", { $0.modelChunk.chunk = .max }),
            .init(chunk, "a message whose bulk frame is missing", { $0.tensors = [] }, bulk: { $0 = [] }),
            .init(chunk, "a chunk of a model of u8 [2, 2]; \(expected)", { $0.tensors[0].shape = [2, 2] }),
            .init(
                chunk, "a chunk of a model of f32 [1]; \(expected)",
                {
                    $0.tensors[0].shape = [1]
                    $0.tensors[0].elementType = .f32
                }),
            .init(
                chunk, "a chunk of a model of u8 [0]; \(expected)",
                { $0.tensors[0] = WireTensor(Tensor([] as [UInt8])) },
                bulk: { $0 = [[]] }),
            .init(
                chunk, "a chunk of a model of u8 [1048577]; \(expected)", { $0.tensors[0] = WireTensor(Tensor(large)) },
                bulk: { $0 = [large] }),
        ]
    }()

    /// The text is "aé👍z": characters begin at bytes 0, 1, 3 and 7, and the text ends at byte 8.
    static let controlRanges: [HostileFrames] = {
        let assignment = Protocol.Message.coordinator(.assignment(MessageSamples.lease, MessageSamples.payload))
        let ranges: [([(UInt32, UInt32)], (UInt32, UInt32))] = [
            ([(0, 9)], (0, 9)), ([(8, .max)], (8, .max)), ([(9, 9)], (9, 9)), ([(3, 1)], (3, 1)),
            ([(0, 3), (1, 7)], (1, 7)), ([(3, 7), (0, 1)], (0, 1)),
            ([(2, 3)], (2, 3)), ([(1, 2)], (1, 2)), ([(0, 1), (3, 5)], (3, 5)), ([(6, 8)], (6, 8)), ([(4, 4)], (4, 4)),
        ]
        return ranges.flatMap { ranges, wrong in
            let text = WireText.with {
                $0.text = "aé👍z"
                $0.controlRanges = ranges.map { range in
                    .with {
                        $0.start = range.0
                        $0.end = range.1
                    }
                }
            }
            let problem = "a text of 8 bytes with control range \(wrong.0)..<\(wrong.1)"
            return [
                HostileFrames(assignment, problem, { $0.assignment.payload.items[0].prompt = text }),
                HostileFrames(assignment, problem, { $0.assignment.payload.items[0].responses[1] = text }),
            ]
        }
    }()
}
