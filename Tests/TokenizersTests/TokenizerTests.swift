import Foundation
import GGUFFixtures
import ModelFiles
import SeededRandom
import Testing
import Tokenizers

/// Byte-pair encoding with vocabularies small enough to be checked by hand.
struct TokenizerTests {
    static func tokenizer(_ vocabulary: TokenizerVocabulary) throws -> Tokenizer {
        try Tokenizer(gguf: GGUFFile(bytes: GGUFBuilder(vocabulary: vocabulary).build()))
    }

    private func ids(
        _ tokenizer: Tokenizer, _ text: String, _ scope: ControlTokenScope = .none, addBOS: Bool = false
    ) -> [Int32] {
        tokenizer.encode(Array(text.utf8), controlTokens: scope, addBOS: addBOS).map(\.id)
    }

    // MARK: Merging

    @Test func mergesApplyInTheOrderOfTheirRanksAndFromTheLeft() throws {
        let tokenizer = try Self.tokenizer(.init(merges: [("b", "c"), ("a", "b"), ("a", "a"), ("aa", "bc")]))
        let (b, bc, ab, aa, aabc) = (Int32(UInt8(ascii: "b")), Int32(256), Int32(257), Int32(258), Int32(259))
        #expect(ids(tokenizer, "abc") == [97, bc])
        #expect(ids(tokenizer, "abb") == [ab, b])
        #expect(ids(tokenizer, "aaa") == [aa, 97])
        #expect(ids(tokenizer, "aabc") == [aabc])
        #expect(ids(tokenizer, "aaab") == [aa, ab])
        #expect(ids(tokenizer, "").isEmpty)
    }

    @Test func mergesNeverCrossWords() throws {
        let tokenizer = try Self.tokenizer(.init(merges: [("a", "a")]))
        #expect(ids(tokenizer, "a a") == [97, 32, 97])
        #expect(ids(tokenizer, "aa aa") == [256, 32, 256])
    }

    /// Against the definition: again and again, of all neighbours that can merge, the leftmost of the lowest rank.
    @Test(arguments: 0..<20) func everyWordIsEncodedAsByTheDefinition(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var merges: [(String, String)] = []
        var tokens = ["a", "b", "c"]
        while merges.count < 40 {
            let pair = (tokens.randomElement(using: &random) ?? "a", tokens.randomElement(using: &random) ?? "a")
            guard !tokens.contains(pair.0 + pair.1) else { continue }
            merges.append(pair)
            tokens.append(pair.0 + pair.1)
        }
        let tokenizer = try Self.tokenizer(.init(merges: merges))
        for _ in 0..<200 {
            let count = Int.random(in: 0...60, using: &random)
            let word = String((0..<count).map { _ in "abc".randomElement(using: &random) ?? "a" })
            var symbols = word.map(String.init)
            while let (rank, place) = Self.nextMerge(symbols, merges) {
                symbols.replaceSubrange(place...(place + 1), with: [merges[rank].0 + merges[rank].1])
            }
            let found = ids(tokenizer, word).map { String(decoding: tokenizer.bytes(of: $0), as: UTF8.self) }
            #expect(found == symbols, "seed \(seed): \(word)")
        }
    }

    private static func nextMerge(_ symbols: [String], _ merges: [(String, String)]) -> (rank: Int, place: Int)? {
        for (rank, merge) in merges.enumerated() {
            for place in symbols.indices.dropLast() where (symbols[place], symbols[place + 1]) == merge {
                return (rank, place)
            }
        }
        return nil
    }

    @Test func aMegabyteWithoutSpacesIsEncodedInReasonableTime() throws {
        let tokenizer = try Self.tokenizer(.init(merges: [("a", "a"), ("aa", "aa"), ("aaaa", "aaaa")]))
        let word = [UInt8](repeating: 97, count: 1 << 20)
        let start = Self.threadSeconds()
        let tokens = tokenizer.encode(word, controlTokens: .everywhere, addBOS: false)
        let time = Self.threadSeconds() - start
        print("a word of 1 MiB: \(time) s")
        #expect(tokens.map(\.id) == [Int32](repeating: 258, count: 1 << 17))
        // Quadratic time would be hours.
        #expect(time < 20)
    }

    /// The processor's time of this thread: the machine may be busy.
    private static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    @Test func onlyLlamaTakesATokenThatMergesDontReach() throws {
        // "abc" would need ("ab", "c"), but ("b", "c") comes first.
        var vocabulary = TokenizerVocabulary(merges: [("b", "c"), ("a", "b"), ("ab", "c")])
        #expect(try ids(Self.tokenizer(vocabulary), "abc") == [97, 256])
        vocabulary.preTokenizer = "llama-bpe"
        #expect(try ids(Self.tokenizer(vocabulary), "abc") == [258])
    }

