/// A text as the tokenizer is to see it: UTF-8, with the places where control tokens are meant.
///
/// Templates write control tokens such as `<|im_start|>` in plain text. Only inside `controlRanges` are they read
/// as such; anywhere else, in a prompt or a response that somebody typed, the same characters are ordinary text.
package struct RenderedText: Hashable, Sendable {
    package var text: String

    /// Byte ranges of `text.utf8` that the template wrote, ascending, not overlapping, on character boundaries.
    package var controlRanges: [Range<Int>]

    package init(_ text: String, controlRanges: [Range<Int>] = []) {
        self.text = text
        self.controlRanges = controlRanges
    }
}

/// One prompt and the responses that continue it. Each sequence that is embedded is `prompt + responses[i]`.
package struct RenderedItem: Hashable, Sendable {
    package var prompt: RenderedText

    /// For an anchor: harmless (or several refusals), harmful. For a preference row: chosen, rejected.
    package var responses: [RenderedText]

    package init(prompt: RenderedText, responses: [RenderedText]) {
        self.prompt = prompt
        self.responses = responses
    }

    /// Of its texts, the prompt once.
    package var byteCount: Int { prompt.text.utf8.count + responseByteCount }
    package var responseByteCount: Int { responses.reduce(0) { $0 + $1.text.utf8.count } }
}
