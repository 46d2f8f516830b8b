internal import Diagnostics
internal import JSON
import ModelFiles

/// The tokenizer of a `tokenizer.json` (https://github.com/huggingface/tokenizers).
struct TokenizerJSON {
    let root: JSONNode
    let settings: TokenizerSettings
    let model: JSONNode
    /// The members of the root and of the model: finding them takes a walk over all that they hold, which is done once.
    let rootMember: (String) -> JSONNode?
    let modelMember: (String) -> JSONNode?
    /// Those of `added_tokens` and of `tokenizer_config.json`, by number.
    private(set) var added: [TokenizerSettings.Added] = []
    /// The model's own tokens by number; nil where a number has none.
    private(set) var names: [[UInt8]?] = []
    /// Of a unigram model.
    private(set) var scores: [Double] = []
    private(set) var kinds: [TokenKind] = []

    let normalizers: [Normalizer]
    let preTokenizer: PreTokenizer
    let isByteLevel: Bool
    let type: String

    /// - Throws: `ModelFileError`.
    static func parts(_ root: JSONNode, _ settings: TokenizerSettings) throws -> TokenizerParts {
        let file = try TokenizerJSON(root, settings)
        return file.type == "Unigram" ? try file.unigramParts() : try file.bytePairParts()
    }

    private init(_ root: JSONNode, _ settings: TokenizerSettings) throws {
        (self.root, self.settings) = (root, settings)
        let member = try root.members()
        rootMember = member
        guard let model = member("model") else {
            throw root.error("member \"model\"", expected: "it to be present", found: "none")
        }
        self.model = model
        modelMember = try model.members()
        type = try modelMember("type")?.string() ?? (modelMember("merges") == nil ? "" : "BPE")
        guard type == "BPE" || type == "Unigram" else {
            throw model.error("type", expected: "BPE or Unigram, which are supported", found: type.quoted)
        }
        normalizers = try member("normalizer").map { try TokenizerSteps.normalizers($0) } ?? []
        (preTokenizer, isByteLevel) =
            try member("pre_tokenizer").map {
                try TokenizerSteps.preTokenizer($0, addsPrefixSpace: settings.addsPrefixSpace)
            } ?? (PreTokenizer(), false)
        try readAdded(member("added_tokens"))
        if type == "Unigram" { try readScores() } else { try readVocabulary() }
        try setKinds()
    }

    func modelRequired(_ name: String) throws -> JSONNode {
        guard let node = modelMember(name) else {
            throw model.error("member \(name.quoted)", expected: "it to be present", found: "none")
        }
        return node
    }

    // MARK: Tokens

    private mutating func readAdded(_ node: JSONNode?) throws {
        for element in try node?.elements() ?? [] {
            added.append(try TokenizerSettings.Added(element, id: element.required("id").token()))
        }
        let known = Set(added.map(\.content))
        added += settings.added.filter { !known.contains($0.content) }
        let byNumber = Dictionary(grouping: added, by: \.id)
        if let (id, _) = byNumber.first(where: { $0.value.count > 1 && Set($0.value.map(\.content)).count > 1 }) {
            throw (node ?? root).error("added tokens", expected: "each number once", found: "\(id) again")
        }
    }

    private mutating func set(_ name: [UInt8], number: Int, count: Int, _ node: JSONNode) throws {
        // A few numbers may be free, but not so many that a small file takes much memory.
        guard number < 4 * (count + added.count) + 65536 else {
            throw node.error("number", expected: "one near those of the other \(count) tokens", found: "\(number)")
        }
        while names.count <= number { names.append(nil) }
        guard names[number] == nil else {
            throw node.error("number", expected: "each number once", found: "\(number) again")
        }
        names[number] = name
    }

    private mutating func readVocabulary() throws {
        let node = try modelRequired("vocab")
        let members = try node.object().members
        for member in members {
            let value = node.value.bytes[member.valueRange]
            guard let number = JSONNode.integer(value) else {
                throw node.error(
                    "number of \(member.key.quoted)", expected: "a whole number from 0 to \(Int32.max)",
                    found: String(decoding: value.prefix(40), as: UTF8.self).quoted)
            }
            try set(Array(member.key.utf8), number: number, count: members.count, node)
        }
    }

    private mutating func readScores() throws {
        let node = try modelRequired("vocab")
        guard let elements = node.value.elements else { _ = try node.elements(); return }
        for (number, element) in elements.enumerated() {
            guard let pair = element.elements, pair.count == 2, let name = JSONNode.bytes(of: pair[0]),
                let score = ReferenceNumber.value(of: pair[1])
            else {
                throw node.error("token \(number)", expected: "a text and a number", found: "something else")
            }
            names.append(name)
            scores.append(score)
        }
    }

