internal import Diagnostics
internal import JSON
import ModelFiles

/// `vocab.json` and `merges.txt`, as GPT-2 has them.
enum MergesFile {
    /// What would be in the `tokenizer.json` of the same tokenizer; nil where the files are not there.
    ///
    /// - Throws: `ModelFileError`.
    static func root(_ folder: String, _ settings: TokenizerSettings) throws -> JSONNode? {
        let vocabulary = try JSONNode(folder: folder, .vocabulary)
        let path = folder + "/" + FolderFile.merges.rawValue
        guard let vocabulary, let lines = try JSONNode.read(path) else { return nil }
        if let offset = lines.firstInvalidUTF8Offset {
            throw ModelFileError(
                file: path, place: .byte(offset), what: "text", expected: "UTF-8", found: "something else")
        }
        var merges: [[UInt8]] = []
        for (index, line) in lines.split(separator: 0x0A).enumerated() {
            // The first line may say which version of the format it is.
            if index == 0, line.starts(with: "#version".utf8) { continue }
            let merge = line.last == 0x0D ? line.dropLast() : line
            guard !merge.isEmpty else { continue }
            var json: [UInt8] = []
            JSONText.append(String(decoding: merge, as: UTF8.self), to: &json)
            merges.append(json)
        }
        let members = try vocabulary.object().members
        func number(_ name: [UInt8]?) -> [UInt8]? {
            guard let name, let member = members.first(where: { $0.key.utf8.elementsEqual(name) }) else { return nil }
            return Array(vocabulary.value.bytes[member.valueRange])
        }
        // The class says how texts are split; and it has its special tokens where no file lists them.
        let special = [settings.bosToken ?? Array("<|endoftext|>".utf8), settings.eosToken, settings.unknownToken]
        var seen: Set<[UInt8]> = []
        let added = special.compactMap { name -> [UInt8]? in
            guard let name, seen.insert(name).inserted, let number = number(name) else { return nil }
            return JSONText.object([
                JSONText.member("id", json: number),
                JSONText.member("content", text: String(decoding: name, as: UTF8.self)),
                JSONText.member("special", json: Array("true".utf8)),
                JSONText.member("normalized", json: Array("false".utf8)),
            ])
        }
        let model = JSONText.object([
            JSONText.member("type", text: "BPE"),
            JSONText.member("vocab", json: Array(vocabulary.value.bytes[vocabulary.value.range])),
            JSONText.member("merges", json: array(merges)),
        ])
        let text = JSONText.object([
            JSONText.member("added_tokens", json: array(added)),
            JSONText.member("normalizer", json: Array((settings.family == "Qwen2Tokenizer" ? nfc : "null").utf8)),
            JSONText.member("pre_tokenizer", json: try preTokenizer(settings, path)),
            JSONText.member("model", json: model),
        ])
        return try JSONNode(file: path, text: text)
    }

    private static let nfc = #"{"type": "NFC"}"#

    private static func preTokenizer(_ settings: TokenizerSettings, _ path: String) throws -> [UInt8] {
        switch settings.family {
        case "", "GPT2Tokenizer", "GPTNeoXTokenizer", "CodeGenTokenizer", "PreTrainedTokenizer":
            return Array(#"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}"#.utf8)
        case "Qwen2Tokenizer":
            let pattern = JSONText.object([JSONText.member("Regex", text: KnownPattern.qwen2)])
            let split = JSONText.object([
                JSONText.member("type", text: "Split"), JSONText.member("pattern", json: pattern),
                JSONText.member("behavior", text: "Isolated"),
            ])
            let bytes = Array(#"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}"#.utf8)
            return JSONText.object([
                JSONText.member("type", text: "Sequence"),
                JSONText.member("pretokenizers", json: array([split, bytes])),
            ])
        default:
            throw ModelFileError(
                file: path, place: .key("tokenizer_class"), what: "class",
                expected: "GPT2Tokenizer or Qwen2Tokenizer beside a merges.txt, or a tokenizer.json",
                found: settings.className.quoted)
        }
    }

    private static func array(_ elements: [[UInt8]]) -> [UInt8] {
        Array("[".utf8) + elements.joined(separator: JSONText.separator) + Array("]".utf8)
    }
}
