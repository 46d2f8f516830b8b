internal import Diagnostics
import ModelFiles

extension GGUFTokenizer {
    /// `gpt2`: merges, inside the words that the pre-tokenizer named by `tokenizer.ggml.pre` finds.
    func bytePairParts(named model: String) throws -> TokenizerParts {
        let (rule, warnings) = try preTokenizer(of: model)
        let mergeLines = try gguf.metadata.strings("tokenizer.ggml.merges")
        let vocabulary = rule.isByteLevel ? byteLevelVocabulary() : source.vocabulary(findsUserDefined: true)
        let merges = try merges(mergeLines, vocabulary, isByteLevel: rule.isByteLevel)
        let bytes = rule.isByteLevel ? Self.tokenOfByte(vocabulary) : source.tokenOfByte
        let bytePairs = BytePairMerging(
            symbols: rule.isByteLevel ? .bytes : .characters, wholeWords: rule.wholeWords, vocabulary: vocabulary,
            merges: merges, tokenOfByte: bytes)
        var normalizers: [Normalizer] = rule.normalization.map { [.unicode($0)] } ?? []
        if !rule.isByteLevel { normalizers.append(.replace(.literal([0x20]), with: Metaspace.mark)) }
        let steps: PreTokenizer
        do throws(RegexError) {
            steps = try rule.preTokenizer()
        } catch {
            throw self.error(
                "tokenizer.ggml.pre", "pre-tokenizer", expected: "expressions that can be read", found: "\(error)")
        }
        let pipeline = Pipeline(
            needsCharacters: !rule.isByteLevel, addedTokens: try addedTokens(), normalizers: normalizers,
            normalizedTokens: AddedTokens([]), preTokenizer: steps, model: .bytePair(BytePairModel(bytePairs)),
            cuts: rule.isByteLevel
                ? nil : SafeCuts(vocabulary, mark: Metaspace.mark, findable: source.findable(vocabulary)))
        var parts = TokenizerParts(
            pipeline: pipeline, spellings: rule.isByteLevel ? Self.spellings(vocabulary) : source.spellings)
        parts.warnings = warnings
        try complete(&parts, addsBOS: rule.addsBOS)
        let hash = hash { hash in
            for line in mergeLines.indices { mergeLines.withBytes(at: line) { hash.combine($0) } }
        }
        parts.identity =
            "gpt2/\(rule.names[0])\(rule.normalization.map { "+" + $0.rawValue.lowercased() } ?? "") "
            + "tokens=\(source.names.count) merges=\(mergeLines.count) "
            + "bos=\(parts.bosToken.map(String.init) ?? "none") adds_bos=\(parts.addsBOS) fnv1a=\(hash)"
        return parts
    }

    private func preTokenizer(of model: String) throws -> (NamedPreTokenizer, warnings: [String]) {
        let key = "tokenizer.ggml.pre"
        let name = model == "gemma4" ? model : try gguf.metadata.stringIfPresent(key) ?? ""
        guard let rule = NamedPreTokenizer.named(name) else {
            let supported = NamedPreTokenizer.all.flatMap(\.names).filter { !$0.isEmpty }.joined(separator: ", ")
            throw error(key, "pre-tokenizer", expected: "one of \(supported)", found: name.quoted)
        }
        guard name.isEmpty else { return (rule, []) }
        return (
            rule,
            [
                """
                its file does not say how its tokenizer splits texts (no \(key)): they are split as llama.cpp splits \
                them then, which is not how the model was trained
                """
            ]
        )
    }

    // MARK: Byte-level vocabularies

    private func byteLevelVocabulary() -> Vocabulary {
        Vocabulary(count: source.names.count) { id, bytes in
            let kind = source.kinds[id]
            let name = source.names[id]
            if kind.isByteLevel, name.withUnsafeBytes({ ByteLevelAlphabet.decode($0, appendingTo: &bytes) }) {
                return .byItsBytes
            }
            bytes += name
            return kind.isControl || kind.isByteLevel ? .never : .afterOthers
        }
    }

    static func tokenOfByte(_ vocabulary: Vocabulary) -> [Int32] {
        (UInt8.min...UInt8.max).map { byte in
            withUnsafePointer(to: byte) { vocabulary.token(for: UnsafeBufferPointer(start: $0, count: 1)) } ?? -1
        }
    }

    static func spellings(_ vocabulary: Vocabulary) -> Spellings {
        var spellings = Spellings()
        for token in 0..<Int32(vocabulary.count) {
            spellings.append { bytes in vocabulary.withBytes(of: token) { bytes.append(contentsOf: $0) } }
        }
        return spellings
    }

    // MARK: Merges

    /// Each line is two tokens' names with a space between them; earlier lines come first in merging.
    private func merges(
        _ lines: GGUFStringArray, _ vocabulary: Vocabulary, isByteLevel: Bool
    ) throws -> MergeTable {
        var reader = MergeReader(vocabulary: vocabulary, isByteLevel: isByteLevel)
        var merges = MergeTable(capacity: lines.count)
        for line in lines.indices {
            let found = lines.withBytes(at: line) { bytes in
                // A name may begin with a space.
                bytes.dropFirst().firstIndex(of: 0x20).flatMap { space in
                    reader.merge(
                        UnsafeRawBufferPointer(rebasing: bytes[..<space]),
                        UnsafeRawBufferPointer(rebasing: bytes[(space + 1)...]))
                }
            }
            guard let found, line < Int(UInt32.max) else {
                throw error(
                    "tokenizer.ggml.merges", "merge \(line)",
                    expected: "two tokens that together are a third one, with a space between them",
                    found: String(decoding: lines[line].prefix(400), as: UTF8.self).quoted)
            }
            merges.insert(found.left, found.right, MergeTable.Merge(rank: UInt32(line), token: found.token))
        }
        return merges
    }
}

/// Finds the tokens of merges.
struct MergeReader {
    let vocabulary: Vocabulary
    let isByteLevel: Bool
    private var bytes: [UInt8] = []

    init(vocabulary: Vocabulary, isByteLevel: Bool) {
        self.vocabulary = vocabulary
        self.isByteLevel = isByteLevel
    }

    /// The two tokens of these names and the token that they become; nil if one of the three does not exist.
    mutating func merge(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
    ) -> (left: Int32, right: Int32, token: Int32)? {
        bytes.removeAll(keepingCapacity: true)
        guard append(left) else { return nil }
        let middle = bytes.count
        guard append(right) else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            guard let left = vocabulary.token(for: UnsafeBufferPointer(rebasing: bytes[..<middle])),
                let right = vocabulary.token(for: UnsafeBufferPointer(rebasing: bytes[middle...])),
                let token = vocabulary.token(for: bytes)
            else { return nil }
            return (left, right, token)
        }
    }

    private mutating func append(_ name: UnsafeRawBufferPointer) -> Bool {
        if isByteLevel { return ByteLevelAlphabet.decode(name, appendingTo: &bytes) }
        bytes.append(contentsOf: name)
        return true
    }
}
