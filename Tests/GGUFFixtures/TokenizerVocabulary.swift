/// A small byte-level BPE vocabulary: the 256 bytes (token b is byte b), then one token for each merge in order, then
/// the special ones.
package struct TokenizerVocabulary {
    package var model: String
    package var preTokenizer: String
    /// Pairs of ASCII texts without spaces or control characters.
    package var merges: [(String, String)]
    /// Texts and their token types: 3 for control, 4 for user-defined.
    package var special: [(text: String, type: Int32)]
    /// Bytes that get an unreachable token instead of their own.
    package var missingBytes: Set<UInt8>
    package var bosToken: UInt32?
    package var addsBOS: Bool?

    package init(
        model: String = "gpt2", preTokenizer: String = "gpt-2", merges: [(String, String)] = [],
        special: [(text: String, type: Int32)] = [], missingBytes: Set<UInt8> = [], bosToken: UInt32? = nil,
        addsBOS: Bool? = nil
    ) {
        self.model = model
        self.preTokenizer = preTokenizer
        self.merges = merges
        self.special = special
        self.missingBytes = missingBytes
        self.bosToken = bosToken
        self.addsBOS = addsBOS
    }

    /// How byte-level vocabularies spell `byte`.
    package static func spelling(of byte: UInt8) -> String {
        let standIns = (UInt8.min...UInt8.max).filter {
            !(0x21...0x7E).contains($0) && !(0xA1...0xAC).contains($0) && $0 < 0xAE || $0 == 0xAD
        }
        let scalar = standIns.firstIndex(of: byte).map { 0x100 + UInt32($0) } ?? UInt32(byte)
        return Unicode.Scalar(scalar).map { String(Character($0)) } ?? ""
    }

    package var tokens: [String] {
        let bytes = (UInt8.min...UInt8.max).map { byte in
            missingBytes.contains(byte) ? "[missing \(byte)]" : Self.spelling(of: byte)
        }
        return bytes + merges.map { $0 + $1 } + special.map(\.text)
    }
}

extension GGUFBuilder {
    /// A file with nothing but a tokenizer.
    package init(vocabulary: TokenizerVocabulary) {
        self.init()
        set("tokenizer.ggml.model", .string(vocabulary.model))
        set("tokenizer.ggml.pre", .string(vocabulary.preTokenizer))
        set("tokenizer.ggml.tokens", .strings(vocabulary.tokens))
        let normal = [Int32](repeating: 1, count: 256 + vocabulary.merges.count)
        set("tokenizer.ggml.token_type", .int32s(normal + vocabulary.special.map(\.type)))
        set("tokenizer.ggml.merges", .strings(vocabulary.merges.map { "\($0) \($1)" }))
        if let bosToken = vocabulary.bosToken { set("tokenizer.ggml.bos_token_id", .uint32(bosToken)) }
        if let addsBOS = vocabulary.addsBOS { set("tokenizer.ggml.add_bos_token", .bool(addsBOS)) }
    }
}
