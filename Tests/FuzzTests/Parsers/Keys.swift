import Diagnostics
import Transport

extension FuzzedParser {
    /// A coordinator's key file, or a worker's.
    static let keyFile = FuzzedParser(
        "key-file", isText: true, syntax: keySyntax,
        corpus: {
            let own = ["public_key: \(publicKey)", "secret_key: \(secretKey)"]
            return [
                ["# The coordinator's key."] + own, ["name: worker-1"] + own + ["coordinator_key: \(publicKey)"],
                ["secret_key: \(secretKey)"],
            ].map { $0.map { Array($0.utf8) } }
        },
        assemble: joinedLines,
        parse: { input, scratch in
            let path = try scratch.path(holding: input[0])
            let keys: ClientKeys
            do throws(Problem) {
                keys = try KeyFile.client(path)
            } catch {
                try BrokenPromise.unless(!error.description.contains(secretKey), "the secret key is in: \(error)")
                return outcome(error)
            }
            for key in [keys.own.publicKey, keys.coordinator] {
                try BrokenPromise.unless(PublicKey(key.text) == key, "\(key) is no key")
            }
            return .accepted
        })

    /// The public keys of those who may join.
    static let allowedKeys = FuzzedParser(
        "allowed-keys", isText: true, syntax: keySyntax,
        corpus: {
            [["# Names and keys.", "worker-1 \(publicKey)", "", " b.2 \(secretKey) "], ["a \(publicKey)"]].map {
                $0.map { Array($0.utf8) }
            }
        },
        assemble: joinedLines,
        parse: { input, scratch in
            let path = try scratch.path(holding: input[0])
            let list: AllowList
            do throws(Problem) {
                list = try AllowList(path: path)
            } catch {
                return outcome(error)
            }
            for line in String(decoding: input[0], as: UTF8.self).split(whereSeparator: \.isNewline) {
                let words = line.split(whereSeparator: \.isWhitespace)
                guard words.first?.hasPrefix("#") == false, let key = words.last.flatMap({ PublicKey(String($0)) })
                else {
                    continue
                }
                let name = list.name(of: key) ?? ""
                try BrokenPromise.unless(AllowList.isName(name), "\(key) is let in as \"\(name)\"")
            }
            return .accepted
        })

    /// The pair of the ZeroMQ manual.
    private static let publicKey = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
    private static let secretKey = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"

    private static let keySyntax = [
        "name: ", "public_key: ", "secret_key: ", "coordinator_key:", "#", "\n", "\r\n", " ", "\t", "\u{0}", "\u{2028}",
        "\u{A0}", "é", "\u{301}", "#####", "~~~~~", "\u{7F}", publicKey, secretKey,
    ].map { Array($0.utf8) }

    @Sendable private static func joinedLines(_ lines: [[UInt8]], _ random: inout Mutator) -> [[UInt8]] {
        [Array(lines.joined(separator: [0x0A]))]
    }

    private static func outcome(_ error: Problem) -> Outcome {
        error.description.contains("bytes of text") ? .refusedAtOnce : .refused
    }
}