    private mutating func setKinds() throws {
        for token in added {
            guard token.id < 4 * (names.count + added.count) + 65536 else {
                throw root.error(
                    "added token \(token.id)", expected: "a number near those of the other tokens",
                    found: "\(token.id)")
            }
            while names.count <= token.id { names.append(nil) }
        }
        guard !names.isEmpty else { throw model.error("vocab", expected: "tokens", found: "none") }
        kinds = names.map { $0 == nil ? .unused : .normal }
        if try modelMember("byte_fallback")?.bool() ?? false {
            for (id, name) in names.enumerated() where name.map({ TokenNames.byte($0) != nil }) == true {
                kinds[id] = .byte
            }
        }
        for token in added { kinds[token.id] = token.isSpecial ? .control : .userDefined }
    }

    /// A token's name, that of the added token if it is one.
    var source: VocabularySource {
        var names = names.enumerated().map { $1 ?? Array("[PAD\($0)]".utf8) }
        for token in added { names[token.id] = token.content }
        return VocabularySource(names: names, kinds: kinds)
    }

    /// The token of that name, an added one first.
    func token(named name: [UInt8]?) -> Int32? {
        guard let name else { return nil }
        if let token = added.first(where: { $0.content == name }) { return Int32(token.id) }
        return names.firstIndex(of: name).map { Int32($0) }
    }

    // MARK: Stages

    /// The added tokens that are found before the normalizers, and those that are found behind them.
    func addedTokens() -> (raw: AddedTokens, normalized: AddedTokens) {
        var scratch = RegexScratch()
        let raw = added.filter { !$0.isNormalized }.map { $0.token(bytes: $0.content) }
        let normalized = added.filter(\.isNormalized).map { token in
            token.token(bytes: Self.normalized(token.content, normalizers[...], &scratch))
        }
        return (AddedTokens(raw), AddedTokens(normalized))
    }

    private static func normalized(
        _ bytes: [UInt8], _ normalizers: ArraySlice<Normalizer>, _ scratch: inout RegexScratch
    ) -> [UInt8] {
        var bytes = bytes
        for normalizer in normalizers {
            let result = bytes.withUnsafeBufferPointer { normalizer.normalized($0, &scratch) }
            if let result { bytes = result.bytes }
        }
        return bytes
    }

    /// A pipeline around a model.
    func pipeline(_ model: Pipeline.Model, _ vocabulary: Vocabulary, findable: [Int32]) -> Pipeline {
        let tokens = addedTokens()
        // A unigram model's sums round by what stands before: it gets the whole text, as in the reference.
        let isCut = type == "BPE" && !isByteLevel && preTokenizer.leavesTextWhole
        return Pipeline(
            needsCharacters: !isByteLevel, addedTokens: tokens.raw, normalizers: normalizers,
            normalizedTokens: tokens.normalized, preTokenizer: preTokenizer, model: model,
            cuts: isCut ? SafeCuts(vocabulary, mark: Metaspace.mark, findable: findable) : nil)
    }
}

/// Numbers as `tokenizers` reads them: its JSON reader rounds twice, so that the last bit may differ from the nearest
/// number, and sums of such scores that nearly tie differ as well.
enum ReferenceNumber {
    /// Nil for what is no number, or too large a one.
    static func value(of value: JSONValue) -> Double? {
        guard value.kind == .number else { return nil }
        var digits: UInt64 = 0
        var exponent = 0
        var isNegative = false
        var isFraction = false
        // Digits behind the first one that does not fit are passed over.
        var isFull = false
        var characters = value.bytes[value.range]
        if characters.first == UInt8(ascii: "-") {
            isNegative = true
            characters.removeFirst()
        }
        while let character = characters.popFirst() {
            switch character {
            case 0x30...0x39:
                let (tens, tensOverflow) = digits.multipliedReportingOverflow(by: 10)
                let (sum, sumOverflow) = tens.addingReportingOverflow(UInt64(character - 0x30))
                isFull = isFull || tensOverflow || sumOverflow
                if !isFull { digits = sum }
                if isFull != isFraction { exponent += isFull ? 1 : -1 }
            case UInt8(ascii: "."): isFraction = true
            default:
                // The exponent.
                guard let number = Int(String(decoding: characters, as: UTF8.self)), abs(number) < 1 << 20 else {
                    return nil
                }
                exponent += number
                characters = []
            }
        }
        var result = Double(digits)
        while exponent < -308, result != 0 {
            result /= 1e308
            exponent += 308
        }
        guard result != 0 else { return isNegative ? -0.0 : 0 }
        guard exponent <= 308, let power = Double("1e\(abs(exponent))") else { return nil }
        result = exponent >= 0 ? result * power : result / power
        guard result.isFinite else { return nil }
        return isNegative ? -result : result
    }
}
