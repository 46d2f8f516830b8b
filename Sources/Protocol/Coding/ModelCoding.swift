// What is said of the model's files, to and from its generated wire types.

internal import Digest
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
            guard wire.bytes == 0, wire.workersAhead == 0, wire.parts.isEmpty else {
                throw ProtocolError("an offer of \(wire.bytes) bytes without a digest")
            }
            self = .notOffered(reason: wire.reason)
            return
        }
        self = .offer(try ModelOffer(wire), workersAhead: Int(wire.workersAhead))
    }
}

extension ModelOffer {
    init(_ wire: WireModelOffer) throws {
        guard (1...Self.byteCountMax).contains(wire.bytes), wire.reason.isEmpty else {
            throw ProtocolError("an offer of \(wire.bytes) bytes; 1 to \(Self.byteCountMax) are expected")
        }
        let digest = try checkedModelDigest(wire.digest)
        guard !wire.parts.isEmpty else {
            self.init(digest: digest, byteCount: wire.bytes)
            return
        }
        let manifest: FileManifest
        do throws(FileManifestError) {
            manifest = try FileManifest(wire.parts.map { .init(name: $0.name, byteCount: $0.bytes) })
        } catch {
            throw ProtocolError("an offer of a model: \(error)")
        }
        guard manifest.byteCount == wire.bytes else {
            throw ProtocolError("an offer of \(wire.bytes) bytes; its files have \(manifest.byteCount)")
        }
        self.init(digest: digest, manifest: manifest)
    }

    func wire(workersAhead: Int) -> WireModelOffer {
        .with {
            $0.digest = digest
            $0.bytes = byteCount
            $0.workersAhead = UInt32(workersAhead)
            $0.parts = (manifest?.files ?? []).map { file in
                .with {
                    $0.name = file.name
                    $0.bytes = file.byteCount
                }
            }
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
