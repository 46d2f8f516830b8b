internal import CCrypto
package import FileSystem
package import Foundation

/// A SHA-256 digest (FIPS 180-4), computed by OpenSSL's libcrypto.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    package let bytes: [UInt8]

    /// Lower-case hexadecimal, as `sha256sum` prints it.
    package var description: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// The first 64 bits, big-endian: enough to tell some millions of texts apart.
    package var prefix: UInt64 { bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    package init(of bytes: some ContiguousBytes) {
        var hash = SHA256Accumulator()
        bytes.withUnsafeBytes { hash.update($0) }
        self = hash.finish()
    }

    /// Reads the file once, front to back, in constant memory.
    ///
    /// - Throws: `FileError` with the system's reason.
    package init(ofFile path: String) throws(FileError) {
        var hash = SHA256Accumulator()
        _ = try hash.update(contentsOf: path)
        self = hash.finish()
    }

    /// Of the manifest's header, and of the files behind it, each read once, in constant memory.
    ///
    /// - Parameter paths: where its files are, in its order.
    /// - Throws: `FileError`, also where a file has another size.
    package init(of manifest: FileManifest, at paths: [String]) throws(FileError) {
        precondition(paths.count == manifest.files.count, "\(paths.count) paths of \(manifest.files.count) files")
        var hash = SHA256Accumulator()
        manifest.header.withUnsafeBytes { hash.update($0) }
        for (file, path) in zip(manifest.files, paths) {
            let found = try hash.update(contentsOf: path)
            guard found == file.byteCount else {
                throw FileError(path: path, problem: "expected \(file.byteCount) bytes, found \(found)")
            }
        }
        self = hash.finish()
    }

    fileprivate init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// Owns libcrypto's hash state.
private struct SHA256Accumulator: ~Copyable {
    private let context: OpaquePointer

    init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("libcrypto offers no SHA-256")
        }
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1)
    }

    /// - Returns: how many bytes the file has.
    mutating func update(contentsOf path: String) throws(FileError) -> UInt64 {
        let file = try OpenFile(path, .reading)
        var count: UInt64 = 0
        while true {
            let bytes = try file.read(atMost: 1 << 20)
            guard !bytes.isEmpty else { return count }
            bytes.withUnsafeBytes { update($0) }
            count += UInt64(bytes.count)
        }
    }

    consuming func finish() -> SHA256Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        precondition(EVP_DigestFinal_ex(context, &bytes, nil) == 1)
        return SHA256Digest(bytes: bytes)
    }
}
