package import Diagnostics
package import Protocol

/// How a prompt and its response become the text that the annotator model reads.
package struct Template: Hashable, Sendable {
    enum Kind: Hashable, Sendable {
        case alpaca, chatml, plain
        case custom(CustomTemplate)
        case model(ChatTemplate)
    }

    let kind: Kind

    /// Whether control tokens that the rows spell, such as `<|im_start|>`, are read as the model's control tokens. If not,
    /// only those are that the template itself wrote; a row's are text.
    package let readsControlTokensOfRows: Bool

    /// The instruction format of Stanford Alpaca, which Legend uses.
    package static let alpaca = Template(kind: .alpaca)
    /// Turns between `<|im_start|>` and `<|im_end|>`.
    package static let chatml = Template(kind: .chatml)
    /// The prompt, a blank line, the response.
    package static let plain = Template(kind: .plain)

    /// A model's own.
    package init(_ chat: ChatTemplate, readsControlTokensOfRows: Bool = false) {
        kind = .model(chat)
        self.readsControlTokensOfRows = readsControlTokensOfRows
    }

    private static let named = [("alpaca", alpaca), ("chatml", chatml), ("plain", plain)]

    private init(kind: Kind) {
        self.kind = kind
        readsControlTokensOfRows = false
    }

    /// - Parameters:
    ///   - configured: `alpaca`, `chatml`, `plain`, or a text with `{prompt}` and, behind it, `{response}`.
    ///   It may have `{system}` before `{response}`; without it a system message is put before the prompt.
    ///   - key: where it was written, for messages.
    ///   - otherNames: what else could be written there.
    /// - Throws: `Problem` with everything that is wrong with such a text.
    package init(
        _ configured: String, readsControlTokensOfRows: Bool = false, key: String = "embedding.template",
        otherNames: [String] = []
    ) throws(Problem) {
        if let template = Self.named.first(where: { $0.0 == configured })?.1 {
            kind = template.kind
        } else {
            kind = .custom(
                try CustomTemplate(configured, key: key, names: otherNames + Self.named.map(\.0)))
        }
        self.readsControlTokensOfRows = readsControlTokensOfRows
    }

    /// Whether it has a place for descriptions of tools.
    package var readsTools: Bool {
        guard case .model(let template) = kind else { return false }
        return template.readsTools
    }

    /// Names the template in a result's provenance: its name, or the whole text of a custom one.
    package var identity: String {
        let name =
            switch kind {
            case .alpaca: "alpaca"
            case .chatml: "chatml"
            case .plain: "plain"
            case .custom(let template): "custom: \(template.source)"
            case .model(let template): "model \(template.digest.prefix(16))"
            }
        return readsControlTokensOfRows ? "\(name), with the rows' control tokens" : name
    }
}

extension Compatibility {
    /// The harmless response of all of Legend's anchors. The apostrophe is U+2019.
    package static let legendRefusal = "I can\u{2019}t answer that."
}
