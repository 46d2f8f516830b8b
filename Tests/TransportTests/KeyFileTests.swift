import Foundation
import Testing

@testable import Transport

@Suite struct KeyFileTests {
    private let folder: TemporaryFolder
    private let coordinator = KeyPair()
    private let worker = KeyPair()

    init() throws {
        folder = try TemporaryFolder()
    }

    private var clientKeys: ClientKeys { ClientKeys(own: worker, coordinator: coordinator.publicKey) }

    private func problem(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing"
        } catch {
            return "\(error)"
        }
    }

    @Test func pairsDifferAndEachSecretHasItsPublicKey() throws {
        #expect(coordinator.publicKey != worker.publicKey)
        #expect(KeyPair(worker.secretKey).publicKey == worker.publicKey)
        #expect(PublicKey(worker.publicKey.text) == worker.publicKey)
    }

    /// RFC 32's own example of 8 bytes is "HelloWorld".
    @Test(arguments: ["", "HelloWorld", String(repeating: "~", count: 40), String(repeating: "é", count: 20)])
    func whatIsNoKeyIsNone(_ text: String) {
        #expect(PublicKey(text) == nil)
        #expect(SecretKey(text) == nil)
    }

    @Test func bytesAndTextAreOneKey() throws {
        let bytes = [UInt8](repeating: 0, count: 32)
        #expect(PublicKey(bytes: bytes)?.text == String(repeating: "0", count: 40))
        #expect(PublicKey(bytes: bytes.dropLast()) == nil)
    }

    @Test func aSecretKeyIsNotPrinted() {
        #expect(!"\(worker)".contains(worker.secretKey.text))
        #expect(!"\(worker.secretKey)".contains(worker.secretKey.text))
    }

    /// Some file systems say of every file that it has no bytes.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/limits")))
    func aFileIsReadToItsEndWhateverItsSizeIsSaidToBe() throws {
        let text = try PrivateFile.read("/proc/self/limits", .readable)
        #expect(text.hasPrefix("Limit") && text.contains("Max realtime timeout"))
    }

    @Test func whatIsWrittenIsRead() throws {
        try KeyFile.create(folder.path("c.key"), coordinator: coordinator)
        try KeyFile.create(folder.path("w.key"), worker: "w", clientKeys)
        let read = try KeyFile.coordinator(folder.path("c.key"))
        #expect(read.publicKey == coordinator.publicKey && read.secretKey.text == coordinator.secretKey.text)
        let client = try KeyFile.client(folder.path("w.key"))
        #expect(client.own.publicKey == worker.publicKey && client.own.secretKey.text == worker.secretKey.text)
        #expect(client.coordinator == coordinator.publicKey)
        // Who has the coordinator's own key may watch with it.
        #expect(try KeyFile.client(folder.path("c.key")).coordinator == coordinator.publicKey)
        for name in ["c.key", "w.key"] { #expect(try folder.mode(of: name) == 0o600) }
    }

    @Test func nothingIsOverwritten() throws {
        try KeyFile.create(folder.path("w.key"), worker: "w", clientKeys)
        let first = try folder.text("w.key")
        let other = ClientKeys(own: KeyPair(), coordinator: coordinator.publicKey)
        #expect(problem { try KeyFile.create(folder.path("w.key"), worker: "w", other) }.contains("not overwritten"))
        #expect(try folder.text("w.key") == first)
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o601])
    func aKeyFileThatOthersCanUseIsRefused(_ mode: Int) throws {
        try KeyFile.create(folder.path("w.key"), worker: "w", clientKeys)
        try folder.setMode(mode, of: "w.key")
        let message = problem { _ = try KeyFile.client(folder.path("w.key")) }
        #expect(message.contains("chmod 600 \(folder.path("w.key"))"), "\(message)")
        #expect(message.contains("mode 0\(String(mode, radix: 8))"), "\(message)")
    }

    @Test func aKeyFileOfAnotherUserIsRefused() throws {
        // Only root can give a file away.
        guard geteuid() == 0 else { return }
        try KeyFile.create(folder.path("w.key"), worker: "w", clientKeys)
        #expect(chown(folder.path("w.key"), 12_345, 0) == 0)
        let message = problem { _ = try KeyFile.client(folder.path("w.key")) }
        #expect(message.contains("it belongs to user 12345"), "\(message)")
    }

    @Test func whatIsNoKeyFileIsRefusedWithWhatIsExpected() throws {
        let secret = worker.secretKey.text
        let damaged: [(String, String)] = [
            ("", "found no secret_key"),
            ("# only a comment\n", "found no secret_key"),
            ("public_key: \(worker.publicKey)\n", "found no secret_key"),
            (
                "secret_key: \(secret.dropLast())\n",
                ":1: secret_key: expected 40 characters of Z85, found 39 characters"
            ),
            ("\nsecret_key: \(secret)\nsecret_key: \(secret)\n", ":3: expected each of"),
            ("secret_key \(secret)\n", ":1: expected each of"),
            ("secret_key: \(secret)\nport: 5\n", ":2: expected each of"),
            (
                "secret_key: \(secret)\npublic_key: \(coordinator.publicKey)\n",
                "public_key does not belong to secret_key"
            ),
            ("secret_key: \(secret)\ncoordinator_key: none\n", ":2: coordinator_key: expected 40 characters"),
        ]
        for (text, expected) in damaged {
            try folder.write(text, to: "w.key")
            let message = problem { _ = try KeyFile.client(folder.path("w.key")) }
            #expect(message.contains(expected), "\(message)")
            #expect(!message.contains(secret.dropLast()), "the message tells the secret")
        }
        try Data([0xFF, 0xFE, 0x00]).write(to: URL(filePath: folder.path("w.key")))
        #expect(problem { _ = try KeyFile.client(folder.path("w.key")) }.contains("expected a text file"))
        #expect(problem { _ = try KeyFile.client(folder.path("none.key")) }.contains("No such file"))
        #expect(problem { _ = try KeyFile.client(folder.path("")) }.contains("expected a file"))
    }

    @Test func editorsMayChangeLineEnds() throws {
        try KeyFile.create(folder.path("w.key"), worker: "w", clientKeys)
        try folder.write(folder.text("w.key").replacing("\n", with: "\r\n"), to: "w.key")
        #expect(try KeyFile.client(folder.path("w.key")).own.publicKey == worker.publicKey)
    }

    @Test func aWorkersKeyIsNoCoordinatorsKey() throws {
        try KeyFile.create(folder.path("w.key"), worker: "w", clientKeys)
        #expect(problem { _ = try KeyFile.coordinator(folder.path("w.key")) }.contains("it is a worker's key file"))
    }
}
