internal import Digest
internal import JobStore
internal import Protocol

/// Names a text in eight bytes. Blanks and line breaks at its ends do not count, and of several in it one.
struct PromptDigest: Hashable, Sendable {
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
    init(_ item: RenderedItem) {
        let texts = [item.prompt.text] + item.responses.map(\.text)
        self.init(Array(texts.joined(separator: "\n").utf8))
    }
}

/// The prompts of the pairs that a direction was fitted on, as they are rendered: rows of these it flatters.
struct FittedPrompts: Hashable, Sendable {
    private(set) var prompts: Set<PromptDigest> = []

    /// Prompts with their responses, where all pairs have one prompt: that one alone tells nothing of rows that all have it.
    private(set) var texts: Set<PromptDigest> = []

    init() {}

    /// - Parameter rows: those of the step's that count; nil: all.
    /// - Throws: a database error.
    mutating func add(_ step: StepID, of ledger: Ledger, rows: Set<UInt64>? = nil) throws {
        try ledger.forEachItem(of: step) { item in
            guard rows?.contains(item.row) ?? true else { return }
            prompts.insert(PromptDigest(Array(item.text.prompt.text.utf8)))
            if prompts.count == 1 { texts.insert(PromptDigest(item.text)) } else { texts = [] }
        }
    }

    /// - Parameters:
    ///   - prompt: of a row.
    ///   - text: of the row, its responses included, where all rows have one prompt.
    func contains(_ prompt: PromptDigest, text: PromptDigest?) -> Bool {
        if let text, prompts.count == 1 { return texts.contains(text) }
        return prompts.contains(prompt)
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
    func prompts(of step: StepID) throws -> [UInt64: Int] { try numbers(of: [step]).numbers }

    /// Which of the job's rows, in some steps of theirs, have the same prompt: those of the same number. Where all have one,
    /// those with the same responses, too: nothing says that the others resemble one another.
    ///
    /// - Throws: a database error.
    func rowPrompts(of steps: [StepID]) throws -> (numbers: [UInt64: Int], texts: [UInt64: PromptDigest]?) {
        let prompts = try numbers(of: steps)
        guard prompts.count == 1 else { return (prompts.numbers, nil) }
        var texts: [UInt64: PromptDigest] = [:]
        for step in steps {
            try forEachItem(of: step) { texts[$0.row] = PromptDigest($0.text) }
        }
        var known: [PromptDigest: Int] = [:]
        var numbers: [UInt64: Int] = [:]
        for row in texts.keys.sorted() {
            guard let text = texts[row] else { continue }
            numbers[row] = known[text] ?? known.count
            known[text] = numbers[row]
        }
        return (numbers, texts)
    }

    /// In the order of the prompts' bytes.
    private func numbers(of steps: [StepID]) throws -> (numbers: [UInt64: Int], count: Int) {
        var numbers: [UInt64: Int] = [:]
        var known: [PromptDigest: Int] = [:]
        var last: (prompt: [UInt8], number: Int)?
        try forEachTextByPrompt(of: steps) { _, text in
            if last?.prompt != text.prompt {
                let digest = PromptDigest(text.prompt)
                let number = known[digest] ?? known.count
                known[digest] = number
                last = (text.prompt, number)
            }
            numbers[text.row] = last?.number
        }
        return (numbers, known.count)
    }
}
