internal import Diagnostics
internal import FileSystem
internal import JSON

/// How a model's authors turn a conversation into the text that it reads: a template, and the tokens that it may name.
///
/// In a GGUF file `tokenizer.chat_template` and the numbers of the special tokens; in a folder `chat_template.jinja`,
/// else `tokenizer_config.json`, with `special_tokens_map.json`. Nothing of the weights is read.
public struct ModelChat: Hashable, Sendable {
    /// In Jinja, as https://huggingface.co/docs/transformers/chat_templating describes it.
    public let template: String

    /// Where it stands, for messages: a file, and the key in it.
    public let origin: String

    /// The special tokens that a template may name, ordered by their names.
    public let tokens: [Token]

    public struct Token: Hashable, Sendable {
        /// As templates call it, such as `bos_token`.
        public let name: String
        public let text: String
    }

    /// - Parameter path: a GGUF file, a part of one that was split, or a folder with `config.json`.
    /// - Returns: nil where the model has no chat template.
    /// - Throws: `ModelFileError`.
    public static func read(from path: String) throws -> ModelChat? {
        if FileStatus(path: path)?.kind == .folder {
            try FolderChat(folder: path).chat()
        } else {
            try read(from: GGUFFile(partsOf: path))
        }
    }

    init(template: String, origin: String, tokens: [Token]) {
        self.template = template
        self.origin = origin
        self.tokens = tokens.sorted { $0.name < $1.name }
    }
}

// MARK: - GGUF

extension ModelChat {
    private static let templateKey = "tokenizer.chat_template"

    /// The tokens that transformers' templates can name, by the keys of their numbers.
    private static let numberKeys = [
        ("bos_token", "bos_token_id"), ("eos_token", "eos_token_id"), ("unk_token", "unknown_token_id"),
        ("sep_token", "seperator_token_id"), ("pad_token", "padding_token_id"), ("cls_token", "cls_token_id"),
        ("mask_token", "mask_token_id"),
    ]

    private static func read(from file: GGUFFile) throws -> ModelChat? {
        guard let template = try file.metadata.stringIfPresent(templateKey) else { return nil }
        var tokens: [Token] = []
        for (name, key) in numberKeys {
            let key = "tokenizer.ggml.\(key)"
            guard let number = try file.metadata.unsignedIfPresent(key) else { continue }
            let vocabulary = try file.metadata.strings("tokenizer.ggml.tokens")
            guard number < vocabulary.count else {
                throw ModelFileError(
                    file: file.path, place: .key(key), what: "token", expected: "a number below \(vocabulary.count)",
                    found: "\(number)")
            }
            guard let text = String(validating: vocabulary[number], as: UTF8.self) else {
                throw ModelFileError(
                    file: file.path, place: .key(key), what: "token", expected: "a text in UTF-8", found: "other bytes")
            }
            tokens.append(Token(name: name, text: text))
        }
        return ModelChat(template: template, origin: "\(file.path), \(templateKey)", tokens: tokens)
    }
}

// MARK: - Folders

private struct FolderChat {
    private static let templateFile = FolderFile.chatTemplate.rawValue
    private static let settingsFile = FolderFile.tokenizerConfiguration.rawValue
    private static let namesFile = FolderFile.specialTokens.rawValue
    private static let names = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    let folder: String
    private let settings: JSONObject?

    init(folder: String) throws {
        self.folder = folder
        settings = try Self.object(in: folder, Self.settingsFile)
    }

    private static func object(in folder: String, _ name: String) throws -> JSONObject? {
        FileStatus(path: "\(folder)/\(name)") == nil ? nil : try ModelFolder.object(in: folder, name)
    }

    func chat() throws -> ModelChat? {
        guard let (template, place) = try template() else { return nil }
        let objects = [(Self.settingsFile, settings), (Self.namesFile, try Self.object(in: folder, Self.namesFile))]
        let tokens = try Self.names.compactMap { name -> ModelChat.Token? in
            for (file, object) in objects {
                if let text = try text(of: name, in: object, file) { return .init(name: name, text: text) }
            }
            return nil
        }
        return ModelChat(template: template, origin: "\(folder)/\(place)", tokens: tokens)
    }

    /// A file of its own comes before what the settings say. Of several templates with names the default counts.
    private func template() throws -> (template: String, place: String)? {
        let path = "\(folder)/\(Self.templateFile)"
        if FileStatus(path: path) != nil {
            let file: MappedFile
            do throws(FileError) {
                file = try MappedFile(path: path)
            } catch {
                throw ModelFileError(error)
            }
            guard let text = file.withBytes(0..<file.count, { String(validating: $0, as: UTF8.self) }) else {
                throw error(Self.templateFile, nil, expected: "UTF-8", found: "other bytes")
            }
            return (text, Self.templateFile)
        }
        let key = "chat_template"
        guard let value = settings?.value(of: key), value.kind != .null else { return nil }
        if let text = value.string { return (text, "\(Self.settingsFile), \(key)") }
        let named = try (value.elements ?? []).compactMap { try self.object($0, key) }
        let byDefault = named.first { $0.value(of: "name")?.string == "default" }
        guard let text = byDefault?.value(of: "template")?.string else {
            throw error(
                Self.settingsFile, key,
                expected: "a text, or a list of templates one of which has the name \"default\"",
                found: value.kind == .array
                    ? "\(named.count) without such a name" : "a value of another kind (\(value.kind.rawValue))")
        }
        return (text, "\(Self.settingsFile), \(key) \"default\"")
    }

    /// A token is a text, or an object with its content.
    private func text(of name: String, in object: JSONObject?, _ file: String) throws -> String? {
        guard let value = object?.value(of: name), value.kind != .null else { return nil }
        guard let text = try value.string ?? self.object(value, name)?.value(of: "content")?.string else {
            throw error(
                file, name, expected: "a text, or an object with \"content\"", found: "another \(value.kind.rawValue)")
        }
        return text
    }

    private func object(_ value: JSONValue, _ key: String) throws -> JSONObject? {
        do throws(JSONSyntaxError) {
            return try value.object()
        } catch {
            throw self.error(Self.settingsFile, key, expected: "a JSON object", found: error.problem)
        }
    }

    private func error(_ file: String, _ key: String?, expected: String, found: String) -> ModelFileError {
        ModelFileError(
            file: "\(folder)/\(file)", place: key.map { .key($0) } ?? .file, what: "chat template", expected: expected,
            found: found)
    }
}
