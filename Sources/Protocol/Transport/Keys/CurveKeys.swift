internal import CZeroMQ

/// A CURVE public key: it names who holds the secret one.
package struct PublicKey: Hashable, Sendable, CustomStringConvertible {
    /// 40 characters of Z85.
    package let text: String

    /// nil where the text is not Z85 of 32 bytes.
    package init?(_ text: String) {
        guard Z85.isKey(text) else { return nil }
        self.text = text
    }

    /// nil where there are not 32 bytes.
    init?(bytes: [UInt8]) {
        guard bytes.count == Z85.keyBytes else { return nil }
        self.text = Z85.text { zmq_z85_encode($0, bytes, bytes.count) != nil }
    }

    package var description: String { text }
}

/// A CURVE secret key. It is never printed.
package struct SecretKey: Sendable, CustomStringConvertible {
    /// 40 characters of Z85.
    let text: String

    init?(_ text: String) {
        guard Z85.isKey(text) else { return nil }
        self.text = text
    }

    package var description: String { "a secret key" }
}

/// What a coordinator or a worker proves itself with.
package struct KeyPair: Sendable {
    package let publicKey: PublicKey
    package let secretKey: SecretKey

    /// A new pair.
    package init() {
        var secret = ""
        let text = Z85.text { publicBuffer in
            secret = Z85.text { zmq_curve_keypair(publicBuffer, $0) == 0 }
            return true
        }
        guard let publicKey = PublicKey(text), let secretKey = SecretKey(secret) else {
            preconditionFailure("libzmq made no key pair: it was built without CURVE")
        }
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// The pair of a secret key.
    init(_ secretKey: SecretKey) {
        let text = Z85.text { zmq_curve_public($0, secretKey.text) == 0 }
        guard let publicKey = PublicKey(text) else {
            preconditionFailure("libzmq derives no public key: it was built without CURVE")
        }
        self.publicKey = publicKey
        self.secretKey = secretKey
    }
}

/// What a worker, or somebody who watches, needs to talk with a coordinator that asks for keys.
package struct ClientKeys: Sendable {
    package let own: KeyPair

    /// The coordinator's: nobody else can pose as it.
    package let coordinator: PublicKey

    package init(own: KeyPair, coordinator: PublicKey) {
        self.own = own
        self.coordinator = coordinator
    }
}

/// What a coordinator needs to let in those that it knows, and nobody else.
package struct AccessControl: Sendable {
    package let keys: KeyPair
    package let allowed: AllowList

    package init(keys: KeyPair, allowed: AllowList) {
        self.keys = keys
        self.allowed = allowed
    }
}

/// ZeroMQ's text form of bytes (RFC 32): five printable characters for four bytes.
enum Z85 {
    static let keyBytes = 32
    static let keyCharacters = 40

    static func isKey(_ text: String) -> Bool {
        guard text.utf8.count == keyCharacters, !text.utf8.contains(0) else { return false }
        var bytes = [UInt8](repeating: 0, count: keyBytes)
        return zmq_z85_decode(&bytes, text) != nil
    }

    /// The text that `write` puts into a buffer with room for a key and a final zero; empty where it fails.
    fileprivate static func text(_ write: (UnsafeMutablePointer<CChar>) -> Bool) -> String {
        var buffer = [CChar](repeating: 0, count: keyCharacters + 1)
        guard buffer.withUnsafeMutableBufferPointer({ write($0.baseAddress!) }) else { return "" }
        return String(decoding: buffer.prefix(keyCharacters).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
