internal import Diagnostics
internal import JSON
import ModelFiles

extension TokenizerJSON {
    // MARK: Byte-pair encoding

    /// - Throws: `ModelFileError`.
    func bytePairParts() throws -> TokenizerParts {
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard let node = modelMember(name), try !node.string().isEmpty else { continue }
            throw node.error("value", expected: "none: that is not supported", found: try node.string().quoted)
        }
        if let node = modelMember("dropout"), try node.number() != 0 {
            throw node.error("value", expected: "none: tokens must not depend on chance", found: "\(try node.number())")
        }
        let vocabulary = modelVocabulary()
        let source = source
        let takesBytes = try modelMember("byte_fallback")?.bool() ?? false
        let unknown = try modelMember("unk_token")?.bytes()
        let bytes =
            isByteLevel
            ? GGUFTokenizer.tokenOfByte(vocabulary)
            : takesBytes ? source.tokenOfByte : [Int32](repeating: -1, count: 256)
        var hash = FNV1a()
        for name in source.names { hash.combine(name) }
        let merges = try readMerges(&hash)
        let model = BytePairModel(
            BytePairMerging(
                symbols: isByteLevel ? .bytes : .characters,
                wholeWords: try modelMember("ignore_merges")?.bool() ?? false ? .always : .never,
                vocabulary: vocabulary, merges: merges.table, tokenOfByte: bytes, unknown: token(named: unknown),
                fusesUnknown: try modelMember("fuse_unk")?.bool() ?? false))
        let findable = source.findable(vocabulary)
        var parts = TokenizerParts(
            pipeline: pipeline(.bytePair(model), vocabulary, findable: findable),
            spellings: isByteLevel ? byteLevelSpellings() : source.spellings)
        try TokenizerAdditions(self).complete(&parts)
        parts.identity = identity(parts, mergeCount: merges.count, &hash)
        return parts
    }

    /// The model's tokens, by the bytes that it finds them by; control tokens are not found.
    private func modelVocabulary() -> Vocabulary {
        Vocabulary(count: names.count) { id, bytes in
            guard let name = names[id] else { return .never }
            let isText =
                !isByteLevel || name.withUnsafeBytes { ByteLevelAlphabet.decode($0, appendingTo: &bytes) }
            if !isByteLevel || !isText { bytes += name }
            return isText && !kinds[id].isControl && kinds[id] != .byte ? .byItsBytes : .never
        }
    }

    private func byteLevelSpellings() -> Spellings {
        var spellings = Spellings()
        let contents = Dictionary(added.map { ($0.id, $0.content) }, uniquingKeysWith: { first, _ in first })
        for (id, name) in names.enumerated() {
            spellings.append { bytes in
                let name = contents[id] ?? name ?? []
                if contents[id] != nil || !name.withUnsafeBytes({ ByteLevelAlphabet.decode($0, appendingTo: &bytes) }) {
                    bytes += name
                }
            }
        }
        return spellings
    }

    /// Each merge is `"a b"` or `["a", "b"]`; earlier ones come first in merging.
    ///
    /// - Parameter hash: takes in the lines that a GGUF file would have.
    private func readMerges(_ hash: inout FNV1a) throws -> (table: MergeTable, count: Int) {
        let node = try modelRequired("merges")
        guard let elements = node.value.elements else {
            _ = try node.elements()
            return (MergeTable(capacity: 0), 0)
        }
        let byName = Vocabulary(count: names.count) { id, bytes in
            bytes += names[id] ?? []
            return names[id] == nil ? .never : .byItsBytes
        }
        var merges = MergeTable(capacity: elements.count)
        for (rank, element) in elements.enumerated() {
            guard let line = Self.mergeLine(element), let space = line.space else {
                throw node.error(
                    "merge \(rank)", expected: "two tokens", found: Self.excerpt(element).quoted)
            }
            hash.combine(line.bytes)
            let found = line.bytes.withUnsafeBufferPointer { bytes in
                let joined = Array(bytes[..<space]) + Array(bytes[(space + 1)...])
                return (
                    byName.token(for: UnsafeBufferPointer(rebasing: bytes[..<space])),
                    byName.token(for: UnsafeBufferPointer(rebasing: bytes[(space + 1)...])),
                    joined.withUnsafeBufferPointer { byName.token(for: $0) }
                )
            }
            guard let left = found.0, let right = found.1, let token = found.2 else {
                throw node.error(
                    "merge \(rank)", expected: "two tokens that together are a third one",
                    found: String(decoding: line.bytes.prefix(400), as: UTF8.self).quoted)
            }
            // Nothing becomes a control token.
            guard !kinds[Int(token)].isControl else { continue }
            let merge = MergeTable.Merge(rank: UInt32(truncatingIfNeeded: rank), token: token)
            // Of a pair that occurs twice the last one counts.
            merges.insert(left, right, merge, replaces: true)
        }
        return (merges, elements.count)
    }

    private static func excerpt(_ element: JSONValue) -> String {
        String(decoding: element.bytes[element.range].prefix(400), as: UTF8.self)
    }

    /// The two tokens with a space between them, and where that is.
    private static func mergeLine(_ element: JSONValue) -> (bytes: [UInt8], space: Int?)? {
        if let line = JSONNode.bytes(of: element) {
            guard let space = line.firstIndex(of: 0x20) else { return nil }
            return (line, line[(space + 1)...].contains(0x20) ? nil : space)
        }
        guard let pair = element.elements, pair.count == 2, let left = JSONNode.bytes(of: pair[0]),
            let right = JSONNode.bytes(of: pair[1])
        else { return nil }
        return (left + [0x20] + right, left.count)
    }

    // MARK: Unigram

    /// - Throws: `ModelFileError`.
    func unigramParts() throws -> TokenizerParts {
        guard !isByteLevel else {
            throw model.error(
                "type", expected: "BPE behind a byte-level pre-tokenizer",
                found: "Unigram, which is not supported there")
        }
        let vocabulary = modelVocabulary()
        let source = source
        var unknown: Int32?
        if let node = modelMember("unk_id") {
            let id = try node.token()
            guard id < scores.count else {
                throw node.error("value", expected: "less than \(scores.count), the number of tokens", found: "\(id)")
            }
            unknown = Int32(id)
        }
        let bytes = source.tokenOfByte
        let takesBytes = try modelMember("byte_fallback")?.bool() ?? false
        let findable = source.findable(vocabulary)
        let model = UnigramModel(
            vocabulary: vocabulary, scores: scores, findable: findable,
            ordinary: (0..<Int32(scores.count)).map { $0 }, unknown: unknown, fusesUnknown: true,
            arithmetic: .double, tokenOfByte: takesBytes && !bytes.contains(-1) ? bytes : nil)
        var parts = TokenizerParts(
            pipeline: pipeline(.unigram(model), vocabulary, findable: findable), spellings: source.spellings)
        try TokenizerAdditions(self).complete(&parts)
        var hash = FNV1a()
        for name in source.names { hash.combine(name) }
        for score in scores { withUnsafeBytes(of: score.bitPattern.littleEndian) { hash.combine($0) } }
        parts.identity = identity(parts, mergeCount: nil, &hash)
        return parts
    }

    // MARK: Identity

    /// That of the GGUF file with the same tokens, merges and rules, where there can be one; else one that names the
    /// kind.
    ///
    /// - Parameter hash: over the names and merges or scores.
    private func identity(_ parts: TokenizerParts, mergeCount: Int?, _ hash: inout FNV1a) -> String {
        for kind in kinds { hash.combine(byte: UInt8(kind.rawValue)) }
        let counts = "tokens=\(names.count)\(mergeCount.map { " merges=\($0)" } ?? "")"
        let bos = "bos=\(parts.bosToken.map(String.init) ?? "none") adds_bos=\(parts.addsBOS)"
        if let name = nameInGGUF { return "gpt2/\(name) \(counts) \(bos) fnv1a=\(hash.hexadecimal)" }
        // Whatever else changes what a text becomes, as the file spells it.
        for part in [rootMember("normalizer"), rootMember("pre_tokenizer")] {
            hash.combine(part.map { Array($0.value.bytes[$0.value.range]) } ?? [])
        }
        for token in added {
            hash.combine(token.content)
            for flag in [token.isSingleWord, token.stripsLeft, token.stripsRight, token.isNormalized] {
                hash.combine(byte: flag ? 1 : 0)
            }
        }
        for name in ["unk_token", "unk_id", "fuse_unk", "byte_fallback", "ignore_merges"] {
            hash.combine(modelMember(name).map { Array($0.value.bytes[$0.value.range]) } ?? [])
        }
        return "json/\(type.lowercased()) \(counts) \(bos) prefix_space="
            + "\(settings.addsPrefixSpace.map { "\($0)" } ?? "unsaid") fnv1a=\(hash.hexadecimal)"
    }

    /// What a GGUF file calls these rules, and that they are no others.
    private var nameInGGUF: String? {
        let hasPlainTokens = added.allSatisfy { !$0.isSingleWord && !$0.stripsLeft && !$0.stripsRight }
        guard isByteLevel, hasPlainTokens, modelMember("unk_token") == nil, type == "BPE" else { return nil }
        let takesWords = (try? modelMember("ignore_merges")?.bool()) ?? false
        let form: UnicodeNormalizer.Form?
        switch normalizers.first {
        case nil: form = nil
        case .unicode(let known)? where normalizers.count == 1: form = known
        default: return nil
        }
        let rule = NamedPreTokenizer.all.first { rule in
            rule.isByteLevel && rule.normalization == form && rule.wholeWords == (takesWords ? .always : .never)
                && (try? rule.preTokenizer().description) == preTokenizer.description
        }
        return rule.map { $0.names[0] + ($0.normalization.map { "+" + $0.rawValue.lowercased() } ?? "") }
    }
}
