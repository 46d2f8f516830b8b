internal import JSON
import ModelFiles

/// What a Hugging Face folder says of a tokenizer beside its vocabulary: `tokenizer_config.json`,
/// `special_tokens_map.json` and `generation_config.json`, where they are there.
struct TokenizerSettings {
    /// A token of `added_tokens` or `added_tokens_decoder`.
    struct Added {
        let id: Int
        let content: [UInt8]
        var isSingleWord = false
        var stripsLeft = false
        var stripsRight = false
        var isNormalized = true
        var isSpecial = false

        func token(bytes: [UInt8]) -> AddedToken {
            AddedToken(
                id: Int32(id), bytes: bytes, isControl: isSpecial, isSingleWord: isSingleWord, stripsLeft: stripsLeft,
                stripsRight: stripsRight)
        }

        /// - Throws: `ModelFileError`.
        init(_ node: JSONNode, id: Int) throws {
            self.id = id
            let member = try node.members()
            content = try node.required("content").bytes()
            guard content.count <= AddedTokens.longestMax else {
                throw node.error(
                    "content", expected: "at most \(AddedTokens.longestMax) bytes", found: "\(content.count)")
            }
            isSingleWord = try member("single_word")?.bool() ?? false
            stripsLeft = try member("lstrip")?.bool() ?? false
            stripsRight = try member("rstrip")?.bool() ?? false
            isSpecial = try member("special")?.bool() ?? false
            isNormalized = try member("normalized")?.bool() ?? !isSpecial
        }

        init(id: Int, special content: [UInt8]) {
            (self.id, self.content, isSpecial, isNormalized) = (id, content, true, false)
        }
    }

    private(set) var added: [Added] = []
    private(set) var bosToken: [UInt8]?
    private(set) var eosToken: [UInt8]?
    private(set) var unknownToken: [UInt8]?
    private(set) var padToken: [UInt8]?
    private(set) var addsBOS: Bool?
    private(set) var addsEOS: Bool?
    private(set) var addsPrefixSpace: Bool?
    private(set) var isLegacy: Bool?
    private(set) var className = ""
    /// Of `generation_config.json`.
    private(set) var endTokens: [Int] = []

    /// - Throws: `ModelFileError`.
    init(folder: String) throws {
        if let node = try JSONNode(folder: folder, .tokenizerConfiguration) {
            let member = try node.members()
            addsBOS = try member("add_bos_token")?.bool()
            addsEOS = try member("add_eos_token")?.bool()
            addsPrefixSpace = try member("add_prefix_space")?.bool()
            isLegacy = try member("legacy")?.bool()
            className = try member("tokenizer_class")?.string() ?? ""
            try readNames(member)
            if let decoder = member("added_tokens_decoder") {
                for token in try decoder.object().members {
                    let child = decoder.child(token.key, try value(token.key, of: decoder))
                    guard let id = Int(token.key), id >= 0, id <= Int(Int32.max) else {
                        throw child.error("key", expected: "a token's number", found: token.key)
                    }
                    added.append(try Added(child, id: id))
                }
            }
        }
        if let node = try JSONNode(folder: folder, .specialTokens) { try readNames(node.members()) }
        if let node = try JSONNode(folder: folder, .generation),
            let ends = try node.member("eos_token_id")
        {
            endTokens = try ends.value.kind == .array ? ends.elements().map { try $0.token() } : [ends.token()]
        }
    }

    private func value(_ name: String, of node: JSONNode) throws -> JSONValue { try node.required(name).value }

    /// Those that are not known yet. A token is a string, or an object with its content.
    private mutating func readNames(_ member: (String) -> JSONNode?) throws {
        func name(_ key: String) throws -> [UInt8]? {
            guard let node = member(key) else { return nil }
            return node.value.kind == .object ? try node.required("content").bytes() : try node.bytes()
        }
        bosToken = try bosToken ?? name("bos_token")
        eosToken = try eosToken ?? name("eos_token")
        unknownToken = try unknownToken ?? name("unk_token")
        padToken = try padToken ?? name("pad_token")
    }

    /// The class without the word that says how it is written.
    var family: String { className.hasSuffix("Fast") ? String(className.dropLast(4)) : className }
}
