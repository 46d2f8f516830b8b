internal import Diagnostics
import ModelFiles

/// What a GGUF file says about its tokenizer, checked.
struct TokenizerDefinition {
    let preTokenizer: PreTokenizer
    let vocabulary: Vocabulary
    /// Keyed by `BytePairMerges.pairKey`.
    let merges: [UInt64: BytePairMerges.Merge]
    let bosToken: Int32?
    let addsBOS: Bool
    let endTokens: Set<Int32>
    let identity: String
    /// What the file says that is passed over, each a sentence.
    let warnings: [String]

    /// - Throws: `ModelFileError`.
    init(_ gguf: GGUFFile) throws {
        warnings = try TokenizerKeys(gguf).check()
        preTokenizer = try Self.preTokenizer(gguf)
        let spellings = try gguf.metadata.strings("tokenizer.ggml.tokens")
        let kinds = try Self.kinds(gguf, count: spellings.count)
        let mergeLines = try gguf.metadata.strings("tokenizer.ggml.merges")
        vocabulary = Vocabulary(spellings: spellings, kinds: kinds)
        merges = try Self.merges(gguf, mergeLines, vocabulary)
        bosToken = try Self.bosToken(gguf, count: spellings.count)
        addsBOS = try Self.addsBOS(gguf, bosToken, preTokenizer)
        endTokens = try Self.endTokens(gguf, vocabulary)

        var hash = FNV1a()
        for strings in [spellings, mergeLines] {
            for index in strings.indices { strings.withBytes(at: index) { hash.combine($0) } }
        }
        for kind in kinds { hash.combine(byte: UInt8(kind.rawValue)) }
        identity =
            "gpt2/\(preTokenizer.names[0]) tokens=\(spellings.count) merges=\(mergeLines.count) "
            + "bos=\(bosToken.map(String.init) ?? "none") adds_bos=\(addsBOS) fnv1a=\(hash.hexadecimal)"
    }

    // MARK: Parts

    private static func preTokenizer(_ gguf: GGUFFile) throws -> PreTokenizer {
        let modelKey = "tokenizer.ggml.model"
        let model = try gguf.metadata.string(modelKey)
        guard model == "gpt2" else {
            throw error(
                gguf, modelKey, "tokenizer", expected: "\"gpt2\" (byte-level BPE), the one supported",
                found: model.quoted)
        }
        let key = "tokenizer.ggml.pre"
        let name = try gguf.metadata.string(key)
        guard let preTokenizer = PreTokenizer.allCases.first(where: { $0.names.contains(name) }) else {
            let supported = PreTokenizer.allCases.flatMap(\.names).joined(separator: ", ")
            throw error(
                gguf, key, "pre-tokenizer", expected: "one of \(supported)", found: name.quoted)
        }
        return preTokenizer
    }

    private static func kinds(_ gguf: GGUFFile, count: Int) throws -> [TokenKind] {
        guard count > 0, count <= Int(Int32.max) else {
            throw error(gguf, "tokenizer.ggml.tokens", "count", expected: "1 to \(Int32.max)", found: "\(count)")
        }
        let key = "tokenizer.ggml.token_type"
        guard let numbers = try gguf.metadata.integersIfPresent(key) else {
            return Array(repeating: .normal, count: count)
        }
        guard numbers.count == count else {
            throw error(
                gguf, key, "count", expected: "one for each of the \(count) tokens", found: "\(numbers.count)")
        }
        return try numbers.enumerated().map { index, number in
            guard let kind = TokenKind(rawValue: number) else {
                throw error(gguf, key, "type of token \(index)", expected: "0 to 6", found: "\(number)")
            }
            return kind
        }
    }

    /// Each line is two tokens' spellings with a space between them; earlier lines come first in merging.
    private static func merges(
        _ gguf: GGUFFile, _ lines: GGUFStringArray, _ vocabulary: Vocabulary
    ) throws -> [UInt64: BytePairMerges.Merge] {
        var merges: [UInt64: BytePairMerges.Merge] = [:]
        merges.reserveCapacity(lines.count)
        var bytes: [UInt8] = []
        for (rank, line) in lines.indices.enumerated() {
            let found = lines.withBytes(at: line) { pair(spelledBy: $0, vocabulary, &bytes) }
            guard let pair = found, rank < Int(UInt32.max) else {
                throw error(
                    gguf, "tokenizer.ggml.merges", "merge \(line)",
                    expected: "two tokens that together are a third one, with a space between them",
                    found: String(decoding: lines[line].prefix(400), as: UTF8.self).quoted)
            }
            let key = BytePairMerges.pairKey(pair.left, pair.right)
            if merges[key] == nil { merges[key] = BytePairMerges.Merge(rank: UInt32(rank), token: pair.merged) }
        }
        return merges
    }

