import Foundation
import GGUFFixtures
import ModelFiles
import SeededRandom
import Testing

@testable import Tokenizers

/// Damaged tokenizers of GGUF files, and hostile regular expressions: each is refused with an error that is declared,
/// or makes a tokenizer whose tokens tile a text. `TOKENIZER_FUZZ_INPUTS` says how many of each.
struct TokenizerFuzzTests {
    private static let count =
        ProcessInfo.processInfo.environment["TOKENIZER_FUZZ_INPUTS"].flatMap { Int($0) } ?? 150

    private static let text =
        Array("Hello, world! It's 12345  \n\t<s>the</s>é e\u{301} ﬁ世界👍🏽 \u{2581}\u{0}".utf8) + [0xFF, 0xE4, 0xB8]

    private static let syntax = [
        "{", "}", "[", "]", "\"", ",", ":", "null", "true", "-1", "0", "1e999", "4294967296", "\\u0000", "a", "▁", "Ġ",
        "(?=",
        "\\\\p{L}", "+", "*", "{1,3}", "|", ")", "\"type\"", "\"Sequence\"", "\"Split\"", "\"NFKC\"", "<0x41>",
        "\u{FF}\u{FF}",
    ].map { Array($0.utf8) }

    private static func damaged(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, at + Int.random(in: 1...24, using: &random))
            switch Int.random(in: 0..<7, using: &random) {
            case 0 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.insert(contentsOf: bytes[at..<end], at: Int.random(in: 0...bytes.count, using: &random))
            case 4: bytes.removeSubrange(at...)
            case 5: bytes.insert(contentsOf: random.bytes(Int.random(in: 1...8, using: &random)), at: at)
            default: bytes.insert(contentsOf: syntax.randomElement(using: &random) ?? [], at: at)
            }
        }
        return bytes
    }

    /// - Returns: whether a tokenizer was made.
    private static func check(_ make: () throws -> Tokenizer) throws -> Bool {
        let tokenizer: Tokenizer
        do {
            tokenizer = try make()
        } catch is ModelFileError {
            return false
        }
        for scope in [ControlTokenScope.none, .everywhere, .within([3..<9, 20..<40])] {
            let tokens = tokenizer.encode(text, controlTokens: scope, addBOS: tokenizer.addsBOS)
            var end = 0
            for token in tokens {
                try #require(token.bytes.lowerBound == end && token.id >= 0 && token.id < tokenizer.vocabularySize)
                end = token.bytes.upperBound
                _ = tokenizer.bytes(of: token.id)
            }
            // A lone BOS has no part of the text.
            try #require(tokens.isEmpty || end == text.count || tokens.count == 1 && end == 0)
        }
        return true
    }

    @Test func noGGUFFileBreaksAnything() throws {
        var random = SeededGenerator(seed: 2)
        var accepted = 0
        for _ in 0..<Self.count {
            let isMade = try Self.check { try Tokenizer(gguf: GGUFFile(bytes: Self.gguf(&random))) }
            if isMade { accepted += 1 }
        }
        print("\(Self.count) damaged GGUF files, \(accepted) of them accepted")
        #expect(accepted > Self.count / 50)
    }

    /// Keys of every kind, with values that are often wrong.
    private static func gguf(_ random: inout SeededGenerator) -> [UInt8] {
        var file = GGUFBuilder()
        let model = ["gpt2", "llama", "t5", "gemma4", "bert"].randomElement(using: &random) ?? ""
        file.set("tokenizer.ggml.model", .string(model))
        let names = NamedPreTokenizer.all.flatMap(\.names) + ["other"]
        file.set("tokenizer.ggml.pre", .string(names.randomElement(using: &random) ?? ""))
        var tokens = [
            "<unk>", "<s>", "</s>", "▁", "a", "b", "ab", "▁a", "Ġ", "Ġa", "l", "ll", "e", "<0x41>", "the", "é", "\n",
        ]
        if model != "gpt2" {
            tokens += (0..<256).map { "<0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) + ">" }
        }
        if Bool.random(using: &random) { tokens.append(tokens.randomElement(using: &random) ?? "") }
        let count = tokens.count + (Int.random(in: 0..<20, using: &random) == 0 ? 1 : 0)
        file.set("tokenizer.ggml.tokens", .strings(tokens))
        let kinds: [Int32] = [1, 1, 1, 1, 1, 4, 5, 6, Int.random(in: 0..<30, using: &random) == 0 ? 9 : 1]
        let special: [Int32] = [2, 3, 3]
        file.set(
            "tokenizer.ggml.token_type",
            .int32s(special + (3..<count).map { $0 > 16 ? 6 : kinds.randomElement(using: &random) ?? 1 }))
        file.set("tokenizer.ggml.merges", .strings(["a b", "l l", "Ġ a", "▁ a"].shuffled(using: &random).suffix(3)))
        let scores: [Float] = [0, -1, -2.5, .nan, .infinity, -1e30]
        file.set("tokenizer.ggml.scores", .float32s((0..<count).map { _ in scores.randomElement(using: &random) ?? 0 }))
        for key in ["bos_token_id", "eos_token_id", "unknown_token_id"] where Bool.random(using: &random) {
            file.set("tokenizer.ggml." + key, .uint32(UInt32.random(in: 0..<20, using: &random)))
        }
        for key in ["add_bos_token", "add_eos_token", "add_space_prefix", "remove_extra_whitespaces"]
        where Int.random(in: 0..<4, using: &random) == 0 {
            file.set("tokenizer.ggml." + key, .bool(Bool.random(using: &random)))
        }
        if model == "t5", Bool.random(using: &random) {
            file.set(
                "tokenizer.ggml.precompiled_charsmap",
                .array(elementType: 0, damaged(charsMap, &random).map { GGUFBuilder.Value.uint8($0) }))
        }
        return Int.random(in: 0..<4, using: &random) == 0 ? damaged(file.build(), &random) : file.build()
    }

    /// A trie that leads from "a" to the replacement at 0.
    static let charsMap: [UInt8] = {
        var units = [UInt32](repeating: 0, count: 512)
        units[0] = 1 << 10
        units[1 ^ 0x61] = 0x61 | 1 << 8 | 2 << 10
        units[1 ^ 0x61 ^ 2] = 1 << 31
        let size = UInt32(4 * units.count)
        return ([size] + units).flatMap { unit in (0..<4).map { UInt8(truncatingIfNeeded: unit >> UInt32(8 * $0)) } }
            + Array("xyz\u{0}".utf8)
    }()

    @Test func aTableReplacesAndADamagedOneEndsSoon() throws {
        let map = try CharsMap(Self.charsMap)
        let found = [UInt8(0x61)].withUnsafeBufferPointer { map.replacement($0, longest: true) }
        #expect(found.map { Array($0.bytes) } == Array("xyz".utf8))
        var random = SeededGenerator(seed: 3)
        for _ in 0..<Self.count {
            guard let map = try? CharsMap(Self.damaged(Self.charsMap, &random)) else { continue }
            _ = Self.text.withUnsafeBufferPointer { map.replacement($0, longest: true) }
            let valid = Array(String(decoding: Self.text, as: UTF8.self).utf8)
            _ = valid.withUnsafeBufferPointer { map.normalizedByCluster($0) }
        }
    }

    @Test func noExpressionBreaksAnything() {
        var random = SeededGenerator(seed: 5)
        let patterns = NamedPreTokenizer.all.flatMap(\.steps).compactMap { step -> String? in
            if case .pattern(let pattern) = step { pattern } else { nil }
        }.filter { $0.utf8.count < 300 }
        var accepted = 0
        var scratch = RegexScratch()
        for _ in 0..<Self.count {
            let pattern = patterns.randomElement(using: &random) ?? ""
            let input = String(decoding: Self.damaged(Array(pattern.utf8), &random), as: UTF8.self)
            guard let program = try? RegexProgram(input) else { continue }
            accepted += 1
            var pieces: [Range<Int>] = []
            let splitter = Splitter(pattern: .regex(program), behavior: .isolated)
            Self.text.withUnsafeBufferPointer { splitter.split($0, &scratch, into: &pieces) }
            #expect(pieces.reduce(0) { $0 + $1.count } == Self.text.count)
        }
        print("\(Self.count) damaged expressions, \(accepted) of them accepted")
        #expect(accepted > Self.count / 20)
    }
}
