package import Diagnostics
internal import Foundation

/// The files of keys: a comment, then `name: value` lines. Secret ones have mode 0600, and are refused with any other that
/// lets somebody else read them.
package enum KeyFile {
    /// Makes a coordinator's key file.
    ///
    /// - Throws: `Problem`, also where the file exists.
    package static func create(_ path: String, coordinator keys: KeyPair) throws(Problem) {
        try PrivateFile.create(
            path,
            """
            # The coordinator's key, for cluster.secret_key. Who has it can pose as the coordinator: keep it secret.
            public_key: \(keys.publicKey)
            secret_key: \(keys.secretKey.text)

            """)
    }

    /// Makes a worker's key file: all that a worker needs beside the coordinator's address.
    ///
    /// - Throws: `Problem`, also where the file exists.
    package static func create(_ path: String, worker name: String, _ keys: ClientKeys) throws(Problem) {
        try PrivateFile.create(path, text(ofWorker: name, keys))
    }

    /// Reads a coordinator's key file.
    ///
    /// - Throws: `Problem` where it is damaged, a worker's, or open to others.
    package static func coordinator(_ path: String) throws(Problem) -> KeyPair {
        let content = try read(path)
        guard content.coordinator == nil else {
            throw Problem(keyFile: path, "it is a worker's key file; expected the coordinator's")
        }
        return content.own
    }

    /// Reads the key file of whoever connects to a coordinator: a worker's, or the coordinator's own.
    ///
    /// - Parameter path: `-` for standard input, up to an empty line.
    /// - Throws: `Problem` where it is damaged, or open to others.
    package static func client(_ path: String) throws(Problem) -> ClientKeys {
        let content = path == "-" ? try parse(standardInput(), "standard input") : try read(path)
        return ClientKeys(own: content.own, coordinator: content.coordinator ?? content.own.publicKey)
    }

    /// The content of a worker's key file. On a standard input an empty line follows it.
    package static func text(ofWorker name: String, _ keys: ClientKeys) -> String {
        """
        # A worker's key, for legend-worker --key. Who has it can join the cluster and read its data: keep it secret.
        name: \(name)
        public_key: \(keys.own.publicKey)
        secret_key: \(keys.own.secretKey.text)
        coordinator_key: \(keys.coordinator)

        """
    }

    private static let names = ["name", "public_key", "secret_key", "coordinator_key"]

    /// Not a byte more than that: what comes behind it is for others.
    private static func standardInput() -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < 4096, bytes.suffix(2) != [0x0A, 0x0A], Foundation.read(STDIN_FILENO, &byte, 1) == 1 {
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func read(_ path: String) throws(Problem) -> (own: KeyPair, coordinator: PublicKey?) {
        try parse(PrivateFile.read(path, .secret), path)
    }

    private static func parse(
        _ text: String, _ path: String
    ) throws(Problem) -> (own: KeyPair, coordinator: PublicKey?) {
        var values: [String: (text: String, line: Int)] = [:]
        let lines = text.split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
            // The line itself may be a secret.
            guard let match = line.wholeMatch(of: #/([a-z_]+): *(\S+)\s*/#), names.contains(String(match.1)),
                values[String(match.1)] == nil
            else {
                throw Problem(
                    keyFile: "\(path):\(index + 1)",
                    "expected each of \(names.joined(separator: ", ")) once at most, as \"name: value\"")
            }
            values[String(match.1)] = (String(match.2), index + 1)
        }
        func key<Key>(_ name: String, _ make: (String) -> Key?) throws(Problem) -> Key? {
            guard let value = values[name] else { return nil }
            guard let key = make(value.text) else {
                throw Problem(
                    keyFile: "\(path):\(value.line)",
                    "\(name): expected 40 characters of Z85, found \(value.text.count) characters")
            }
            return key
        }
        guard let secretKey = try key("secret_key", SecretKey.init) else {
            throw Problem(keyFile: path, "expected a key file of `legend-coordinator keygen`, found no secret_key")
        }
        let own = KeyPair(secretKey)
        if let publicKey = try key("public_key", PublicKey.init), publicKey != own.publicKey {
            throw Problem(keyFile: path, "it is damaged: public_key does not belong to secret_key")
        }
        return (own, try key("coordinator_key", PublicKey.init))
    }
}
