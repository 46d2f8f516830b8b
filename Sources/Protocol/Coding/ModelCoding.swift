// What is said of the model file, to and from its generated wire types.

internal import SwiftProtobuf

extension ModelMessage {
    init(_ wire: WireModelChunkRequest) throws {
        guard !wire.digest.isEmpty else {
            guard wire.chunk == 0 else { throw ProtocolError("a request for chunk \(wire.chunk) of no model") }
            self = .offerRequest
            return
        }
        let chunk = try checkedChunk(wire.chunk)
        self = .chunkRequest(digest: try checkedModelDigest(wire.digest), chunk: chunk)
    }

    init(_ wire: WireModelOffer) throws {
        guard !wire.digest.isEmpty else {
            guard wire.bytes == 0, wire.workersAhead == 0 else {
                throw ProtocolError("an offer of \(wire.bytes) bytes without a digest")
            }
            self = .notOffered(reason: wire.reason)
            return
        }
        guard (1...ModelOffer.byteCountMax).contains(wire.bytes), wire.reason.isEmpty else {
            throw ProtocolError("an offer of \(wire.bytes) bytes; 1 to \(ModelOffer.byteCountMax) are expected")
        }
        let offer = ModelOffer(digest: try checkedModelDigest(wire.digest), byteCount: wire.bytes)
        self = .offer(offer, workersAhead: Int(wire.workersAhead))
    }
}

extension ModelOffer {
    func wire(workersAhead: Int) -> WireModelOffer {
        .with {
            $0.digest = digest
            $0.bytes = byteCount
            $0.workersAhead = UInt32(workersAhead)
        }
    }
}

extension ModelChunk {
    init(_ wire: WireModelChunk, _ bytes: Tensor) throws {
        guard bytes.elementType == .u8, bytes.shape.count == 1,
            (1...Int(ModelOffer.chunkBytes)).contains(bytes.shape[0])
        else {
            throw ProtocolError(
                """
                a chunk of a model of \(bytes.elementType) \(bytes.shape); u8 [bytes], at most \
                \(ModelOffer.chunkBytes), are expected
                """)
        }
        self.init(
            digest: try checkedModelDigest(wire.digest), index: try checkedChunk(wire.chunk), bytes: bytes.bytes)
    }
}

private func checkedChunk(_ index: UInt64) throws -> UInt64 {
    guard index < ModelOffer.byteCountMax / ModelOffer.chunkBytes else {
        throw ProtocolError("chunk \(index) of a model: expected a smaller number")
    }
    return index
}

func checkedModelDigest(_ digest: String) throws -> String {
    guard LoadedModel.isDigest(digest) else {
        throw ProtocolError("a model's digest that is not 64 lower-case hexadecimal digits")
    }
    return digest
}
