import JobConfiguration
import Protocol
import Testing

/// What each key takes, and what it refuses.
@Suite struct ConfigurationValueTests {
    struct Key: Sendable {
        var section: String
        var name: String
        var others: [String] = []

        func problems(_ value: String) throws -> [String] {
            try ConfigurationFixtures.problems(ConfigurationFixtures.yaml(section, ["\(name): \(value)"] + others))
        }
    }

    @Test(arguments: [
        (Key(section: "dataset", name: "max_row_mib"), 1, 128, ""),
        (Key(section: "model", name: "max_tokens"), 0, 1_000_000, ""),
        (Key(section: "embedding", name: "layer"), -1000, 1000, "auto or "),
        (Key(section: "direction", name: "rows"), 10, 10_000, ""),
        (Key(section: "cluster", name: "local_workers"), 0, 1024, "auto or "),
        (Key(section: "cluster", name: "lanes"), 1, 1024, "auto or "),
        (Key(section: "cluster", name: "unit_tokens"), 1, 10_000_000, ""),
        (Key(section: "cluster", name: "attempts"), 1, 100, ""),
    ])
    func aWholeNumberKeepsToItsRange(_ key: Key, _ least: Int, _ greatest: Int, _ word: String) throws {
        #expect(try key.problems("\(least)").isEmpty)
        #expect(try key.problems("\(greatest)").isEmpty)
        for value in ["\(least - 1)", "\(greatest + 1)", "1.5", "99999999999999999999", "one", "''"] {
            let problems = try key.problems(value)
            #expect(problems.count == 1, "\(value)")
            let found = value == "''" ? "" : value
            let expected =
                "\(key.section).\(key.name): expected \(word)a whole number from \(least) to \(greatest), found \"\(found)\""
            #expect(problems.first?.hasSuffix(expected) == true, "\(problems)")
        }
    }

    @Test(arguments: [
        (Key(section: "cluster", name: "heartbeat_seconds", others: ["silence_seconds: 86400"]), 0.05, 3600),
        (Key(section: "cluster", name: "silence_seconds", others: ["heartbeat_seconds: 0.05"]), 0.1, 86_400),
        (Key(section: "cluster", name: "stall_seconds"), 0.1, 86_400),
    ])
    func aNumberOfSecondsKeepsToItsRange(_ key: Key, _ least: Double, _ greatest: Double) throws {
        #expect(try key.problems("\(least)").isEmpty)
        #expect(try key.problems("\(greatest)").isEmpty)
        for value in ["\(least * 0.99)", "\(greatest + 1)", "-1", ".nan", ".inf", "soon"] {
            let problems = try key.problems(value)
            #expect(problems.count == 1, "\(value)")
            let expected = "\(key.name): expected a number from \(least) to \(greatest), found \"\(value)\""
            #expect(problems.first?.hasSuffix(expected) == true, "\(problems)")
        }
    }