    /// The two tokens of a merge and the token that they become; nil if one of the three does not exist. `bytes` is
    /// scratch.
    private static func pair(
        spelledBy line: UnsafeRawBufferPointer, _ vocabulary: Vocabulary, _ bytes: inout [UInt8]
    ) -> (left: Int32, right: Int32, merged: Int32)? {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return nil }
        bytes.removeAll(keepingCapacity: true)
        guard ByteLevelAlphabet.decode(UnsafeRawBufferPointer(rebasing: line[..<space]), appendingTo: &bytes) else {
            return nil
        }
        let middle = bytes.count
        let rest = UnsafeRawBufferPointer(rebasing: line[(space + 1)...])
        guard ByteLevelAlphabet.decode(rest, appendingTo: &bytes) else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            guard let left = vocabulary.token(for: UnsafeBufferPointer(rebasing: bytes[..<middle])),
                let right = vocabulary.token(for: UnsafeBufferPointer(rebasing: bytes[middle...])),
                let merged = vocabulary.token(for: bytes)
            else { return nil }
            return (left, right, merged)
        }
    }

    private static func bosToken(_ gguf: GGUFFile, count: Int) throws -> Int32? {
        let key = "tokenizer.ggml.bos_token_id"
        guard let id = try gguf.metadata.unsignedIfPresent(key) else { return nil }
        guard id < count else {
            throw error(gguf, key, "token", expected: "less than \(count), the number of tokens", found: "\(id)")
        }
        return Int32(id)
    }

    private static func addsBOS(_ gguf: GGUFFile, _ bosToken: Int32?, _ preTokenizer: PreTokenizer) throws -> Bool {
        let key = "tokenizer.ggml.add_bos_token"
        guard let addsBOS = try gguf.metadata.boolIfPresent(key) else {
            return preTokenizer.addsBOS && bosToken != nil
        }
        guard !addsBOS || bosToken != nil else {
            throw error(
                gguf, key, "value", expected: "false without a tokenizer.ggml.bos_token_id", found: "true")
        }
        return addsBOS
    }

    /// Spellings of tokens with which models end what they say, whatever else their files call them.
    private static let ends = [
        "</s>", "<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>",
        "<end_of_turn>",
    ]

    private static func endTokens(_ gguf: GGUFFile, _ vocabulary: Vocabulary) throws -> Set<Int32> {
        var tokens: Set<Int32> = []
        for name in ["eos_token_id", "eos_token_ids", "eot_token_id", "eom_token_id", "eog_token_ids"] {
            // Some files have -1 for a token that they lack.
            for id in try gguf.metadata.numbersIfPresent("tokenizer.ggml." + name) ?? [] {
                guard let token = Int32(exactly: id), token >= 0, token < vocabulary.count else { continue }
                tokens.insert(token)
            }
        }
        let spellings = Set(ends.map { Array($0.utf8) })
        for (id, kind) in vocabulary.kinds.enumerated() where kind.isControl {
            if vocabulary.withBytes(of: Int32(id), { spellings.contains(Array($0)) }) { tokens.insert(Int32(id)) }
        }
        return tokens
    }

    private static func error(
        _ gguf: GGUFFile, _ key: String, _ what: String, expected: String, found: String
    ) -> ModelFileError {
        ModelFileError(file: gguf.path, place: .key(key), what: what, expected: expected, found: found)
    }
}

/// The 64-bit FNV-1a hash: stable from run to run and machine to machine, unlike `Hasher`.
private struct FNV1a {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func combine(byte: UInt8) {
        state = (state ^ UInt64(byte)) &* 0x100_0000_01B3
    }

    /// The bytes and their number, so that the borders between strings count.
    mutating func combine(_ bytes: UnsafeRawBufferPointer) {
        withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { for byte in $0 { combine(byte: byte) } }
        for byte in bytes { combine(byte: byte) }
    }

    var hexadecimal: String {
        let digits = String(state, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
