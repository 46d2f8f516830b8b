internal import Digest
internal import JobStore
internal import Protocol

/// Names a text in eight bytes. Blanks and line breaks at its ends do not count, and of several in it one.
struct PromptDigest: Hashable, Codable, Sendable {
    let value: UInt64

    init(value: UInt64) { self.value = value }

    /// - Parameter text: UTF-8.
    init(_ text: [UInt8]) {
        var flat: [UInt8] = []
        flat.reserveCapacity(text.count)
        for byte in text {
            let isBlank = byte == UInt8(ascii: " ") || (UInt8(ascii: "\t")...UInt8(ascii: "\r")).contains(byte)
            if !isBlank {
                flat.append(byte)
            } else if flat.last.map({ $0 != UInt8(ascii: " ") }) ?? false {
                flat.append(0x20)
            }
        }
        if flat.last == UInt8(ascii: " ") { flat.removeLast() }
        value = SHA256Digest(of: flat).prefix
    }

    /// Of a prompt and its responses.
    ///
    /// - Parameter references: responses before the row's own, which every row has.
    init(_ item: RenderedItem, references: Int = 0) {
        let texts = [item.prompt.text] + item.responses.dropFirst(references).map(\.text)
        self.init(Array(texts.joined(separator: "\n").utf8))
    }
}

/// The prompts of the pairs that a direction was fitted on, as they are rendered: rows of these it flatters.
struct FittedPrompts: Hashable, Sendable {
    private(set) var prompts: Set<PromptDigest> = []

    /// The prompts with their responses.
    private(set) var texts: Set<PromptDigest> = []

    init() {}

    /// - Parameters:
    ///   - rows: those of the step's that count; nil: all.
    ///   - references: responses before each row's own.
    /// - Throws: a database error, or `Problem` for a text that is damaged.
    mutating func add(_ step: StepID, of ledger: Ledger, rows: Set<UInt64>? = nil, references: Int = 0) throws {
        try ledger.forEachItem(of: step) { item in
            guard rows?.contains(item.row) ?? true else { return }
            prompts.insert(PromptDigest(Array(item.text.prompt.text.utf8)))
            texts.insert(PromptDigest(item.text, references: references))
        }
    }

    /// - Parameters:
    ///   - prompt: of a row.
    ///   - text: of the row, its responses included, where its prompt is one that most rows have, which alone tells nothing.
    func contains(_ prompt: PromptDigest, text: PromptDigest?) -> Bool {
        text.map(texts.contains) ?? prompts.contains(prompt)
    }

    var isEmpty: Bool { prompts.isEmpty }
}

extension FittedPrompts {
    private static let digits = 16

    /// In hexadecimal, ascending.
    var serialized: (prompts: String, texts: String) { (Self.serialized(prompts), Self.serialized(texts)) }

    private static func serialized(_ digests: Set<PromptDigest>) -> String {
        digests.map(\.value).sorted().map { value in
            let text = String(value, radix: 16)
            return String(repeating: "0", count: digits - text.count) + text
        }.joined()
    }

    /// nil for texts that are none of these.
    init?(prompts: String, texts: String) {
        func digests(_ text: String) -> Set<PromptDigest>? {
            let bytes = Array(text.utf8)
            guard bytes.count.isMultiple(of: Self.digits) else { return nil }
            var digests: Set<PromptDigest> = []
            for start in stride(from: 0, to: bytes.count, by: Self.digits) {
                let hexadecimal = String(decoding: bytes[start..<start + Self.digits], as: UTF8.self)
                guard let value = UInt64(hexadecimal, radix: 16) else { return nil }
                digests.insert(PromptDigest(value: value))
            }
            return digests
        }
        guard let prompts = digests(prompts), let texts = digests(texts) else { return nil }
        (self.prompts, self.texts) = (prompts, texts)
    }
}

extension Ledger {
    /// Which rows of a step have the same prompt, as it is rendered and but for blanks: those of the same number.
    ///
    /// - Throws: a database error.
    func prompts(of step: StepID) throws -> [UInt64: Int] { try rowPrompts(of: [step], common: nil).numbers }

    /// Which of the job's rows, in some steps of theirs, have the same prompt: those of the same number.
    ///
    /// - Parameters:
    ///   - common: of the rows that have this prompt, those with the same responses have the same number.
    ///   - references: responses before each row's own.
    /// - Returns: the numbers, and of rows with the common prompt their texts, responses included.
    /// - Throws: a database error, or `Problem` for a text that is damaged.
    func rowPrompts(
        of steps: [StepID], common: PromptDigest?, references: Int = 0
    ) throws -> (numbers: [UInt64: Int], texts: [UInt64: PromptDigest]) {
        var numbers: [UInt64: Int] = [:]
        var known: [PromptDigest: Int] = [:]
        func number(_ row: UInt64, _ digest: PromptDigest) {
            let number = known[digest] ?? known.count
            known[digest] = number
            numbers[row] = number
        }
        var texts: [UInt64: PromptDigest] = [:]
        if let common {
            for step in steps {
                try forEachItem(of: step) { item in
                    guard PromptDigest(Array(item.text.prompt.text.utf8)) == common else { return }
                    texts[item.row] = PromptDigest(item.text, references: references)
                }
            }
        }
        try forEachPrompt(of: steps) { _, row, prompt in number(row, texts[row] ?? prompt) }
        return (numbers, texts)
    }

    /// How many rows of a step have the same responses as a row of another group.
    ///
    /// - Parameter groups: of the rows that count.
    /// - Throws: a database error, or `Problem` for a text that is damaged.
    func repeatedRows(of step: StepID, groups: [UInt64: Int]) throws -> Int {
        var rows: [PromptDigest: (count: Int, groups: Set<Int>)] = [:]
        try forEachItem(of: step) { item in
            guard let group = groups[item.row] else { return }
            let responses = PromptDigest(Array(item.text.responses.map(\.text).joined(separator: "\n").utf8))
            rows[responses, default: (0, [])].count += 1
            rows[responses]?.groups.insert(group)
        }
        return rows.values.reduce(0) { $0 + ($1.groups.count > 1 ? $1.count : 0) }
    }

    /// Calls `body` with every row of some steps, in the order of the prompts' bytes.
    func forEachPrompt(of steps: [StepID], _ body: (StepID, _ row: UInt64, PromptDigest) throws -> Void) throws {
        var last: (prompt: [UInt8], digest: PromptDigest)?
        try forEachTextByPrompt(of: steps) { step, text in
            let digest = last.flatMap { $0.prompt == text.prompt ? $0.digest : nil } ?? PromptDigest(text.prompt)
            last = (text.prompt, digest)
            try body(step, text.row, digest)
        }
    }
}