    // MARK: Bytes

    @Test func theTokensOfAnyBytesTileThem() throws {
        let merges = [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o")]
        for preTokenizer in ["gpt-2", "smollm", "llama-bpe", "hunyuan", "deepseek-v3", "gpt-4o", "falcon", "default"] {
            let tokenizer = try Self.tokenizer(
                .init(preTokenizer: preTokenizer, merges: merges, special: [("<|end|>", 3), ("  ", 4)]))
            #expect(tilingFault(tokenizer, seed: 3) == nil)
        }
    }

    @Test func aByteWithoutATokenGivesNoneAndItsNeighboursMerge() throws {
        let tokenizer = try Self.tokenizer(.init(merges: [("a", "b")], missingBytes: [0x04]))
        let tokens = tokenizer.encode(Array("\u{04}a\u{04}b\u{04}".utf8), controlTokens: .none, addBOS: false)
        #expect(tokens == [Token(id: 97, bytes: 0..<2), Token(id: 98, bytes: 2..<5)])
        let alone = tokenizer.encode([0x04], controlTokens: .none, addBOS: false)
        #expect(alone.isEmpty)
    }

    @Test func canonicallyEquivalentTextsAreDifferentTokens() throws {
        #expect("\u{E9}" == "e\u{301}", "what makes String unfit as a key")
        let tokenizer = try Self.tokenizer(.init(special: [("\u{E9}", 4), ("e\u{301}", 4)]))
        #expect(ids(tokenizer, "\u{E9}") == [256])
        #expect(ids(tokenizer, "e\u{301}") == [257])
    }

    // MARK: Special tokens

    @Test func controlTokensAreFoundOnlyWhereTheyAreAllowed() throws {
        let tokenizer = try Self.tokenizer(.init(special: [("<e>", 3)]))
        let spelt = Array("<e>".utf8).map(Int32.init)
        #expect(ids(tokenizer, "<e>a<e>") == spelt + [97] + spelt)
        #expect(ids(tokenizer, "<e>a<e>", .everywhere) == [256, 97, 256])
        #expect(ids(tokenizer, "<e>a<e>", .within([0..<3])) == [256, 97] + spelt)
        #expect(ids(tokenizer, "<e>a<e>", .within([5..<7, 2..<7])) == spelt + [97, 256])
        // Two ranges side by side are two pieces of text.
        #expect(ids(tokenizer, "<e>", .within([0..<1, 1..<3])) == spelt)
        #expect(ids(tokenizer, "<e>", .within([])) == spelt)
    }

    @Test func userDefinedTokensAreFoundEverywhere() throws {
        let tokenizer = try Self.tokenizer(.init(special: [("  ", 4)]))
        #expect(ids(tokenizer, "a   b") == [97, 256, 32, 98])
    }

    @Test func theLeftmostAndThenTheLongestSpecialTokenIsFound() throws {
        let tokenizer = try Self.tokenizer(.init(special: [("<a", 3), ("<a>", 3), ("a><a>", 3)]))
        #expect(ids(tokenizer, "<a><a>", .everywhere) == [257, 257])
        #expect(ids(tokenizer, "<a<a>", .everywhere) == [256, 257])
        // The longest one is out of bounds, the shorter one is not.
        #expect(ids(tokenizer, "<a>", .within([0..<2])) == [256, Int32(UInt8(ascii: ">"))])
    }

    @Test func aControlTokenIsNeverMadeByMerging() throws {
        // "ab" would be a control token: nothing in a text without special tokens may become one.
        var builder = GGUFBuilder(vocabulary: .init(special: [("ab", 3)]))
        builder.replace("tokenizer.ggml.merges", .strings(["a b"]))
        let error = #expect(throws: ModelFileError.self) { try Tokenizer(gguf: GGUFFile(bytes: builder.build())) }
        #expect(error?.what == "merge 0")
    }

    // MARK: BOS

    @Test func bosIsAddedOnceAndNeverDoubled() throws {
        let tokenizer = try Self.tokenizer(.init(special: [("<s>", 3)], bosToken: 256, addsBOS: true))
        #expect(tokenizer.addsBOS && tokenizer.bosToken == 256)
        let added = tokenizer.encode(Array("a".utf8), controlTokens: .everywhere, addBOS: true)
        #expect(added == [Token(id: 256, bytes: 0..<0), Token(id: 97, bytes: 0..<1)])
        let spelt = tokenizer.encode(Array("<s>a".utf8), controlTokens: .everywhere, addBOS: true)
        #expect(spelt == [Token(id: 256, bytes: 0..<3), Token(id: 97, bytes: 3..<4)])
        // Not read as a control token it is text, and the BOS is missing.
        #expect(ids(tokenizer, "<s>a", addBOS: true) == [256, 60, 115, 62, 97])
        #expect(ids(tokenizer, "", addBOS: true) == [256])
        #expect(ids(tokenizer, "a") == [97])
    }

    @Test func theFileDecidesWhetherBOSIsAddedAndTheRuleWhereItIsSilent() throws {
        let special: [(String, Int32)] = [("<s>", 3)]
        for (preTokenizer, says, expected) in [
            ("gpt-2", nil, false), ("gpt-2", true, true), ("llama-bpe", nil, true), ("llama-bpe", false, false),
        ] as [(String, Bool?, Bool)] {
            let vocabulary = TokenizerVocabulary(
                preTokenizer: preTokenizer, special: special, bosToken: 256, addsBOS: says)
            #expect(try Self.tokenizer(vocabulary).addsBOS == expected)
        }
        #expect(try Self.tokenizer(.init(preTokenizer: "llama-bpe")).addsBOS == false)
    }

    // MARK: Definitions

    @Test func whatIsNotSupportedIsRefusedWithWhatIs() throws {
        let model = #expect(throws: ModelFileError.self) { try Self.tokenizer(.init(model: "bert")) }
        #expect(model?.place == .key("tokenizer.ggml.model"))
        #expect(model?.description.contains("\"gpt2\"") == true)
        for name in ["whitespace", "Qwen2", "e\u{301}"] {
            let error = #expect(throws: ModelFileError.self) { try Self.tokenizer(.init(preTokenizer: name)) }
            #expect(error?.place == .key("tokenizer.ggml.pre"))
            for supported in ["smollm", "gpt-2", "llama-bpe", "qwen2"] {
                #expect(error?.expected.contains(supported) == true)
            }
        }
    }

    @Test func everyFaultOfADefinitionIsNamed() throws {
        let faults: [(key: String, value: GGUFBuilder.Value)] = [
            ("tokenizer.ggml.tokens", .strings([String]())),
            ("tokenizer.ggml.token_type", .int32s([1])),
            ("tokenizer.ggml.token_type", .int32s([Int32](repeating: 7, count: 257))),
            ("tokenizer.ggml.merges", .strings(["a z z"])),
            ("tokenizer.ggml.merges", .strings(["ab"])),
            ("tokenizer.ggml.merges", .strings([" ab"])),
            ("tokenizer.ggml.merges", .strings([[0xFF, 0x20, 0xFF]])),
            ("tokenizer.ggml.merges", .uint32(1)),
            ("tokenizer.ggml.bos_token_id", .uint32(257)),
            ("tokenizer.ggml.add_bos_token", .bool(true)),
        ]
        let sound = GGUFBuilder(vocabulary: .init(merges: [("a", "b")]))
        _ = try Tokenizer(gguf: GGUFFile(bytes: sound.build()))
        for (key, value) in faults {
            var faulty = sound
            faulty.replace(key, value)
            let error = #expect(throws: ModelFileError.self) { try Tokenizer(gguf: GGUFFile(bytes: faulty.build())) }
            #expect(error?.place == .key(key))
        }
    }

    @Test func theIdentityTellsTokenizersApart() throws {
        let vocabulary = TokenizerVocabulary(preTokenizer: "llama3", merges: [("a", "b")])
        let identity = try Self.tokenizer(vocabulary).identity
        #expect(identity == "gpt2/llama-bpe tokens=257 merges=1 bos=none adds_bos=false fnv1a=ef04a8f0977ca041")
        var alias = vocabulary
        alias.preTokenizer = "llama-bpe"
        #expect(try Self.tokenizer(alias).identity == identity)
        let others: [TokenizerVocabulary] = [
            .init(preTokenizer: "qwen2", merges: [("a", "b")]),
            .init(preTokenizer: "llama3", merges: [("a", "c")]),
            .init(preTokenizer: "llama3", merges: [("a", "b")], missingBytes: [1]),
            .init(preTokenizer: "llama3", merges: [("a", "b")], bosToken: 0, addsBOS: false),
            .init(preTokenizer: "llama3", merges: [("a", "b")], bosToken: 0, addsBOS: true),
            .init(preTokenizer: "llama3", merges: [("a", "b")], special: [("x", 3)]),
            .init(preTokenizer: "llama3", merges: [("a", "b")], special: [("x", 4)]),
        ]
        let identities = try others.map { try Self.tokenizer($0).identity }
        #expect(Set(identities + [identity]).count == others.count + 1)
    }
}
