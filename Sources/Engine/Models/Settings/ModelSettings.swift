internal import Diagnostics
internal import JSON
import ModelFiles

/// What a model's files say of it, whatever their format, and what is wrong with that.
struct ModelSettings: Sendable {
    let file: ModelFile
    let architecture: Architecture
    /// Of a folder: what describes the language model in `config.json`, which a model of several kinds has inside.
    let folderObject: JSONObject?

    init(_ file: ModelFile, _ architecture: Architecture) throws {
        self.file = file
        self.architecture = architecture
        folderObject =
            switch file {
            case .gguf: nil
            case .folder(let folder): try folder.languageModel
            }
    }

    /// The full name of a key in this file, for messages.
    func name(of key: SettingKey) -> String {
        switch file {
        case .gguf: architecture.name + "." + (key.gguf ?? "")
        case .folder: key.folder.first { folderValue($0) != nil } ?? key.folder.first ?? ""
        }
    }

    // MARK: Values

    /// The one number of a key, or all of a list; nil where there are none. A truth value is 0 or 1.
    func numbers(_ key: SettingKey) throws -> [Double]? {
        switch file {
        case .gguf(let gguf):
            return try key.gguf.flatMap { try gguf.metadata.numbersIfPresent(architecture.name + "." + $0) }
        case .folder:
            guard let value = folderValue(of: key) else { return nil }
            let numbers = (value.elements ?? [value]).map { $0.number ?? $0.boolean.map { $0 ? 1 : 0 } }
            guard !numbers.contains(nil) else { throw error(key, "a number", value.text.quoted) }
            return numbers.compactMap(\.self)
        }
    }

    /// The number of a key that has one for the whole model.
    func number(_ key: SettingKey) throws -> Double? {
        guard let numbers = try numbers(key) else { return nil }
        guard let first = numbers.first, numbers.allSatisfy({ $0 == first || $0.isNaN && first.isNaN }) else {
            throw error(key, "one number for all layers", "\(numbers.prefix(8))")
        }
        return first
    }

    func flag(_ key: SettingKey) throws -> Bool? {
        guard let number = try number(key) ?? inFolders(key) else { return nil }
        guard number == 0 || number == 1 else { throw error(key, "true or false", "\(number)") }
        return number == 1
    }

    func text(_ key: SettingKey) throws -> String? {
        switch file {
        case .gguf(let gguf):
            return try key.gguf.flatMap { try gguf.metadata.stringIfPresent(architecture.name + "." + $0) }
        case .folder:
            guard let value = folderValue(of: key) else { return nil }
            guard let text = value.string else { throw error(key, "a text", value.text.quoted) }
            return text
        }
    }

    /// The texts of a list in `config.json`.
    func texts(_ key: SettingKey) throws -> [String]? {
        guard let value = folderValue(of: key) else { return nil }
        guard let texts = value.elements?.map(\.string), !texts.contains(nil) else {
            throw error(key, "a list of texts", value.text.quoted)
        }
        return texts.compactMap(\.self)
    }

    /// A count from 1 to `largest`, which keeps every product of two sizes far from overflow.
    func size(_ key: SettingKey, default missing: Int? = nil, atMost largest: Int = 1 << 20) throws -> Int {
        guard let number = try number(key) ?? missing.map(Double.init) ?? inFolders(key) else { throw absent(key) }
        guard let count = Int(exactly: number), (1...largest).contains(count) else {
            throw error(key, "1 to \(largest)", Int(exactly: number).map(String.init) ?? "\(number)")
        }
        return count
    }

    func positive(_ key: SettingKey, default missing: Double? = nil) throws -> Double {
        guard let number = try number(key) ?? missing ?? inFolders(key) else { throw absent(key) }
        guard number > 0, Float(number).isFinite, Float(number) > 0 else {
            throw error(key, "a positive number", "\(number)")
        }
        return number
    }

    /// A factor or cap that is off where it is 0 or absent.
    func positiveIfPresent(_ key: SettingKey) throws -> Double? {
        guard let number = try number(key) ?? inFolders(key), number != 0 else { return nil }
        guard number > 0, Float(number).isFinite else { throw error(key, "a positive number or 0", "\(number)") }
        return number
    }

    /// What libraries take where `config.json` says nothing.
    private func inFolders(_ key: SettingKey) -> Double? {
        folderObject == nil ? nil : architecture.folderDefaults[key]
    }

    // MARK: config.json

    /// The value of the first of a key's names that has one; `null` is none.
    func folderValue(of key: SettingKey) -> JSONValue? { key.folder.lazy.compactMap(folderValue).first }

    /// The value at a path of names with dots between them.
    func folderValue(_ path: String) -> JSONValue? {
        var object = folderObject
        var value: JSONValue?
        for name in path.split(separator: ".") {
            value = object?.value(of: String(name))
            object = try? value?.object()
        }
        return value?.kind == .null ? nil : value
    }

    // MARK: Errors

    func error(_ key: SettingKey, _ expected: String, _ found: String) -> ModelFileError {
        error(named: name(of: key), expected, found)
    }

    func error(named name: String, _ expected: String, _ found: String) -> ModelFileError {
        let path =
            switch file {
            case .gguf(let file): file.path
            case .folder(let folder): folder.configurationPath
            }
        return ModelFileError(file: path, place: .key(name), what: "value", expected: expected, found: found)
    }

    private func absent(_ key: SettingKey) -> ModelFileError {
        error(key, "it to be present", "no such key")
    }
}

extension JSONValue {
    var boolean: Bool? { kind == .boolean ? bytes[range.lowerBound] == UInt8(ascii: "t") : nil }

    /// As it stands in the file.
    var text: String { String(decoding: bytes[range], as: UTF8.self) }
}

extension ModelFolder {
    /// What `config.json` says of the language model: of a model that also sees or hears, its part `text_config`.
    var languageModel: JSONObject {
        get throws {
            do throws(JSONSyntaxError) {
                return try configuration.value(of: "text_config")?.object() ?? configuration
            } catch {
                throw ModelFileError(
                    file: configurationPath, place: .key("text_config"), what: "value", expected: "an object",
                    found: error.problem)
            }
        }
    }
}