    @Test(arguments: [
        (Key(section: "dataset", name: "format"), ["auto", "preference", "hh"]),
        (Key(section: "dataset", name: "existing_columns"), ["refuse", "rename", "replace"]),
        (Key(section: "anchors", name: "format"), ["auto", "harmful", "hh"]),
        (Key(section: "model", name: "truncation"), ["error", "keep-end", "keep-start"]),
        (Key(section: "model", name: "precision"), ["auto", "f32", "bf16", "int8"]),
        (Key(section: "model", name: "backend"), ["auto", "native", "onednn", "blas"]),
        (Key(section: "embedding", name: "token"), ["auto", "last", "mean", "mean-response"]),
        (
            Key(section: "direction", name: "estimator"),
            ["auto", "mean-difference", "pca", "ridge", "logistic", "lda", "ensemble"]
        ),
        (Key(section: "margin", name: "unit"), ["log-odds", "raw", "standard"]),
        (Key(section: "margin", name: "calibration"), ["auto", "platt", "isotonic"]),
        (Key(section: "margin", name: "negative"), ["keep", "clip", "flag", "drop", "flip"]),
        (Key(section: "embedding", name: "compat"), ["none", "legend"]),
    ])
    func aChoiceIsOneOfItsWords(_ key: Key, _ choices: [String]) throws {
        // An ensemble is of several sources.
        for choice in choices where choice != "ensemble" { #expect(try key.problems(choice).isEmpty, "\(choice)") }
        for other in ["other", choices[0].uppercased(), "1"] {
            let problems = try key.problems(other)
            #expect(problems.count == 1, "\(other)")
            let expected =
                "\(key.section).\(key.name): expected one of \(choices.joined(separator: ", ")), found \"\(other)\""
            #expect(problems.first?.hasSuffix(expected) == true, "\(problems)")
        }
    }

    @Test(arguments: [
        Key(section: "model", name: "serve"), Key(section: "cluster", name: "insecure"),
        Key(section: "cluster", name: "mixed_numerics"),
        Key(section: "embedding", name: "keep_embeddings", others: ["layer: -1", "token: last"]),
    ])
    func aSwitchIsTrueOrFalse(_ key: Key) throws {
        for value in ["true", "false"] { #expect(try key.problems(value).isEmpty) }
        for value in ["1", "maybe", "[true]"] {
            #expect(
                try key.problems(value).first?.contains("\(key.name): expected true or false, found ") == true,
                "\(value)")
        }
    }

    @Test func aListHasElementsOfItsKind() throws {
        let layers = Key(
            section: "embedding", name: "keep_layers", others: ["layer: -1", "token: last", "keep_embeddings: true"])
        let tokens = Key(
            section: "embedding", name: "keep_tokens", others: ["layer: -1", "token: last", "keep_embeddings: true"])
        #expect(try layers.problems("[0, -1, 1000]").isEmpty && layers.problems("[]").isEmpty)
        #expect(try tokens.problems("[last, mean, mean-response]").isEmpty)
        for (value, found) in [("3", "\"3\""), ("[1, x]", "\"x\""), ("[1001]", "\"1001\""), ("[[1]]", "a list")] {
            let expected = "keep_layers: expected a list of whole numbers from -1000 to 1000, found \(found)"
            #expect(try layers.problems(value).first?.hasSuffix(expected) == true, "\(value)")
        }
        for (value, found) in [("last", "\"last\""), ("[last, first]", "\"first\"")] {
            let expected = "keep_tokens: expected a list of last, mean, mean-response, found \(found)"
            #expect(try tokens.problems(value).first?.hasSuffix(expected) == true, "\(value)")
        }
    }

    @Test func aDigestIsWrittenInLowerCaseHexadecimal() throws {
        let key = Key(section: "model", name: "sha256")
        let digest = String(repeating: "0f", count: 32)
        #expect(try key.problems(digest).isEmpty)
        for wrong in [digest.uppercased(), String(digest.dropLast()), digest + "0", "x" + digest.dropFirst()] {
            let problems = try key.problems("\"\(wrong)\"")
            #expect(problems == [":6:11: model.sha256: expected 64 lower-case hexadecimal digits, found \"\(wrong)\""])
        }
    }

    @Test(arguments: [
        "tcp://127.0.0.1:5711", "tcp://127.0.0.1:*", "tcp://127.255.0.9:1", "tcp://localhost:5711", "tcp://[::1]:5711",
    ])
    func anAddressOfThisMachineAloneNeedsNoMoreWords(_ address: String) throws {
        #expect(try Key(section: "cluster", name: "listen").problems(address).isEmpty)
    }

    @Test(arguments: [
        "tcp://0.0.0.0:5711", "tcp://*:5711", "tcp://[::]:5711", "tcp://192.168.1.5:*", "tcp://machine-7:5711",
        "tcp://localhost.example.org:5711", "tcp://127.example.org:5711", "tcp://127.0.0.1.example.org:5711",
        "tcp://[::1].example.org:5711", "tcp://eth0:5711", "tcp://127.0.0.1:5711:0.0.0.0:5711",
    ])
    func anAddressThatOthersReachIsRefusedUnlessTheFileSaysSo(_ address: String) throws {
        let problems = try Key(section: "cluster", name: "listen").problems("'\(address)'")
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix(": cluster.listen is \(address): anybody who reaches this address") == true)
        #expect(problems.first?.contains("legend-coordinator keygen") == true)
        #expect(problems.first?.contains("cluster.insecure: true") == true)
        #expect(
            try Key(section: "cluster", name: "listen", others: ["insecure: true"]).problems("'\(address)'").isEmpty)
    }

    @Test(arguments: [
        "127.0.0.1:5711", "tcp://127.0.0.1", "tcp://:5711", "tcp://127.0.0.1:port", "ipc:///tmp/x", "5711",
    ])
    func whatIsNoAddressIsRefused(_ address: String) throws {
        #expect(
            try Key(section: "cluster", name: "listen").problems("'\(address)'") == [
                ":8:11: cluster.listen: expected tcp://HOST:PORT, found \"\(address)\""
            ])
    }
}
