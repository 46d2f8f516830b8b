import Foundation
import GGUFFixtures
import ModelFiles
import Testing

/// Chat templates and the tokens that they may name, from files of both kinds.
struct ModelChatTests {
    private final class Folder {
        let path = NSTemporaryDirectory() + "chat-\(UUID().uuidString)"

        init(_ files: [String: String]) throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (name, text) in files { try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)")) }
        }

        init(gguf file: GGUFBuilder) throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data(file.build()).write(to: URL(filePath: "\(path)/model.gguf"))
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    private func chat(_ files: [String: String]) throws -> ModelChat? {
        let folder = try Folder(files)
        return try ModelChat.read(from: folder.path)
    }

    private func names(_ chat: ModelChat) -> [[String]] { chat.tokens.map { [$0.name, $0.text] } }

    @Test func aGGUFFileNamesItsTokensByNumber() throws {
        var file = GGUFBuilder()
        file.set("tokenizer.ggml.tokens", .strings(["<unk>", "<s>", "</s>"]))
        file.set("tokenizer.ggml.bos_token_id", .uint32(1))
        file.set("tokenizer.ggml.eos_token_id", .uint32(2))
        let none = try Folder(gguf: file)
        #expect(try ModelChat.read(from: none.path + "/model.gguf") == nil)
        file.set("tokenizer.chat_template", .string("{{ bos_token }}"))
        let folder = try Folder(gguf: file)
        let chat = try #require(try ModelChat.read(from: folder.path + "/model.gguf"))
        #expect(chat.template == "{{ bos_token }}" && chat.origin.hasSuffix("model.gguf, tokenizer.chat_template"))
        #expect(names(chat) == [["bos_token", "<s>"], ["eos_token", "</s>"]])
        file.replace("tokenizer.ggml.eos_token_id", .uint32(3))
        let bad = try Folder(gguf: file)
        let error = #expect(throws: ModelFileError.self) { try ModelChat.read(from: bad.path + "/model.gguf") }
        #expect(error?.description.contains("eos_token_id") == true)
    }

    @Test func aFolderHasATemplateInOneOfThreePlaces() throws {
        #expect(try chat(["config.json": "{}"]) == nil)
        #expect(try chat(["tokenizer_config.json": #"{"chat_template": null}"#]) == nil)
        let settings = #"{"chat_template": "a", "bos_token": "<s>", "eos_token": {"content": "</s>", "special": true}}"#
        let plain = try #require(try chat(["tokenizer_config.json": settings]))
        #expect(plain.template == "a" && plain.origin.hasSuffix("tokenizer_config.json, chat_template"))
        #expect(names(plain) == [["bos_token", "<s>"], ["eos_token", "</s>"]])
        let own = try #require(try chat(["tokenizer_config.json": settings, "chat_template.jinja": "b\n"]))
        #expect(own.template == "b\n" && own.origin.hasSuffix("chat_template.jinja") && own.tokens == plain.tokens)
        let named = #"{"chat_template": [{"name": "rag", "template": "c"}, {"name": "default", "template": "d"}]}"#
        #expect(try chat(["tokenizer_config.json": named])?.template == "d")
    }

    @Test func tokensMayStandInAFileOfTheirOwn() throws {
        let chat = try chat([
            "tokenizer_config.json": #"{"chat_template": "a", "bos_token": null, "eos_token": "<1>"}"#,
            "special_tokens_map.json": #"{"bos_token": {"content": "<0>"}, "eos_token": "<2>"}"#,
        ])
        #expect(chat.map(names) == [["bos_token", "<0>"], ["eos_token", "<1>"]])
    }

    @Test(arguments: [
        (#"{"chat_template": 5}"#, "number"),
        (#"{"chat_template": [{"name": "rag", "template": "c"}]}"#, "\"default\""),
        (#"{"chat_template": "a", "bos_token": 1}"#, "bos_token"), ("[]", "a JSON object"),
    ])
    func whatIsNoTemplateIsNamed(_ settings: String, _ words: String) throws {
        let folder = try Folder(["tokenizer_config.json": settings])
        let error = #expect(throws: ModelFileError.self) { try ModelChat.read(from: folder.path) }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test func aTemplateThatIsNoTextIsRefused() throws {
        let folder = try Folder(["config.json": "{}"])
        try Data([0xFF]).write(to: URL(filePath: folder.path + "/chat_template.jinja"))
        let error = #expect(throws: ModelFileError.self) { try ModelChat.read(from: folder.path) }
        #expect(error?.description.contains("UTF-8") == true)
    }
}
