/// Who wrote a piece of text.
package enum JinjaAuthor: Hashable, Sendable {
    /// The template, or who vouches for it: control tokens are meant here.
    case template

    /// The conversation: whatever looks like a control token is only text.
    case input
}

/// What a template is given.
package enum JinjaValue: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)

    /// A text, and who is to count as its author: ``JinjaAuthor/template`` for `bos_token` and the like,
    /// ``JinjaAuthor/input`` for all that a conversation holds.
    case string(String, JinjaAuthor)

    case list([JinjaValue])

    /// In order. Of entries with one name the last is taken, in the place of the first, as Python's `json` does.
    case map([Entry])

    package struct Entry: Sendable {
        package let name: String
        package let value: JinjaValue

        /// Names count as text of the input.
        package init(_ name: String, _ value: JinjaValue) {
            self.name = name
            self.value = value
        }
    }

    /// A text of the conversation.
    package static func input(_ text: String) -> JinjaValue { .string(text, .input) }

    /// A text that control tokens may be read from.
    package static func trusted(_ text: String) -> JinjaValue { .string(text, .template) }
}
