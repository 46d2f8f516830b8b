internal import Diagnostics
internal import Digest
internal import FileSystem
internal import Foundation
internal import ModelFiles
internal import Protocol

/// The model on the coordinator's machine and its digest. Kept in the ledger, so that large files are not read again at
/// every start.
struct ServedModel: Hashable, Sendable {
    let parts: ModelParts

    /// SHA-256 in lower-case hexadecimal.
    let digest: String

    /// Reads the files to their ends.
    ///
    /// - Throws: `FileError`; `ModelFileError`; `Problem` where one changed meanwhile.
    init(_ parts: ModelParts) throws {
        self.parts = parts
        digest = try parts.digest()
    }

    /// What the ledger has of it.
    private struct Record: Codable {
        var files: [FileIdentity]
        var digest: String
    }

    /// nil where a file has changed since, or others belong to the model.
    init?(serialized bytes: [UInt8], ifStill parts: ModelParts) {
        guard let record = try? JSONDecoder().decode(Record.self, from: Data(bytes)), record.files == parts.files,
            LoadedModel.isDigest(record.digest)
        else { return nil }
        self.parts = parts
        digest = record.digest
    }

    func serialized() -> [UInt8] {
        guard let data = try? JSONEncoder().encode(Record(files: parts.files, digest: digest)) else {
            preconditionFailure("strings and integers have JSON")
        }
        return [UInt8](data)
    }
}

/// The open files of a model, of which any thread may read parts.
final class OpenModel: Sendable {
    /// One of them; a class, for an array of them.
    private final class OpenPart: Sendable {
        private let content: OpenFile
        private let identity: FileIdentity

        init(_ identity: FileIdentity) throws {
            content = try OpenFile(identity.path, .reading)
            self.identity = identity
            try checkUnchanged()
        }

        func read(_ range: Range<UInt64>) throws -> [UInt8] {
            let bytes = try content.read(range.count, at: Int(range.lowerBound))
            try checkUnchanged()
            return bytes
        }

        private func checkUnchanged() throws {
            let path = identity.path
            guard FileIdentity(try content.status(), path: path) == identity else {
                throw Problem("\(path) was changed; start the coordinator again to offer the model as it is now")
            }
        }
    }

    let offer: ModelOffer
    private let parts: [OpenPart]

    /// - Throws: `Problem` where a file is not the one any more whose digest is known; `FileError` where one cannot be
    ///   read.
    init(_ model: ServedModel) throws {
        if let manifest = model.parts.manifest {
            offer = ModelOffer(digest: model.digest, manifest: manifest)
        } else {
            guard (1...ModelOffer.byteCountMax).contains(model.parts.byteCount) else {
                throw Problem("\(model.parts.path) is empty")
            }
            offer = ModelOffer(digest: model.digest, byteCount: model.parts.byteCount)
        }
        parts = try model.parts.files.map(OpenPart.init)
    }

    /// - Throws: `Problem`, `FileError`.
    func chunk(_ index: UInt64) throws -> ModelChunk {
        guard let place = offer.bytes(ofChunk: index) else { preconditionFailure("chunk \(index) is not in the model") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(place.count)
        for piece in offer.pieces(of: place) { bytes += try parts[piece.file].read(piece.bytes) }
        return ModelChunk(digest: offer.digest, index: index, bytes: bytes)
    }
}
