internal import Diagnostics
internal import JSON
import ModelFiles

/// What a model's own tokenizer puts before a text and behind it, and which tokens end an answer: of the post-processor
/// in `tokenizer.json`, and of the files beside it.
struct TokenizerAdditions {
    private let file: TokenizerJSON

    init(_ file: TokenizerJSON) { self.file = file }

    /// - Throws: `ModelFileError`.
    func complete(_ parts: inout TokenizerParts) throws {
        let settings = file.settings
        var (prefix, suffix) = try file.rootMember("post_processor").map { try additions($0) } ?? ([], [])
        let bos = file.token(named: settings.bosToken)
        let eos = file.token(named: settings.eosToken)
        // What the configuration says is done last.
        if let bos, let adds = settings.addsBOS {
            if adds, prefix.first != bos { prefix = [bos] } else if !adds, prefix == [bos] { prefix = [] }
        }
        if let eos, let adds = settings.addsEOS {
            if adds, suffix.last != eos { suffix = [eos] } else if !adds, suffix == [eos] { suffix = [] }
        }
        parts.bosToken = prefix.count == 1 ? prefix[0] : bos
        parts.addsBOS = prefix.count == 1
        (parts.ownPrefix, parts.ownSuffix) = (prefix, suffix)
        let count = parts.spellings.count
        parts.endTokens = file.source.namedEnds.union(eos.map { [$0] } ?? [])
            .union(settings.endTokens.filter { $0 < count }.map { Int32($0) })
        func spelled(_ tokens: [Int32]) -> String {
            tokens.map { String(decoding: parts.spellings[$0], as: UTF8.self) }.joined().quoted
        }
        if prefix.count > 1 {
            parts.warnings.append(
                "its own tokenizer puts \(spelled(prefix)) before a text by default, which is not done here")
        }
        if !suffix.isEmpty {
            parts.warnings.append(
                "its own tokenizer puts \(spelled(suffix)) behind a text by default, which is not done here")
        }
    }

    /// - Throws: `ModelFileError`, which names what is not supported.
    private func additions(_ node: JSONNode, depth: Int = 0) throws -> (prefix: [Int32], suffix: [Int32]) {
        let type = try node.required("type").string()
        switch type {
        case "ByteLevel": return ([], [])
        case "Sequence":
            guard depth < 8 else { throw node.error("sequence", expected: "at most 8 in one another", found: "more") }
            var result: (prefix: [Int32], suffix: [Int32]) = ([], [])
            for child in try node.required("processors").elements() {
                let (prefix, suffix) = try additions(child, depth: depth + 1)
                result = (prefix + result.prefix, result.suffix + suffix)
            }
            return result
        case "TemplateProcessing": return try template(node)
        default:
            throw node.error(
                "post-processor", expected: "TemplateProcessing, ByteLevel or Sequence, which are supported",
                found: type.quoted)
        }
    }

    /// `{"single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}], "special_tokens": {…}}`
    private func template(_ node: JSONNode) throws -> (prefix: [Int32], suffix: [Int32]) {
        let names = try node.member("special_tokens")
        var prefix: [Int32] = []
        var suffix: [Int32] = []
        var isBehind = false
        for piece in try node.required("single").elements() {
            if try piece.member("Sequence") != nil {
                isBehind = true
                continue
            }
            let name = try piece.required("SpecialToken").required("id")
            let ids = try names?.required(name.string()).required("ids").elements() ?? []
            for id in ids {
                let token = try id.token()
                guard token < file.names.count else {
                    throw id.error(
                        "token", expected: "less than \(file.names.count), the number of tokens", found: "\(token)")
                }
                if isBehind { suffix.append(Int32(token)) } else { prefix.append(Int32(token)) }
            }
        }
        return (prefix, suffix)
    }
}
