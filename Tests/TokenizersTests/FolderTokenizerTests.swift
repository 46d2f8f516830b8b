import Foundation
import ModelFiles
import Testing

@testable import Tokenizers

/// Small tokenizers trained with `tokenizers` 0.23.3 and `sentencepiece` 0.2.3 on a few sentences, and what these
/// libraries make of some texts.
struct FolderTokenizerTests {
    struct Golden: Decodable, CustomTestStringConvertible {
        struct Case: Decodable {
            let text: String
            let ids: [Int32]
        }

        let name: String
        let file: String
        /// JSON, or a model in base64.
        let content: String
        let cases: [Case]
        /// With control tokens.
        let everywhere: [Case]

        var testDescription: String { name }
    }

    static let goldens: [Golden] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/folders.json")
        guard let data = try? Data(contentsOf: file),
            let goldens = try? JSONDecoder().decode([Golden].self, from: data)
        else { return [] }
        return goldens
    }()

    /// A folder with these files, gone behind `body`.
    static func withFolder<R>(_ files: [String: [UInt8]], _ body: (String) throws -> R) throws -> R {
        let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, bytes) in files { try Data(bytes).write(to: folder.appending(path: name)) }
        return try body(folder.path)
    }

    static func tokenizer(_ files: [String: String]) throws -> Tokenizer {
        try withFolder(files.mapValues { Array($0.utf8) }) { try Tokenizer(folder: $0) }
    }

    static func bytes(_ golden: Golden) throws -> [UInt8] {
        golden.file.hasSuffix(".json")
            ? Array(golden.content.utf8) : [UInt8](try #require(Data(base64Encoded: golden.content)))
    }

    @Test func theGoldensAreThere() { #expect(Self.goldens.count == 17) }

    @Test(arguments: goldens) func everyCaseGivesTheTokensOfTheReference(_ golden: Golden) throws {
        let tokenizer = try Self.withFolder([golden.file: Self.bytes(golden)]) { try Tokenizer(folder: $0) }
        for (cases, scope) in [(golden.cases, ControlTokenScope.none), (golden.everywhere, .everywhere)] {
            for expected in cases {
                let text = Array(expected.text.utf8)
                let tokens = tokenizer.encode(text, controlTokens: scope, addBOS: false)
                #expect(tokens.map(\.id) == expected.ids, "\(expected.text.debugDescription)")
                let ends = [0] + tokens.map(\.bytes.upperBound)
                #expect(tokens.map(\.bytes.lowerBound) == Array(ends.dropLast()))
                #expect(tokens.isEmpty || ends.last == text.count)
            }
        }
    }

    // MARK: Ranges

    private static let characters = #"""
        {"added_tokens": [{"id": 9, "content": "<e>", "special": true}], "normalizer": NORMALIZER,
         "model": {"type": "BPE", "unk_token": "?",
                   "vocab": {"?": 0, "a": 1, "b": 2, "▁": 3, "▁a": 4, "é": 5, "e": 6, "x": 7, "A": 8},
                   "merges": ["▁ a"]}}
        """#

    private func ranges(_ normalizer: String, _ text: String) throws -> [Token] {
        let json = Self.characters.replacingOccurrences(of: "NORMALIZER", with: normalizer)
        let tokenizer = try Self.tokenizer(["tokenizer.json": json])
        return tokenizer.encode(Array(text.utf8), controlTokens: .everywhere, addBOS: false)
    }

    @Test func tokensHaveThePartsOfTheInputThatTheyWereMadeOf() throws {
        let metaspace =
            #"{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, "#
            + #"{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}"#
        #expect(
            try ranges(metaspace, "a a<e>b") == [
                Token(id: 4, bytes: 0..<1), Token(id: 4, bytes: 1..<3), Token(id: 9, bytes: 3..<6),
                Token(id: 3, bytes: 6..<6), Token(id: 2, bytes: 6..<7),
            ])
        #expect(
            try ranges(#"{"type": "NFC"}"#, "ae\u{301}b") == [
                Token(id: 1, bytes: 0..<1), Token(id: 5, bytes: 1..<4), Token(id: 2, bytes: 4..<5),
            ])
        #expect(
            try ranges(#"{"type": "Strip"}"#, "  ab ") == [Token(id: 1, bytes: 0..<3), Token(id: 2, bytes: 3..<5)])
        let replacing = #"{"type": "Replace", "pattern": {"Regex": "b+"}, "content": "xx"}"#
        #expect(
            try ranges(replacing, "abba") == [
                Token(id: 1, bytes: 0..<1), Token(id: 7, bytes: 1..<3), Token(id: 7, bytes: 3..<3),
                Token(id: 1, bytes: 3..<4),
            ])
    }

    @Test func whatIsNoUTF8IsOneReplacementForEachPart() throws {
        let tokenizer = try Self.tokenizer([
            "tokenizer.json": Self.characters.replacingOccurrences(of: "NORMALIZER", with: "null")
        ])
        var random: [[UInt8]] = [
            [0xE4, 0xB8, 0x61, 0xFF, 0xF0, 0x9F, 0x98, 0x61], [0xED, 0xA0, 0x80, 0x61], [0xC0, 0xAF],
        ]
        random.append([0xF4, 0x90, 0x80, 0x80, 0xE0, 0x80, 0xF1, 0x80, 0x80])
        for bytes in random {
            let tokens = tokenizer.encode(bytes, controlTokens: .none, addBOS: false)
            let replaced = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
            #expect(tokens.map(\.id) == replaced.map { $0 == "a" ? 1 : 0 })
            #expect(tokens.last?.bytes.upperBound == bytes.count)
        }
    }

    // MARK: Settings

    private static let plain = #"""
        {"added_tokens": [{"id": 2, "content": "<s>", "special": true}, {"id": 3, "content": "</s>", "special": true}],
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "post_processor": POST,
         "model": {"type": "BPE", "vocab": {"a": 0, "Ġ": 1}, "merges": []}}
        """#

    private func plain(_ post: String, _ more: [String: String] = [:]) throws -> Tokenizer {
        var files = more
        files["tokenizer.json"] = Self.plain.replacingOccurrences(of: "POST", with: post)
        return try Self.tokenizer(files)
    }

    private static let template = #"""
        {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
         {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
         "special_tokens": {"<s>": {"id": "<s>", "ids": [2], "tokens": ["<s>"]},
         "</s>": {"id": "</s>", "ids": [3], "tokens": ["</s>"]}}}
        """#

    @Test func whatTheOwnTokenizerAddsIsSaid() throws {
        let tokenizer = try plain(Self.template)
        #expect(tokenizer.addsBOS && tokenizer.bosToken == 2)
        #expect(tokenizer.ownAdditions.prefix == [2] && tokenizer.ownAdditions.suffix == [3])
        #expect(tokenizer.warnings.count == 1 && tokenizer.warnings[0].contains("</s>"))
        #expect(tokenizer.encode([0x61], controlTokens: .none, addBOS: true).map(\.id) == [2, 0])
        #expect(tokenizer.endTokens == [3])
        let none = try plain("null")
        #expect(!none.addsBOS && none.bosToken == nil && none.warnings.isEmpty)
    }

    @Test func theFilesBesideItAreHeeded() throws {
        let settings = #"""
            {"bos_token": {"content": "<s>"}, "eos_token": "</s>", "add_bos_token": true, "add_prefix_space": true,
             "added_tokens_decoder": {"2": {"content": "<s>", "special": true},
             "4": {"content": "<|im_end|>", "special": true}}}
            """#
        let tokenizer = try plain(
            "null",
            ["tokenizer_config.json": settings, "generation_config.json": #"{"eos_token_id": [3, 1, 99]}"#])
        #expect(tokenizer.addsBOS && tokenizer.bosToken == 2 && tokenizer.vocabularySize == 5)
        #expect(tokenizer.endTokens == [1, 3, 4])
        #expect(tokenizer.encode([0x61], controlTokens: .none, addBOS: false).map(\.id) == [1, 0])
        let off = try plain(Self.template, ["tokenizer_config.json": #"{"add_bos_token": false, "bos_token": "<s>"}"#])
        #expect(!off.addsBOS && off.bosToken == 2)
    }

    @Test func gpt2sFilesGiveWhatItsJSONGives() throws {
        let vocabulary = #"{"a": 0, "b": 1, "Ġ": 2, "ab": 3, "Ġab": 4, "<|endoftext|>": 5}"#
        let tokenizer = try Self.tokenizer([
            "vocab.json": vocabulary, "merges.txt": "#version: 0.2\na b\nĠ ab\n",
        ])
        let tokens = tokenizer.encode(Array("ab ab<|endoftext|>".utf8), controlTokens: .everywhere, addBOS: false)
        #expect(tokens.map(\.id) == [3, 4, 5])
        #expect(tokenizer.bytes(of: 4) == Array(" ab".utf8))
        #expect(tokenizer.endTokens == [5])
    }

    @Test func theSameTokenizerHasOneIdentityInBothFormats() throws {
        let folder = try Self.tokenizer([
            "vocab.json": #"{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}"#, "merges.txt": "a b",
        ])
        #expect(folder.identity.hasPrefix("gpt2/gpt-2 tokens=4 merges=1 bos=none adds_bos=false fnv1a="))
    }

    // MARK: Refusals

    @Test(arguments: [
        (#"{"type": "WordPiece", "vocab": {}}"#, "WordPiece"), (#"{"type": "WordLevel", "vocab": {}}"#, "WordLevel"),
        (#"{"type": "BPE", "vocab": {"a": 0}, "merges": [], "dropout": 0.1}"#, "chance"),
        (#"{"type": "BPE", "vocab": {"a": 0}, "merges": [], "end_of_word_suffix": "</w>"}"#, "</w>"),
        (#"{"type": "BPE", "vocab": {"a": 0}, "merges": ["a b"]}"#, "a b"),
        (#"{"type": "BPE", "vocab": {"a": 999999999}, "merges": []}"#, "999999999"),
        (#"{"type": "BPE", "vocab": {"a": 0, "b": 0}, "merges": []}"#, "again"),
        (#"{"type": "BPE", "vocab": {"a": -1}, "merges": []}"#, "-1"),
        (#"{"type": "BPE", "vocab": {}, "merges": []}"#, "none"),
        (#"{"type": "Unigram", "vocab": [["a"]]}"#, "token 0"),
        (#"{"type": "Unigram", "unk_id": 1, "vocab": [["a", 0]]}"#, "unk_id"),
    ])
    func aModelThatIsNotSupportedIsNamed(_ model: String, _ named: String) {
        let error = #expect(throws: ModelFileError.self) {
            try Self.tokenizer(["tokenizer.json": #"{"model": \#(model)}"#])
        }
        #expect(error?.description.contains(named) == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test(arguments: [
        ("pre_tokenizer", #"{"type": "UnicodeScripts"}"#), ("pre_tokenizer", #"{"type": "BertPreTokenizer"}"#),
        ("normalizer", #"{"type": "BertNormalizer"}"#), ("normalizer", #"{"type": "ByteLevel"}"#),
        ("normalizer", #"{"type": "Precompiled", "precompiled_charsmap": "AAAA"}"#),
        ("post_processor", #"{"type": "RobertaProcessing"}"#), ("post_processor", #"{"type": "BertProcessing"}"#),
        ("pre_tokenizer", #"{"type": "Split", "pattern": {"Regex": "(a)\\1"}, "behavior": "Isolated"}"#),
        ("pre_tokenizer", #"{"type": "Split", "pattern": {"String": "a"}, "behavior": "Kept"}"#),
    ])
    func aStepThatIsNotSupportedIsNamed(_ stage: String, _ step: String) {
        let error = #expect(throws: ModelFileError.self) {
            try Self.tokenizer([
                "tokenizer.json":
                    #"{"\#(stage)": \#(step), "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#
            ])
        }
        guard case .key(let key)? = error?.place else { return #expect(error?.place != nil) }
        #expect(key.hasPrefix(stage))
    }

    @Test func aFolderWithoutATokenizerSaysWhatIsMissing() {
        let error = #expect(throws: ModelFileError.self) { try Self.tokenizer(["config.json": "{}"]) }
        #expect(error?.expected.contains("tokenizer.json") == true)
        let damaged = #expect(throws: ModelFileError.self) { try Self.tokenizer(["tokenizer.model": "\u{8}"]) }
        #expect(damaged?.place == .byte(1))
    }
}
