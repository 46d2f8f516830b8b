internal import Diagnostics
internal import Digest
internal import FileSystem
internal import Foundation
internal import Protocol

/// The model file on the coordinator's machine and its digest. Kept in the ledger, so that a large file is not read again
/// at every start.
struct ModelFile: Codable, Hashable, Sendable {
    let identity: FileIdentity

    /// SHA-256 in lower-case hexadecimal.
    let digest: String

    /// Reads the file to its end.
    ///
    /// - Throws: `FileError`; `Problem` where it changed meanwhile.
    init(_ identity: FileIdentity) throws {
        self.identity = identity
        digest = try SHA256Digest(ofFile: identity.path).description
        guard FileIdentity(path: identity.path) == identity else {
            throw Problem("\(identity.path) changed while it was read")
        }
    }

    /// nil where the file has changed since.
    init?(serialized bytes: [UInt8], ifStill identity: FileIdentity) {
        guard let file = try? JSONDecoder().decode(Self.self, from: Data(bytes)), file.identity == identity else {
            return nil
        }
        self = file
    }

    func serialized() -> [UInt8] {
        guard let data = try? JSONEncoder().encode(self) else { preconditionFailure("strings and integers have JSON") }
        return [UInt8](data)
    }
}

/// An open model file, of which any thread may read parts.
final class OpenModelFile: Sendable {
    let offer: ModelOffer
    private let file: ModelFile
    private let content: OpenFile

    /// - Throws: `Problem` where it is not the file any more whose digest is known; `FileError` where it cannot be
    ///   read.
    init(_ file: ModelFile) throws {
        let path = file.identity.path
        guard (1...ModelOffer.byteCountMax).contains(file.identity.byteCount) else {
            throw Problem("\(path) is empty")
        }
        content = try OpenFile(path, .reading)
        self.file = file
        offer = ModelOffer(digest: file.digest, byteCount: file.identity.byteCount)
        try checkUnchanged()
    }

    private func checkUnchanged() throws {
        let path = file.identity.path
        guard FileIdentity(try content.status(), path: path) == file.identity else {
            throw Problem("\(path) was changed; start the coordinator again to offer the file as it is now")
        }
    }

    /// - Throws: `Problem`, `FileError`.
    func chunk(_ index: UInt64) throws -> ModelChunk {
        guard let place = offer.bytes(ofChunk: index) else { preconditionFailure("chunk \(index) is not in the file") }
        let bytes = try content.read(place.count, at: Int(place.lowerBound))
        try checkUnchanged()
        return ModelChunk(digest: offer.digest, index: index, bytes: bytes)
    }
}
