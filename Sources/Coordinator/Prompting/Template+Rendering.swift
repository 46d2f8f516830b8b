package import Dataset
package import Diagnostics
package import Protocol

extension Template {
    /// The text of a prompt and its two responses, preferred first.
    package func render(
        _ pair: ResponsePair, purpose: RowPurpose, compatibility: Compatibility = .none
    ) throws(Problem) -> RenderedItem {
        try render(pair.prompt, [pair.preferred, pair.other], purpose: purpose, compatibility: compatibility)
    }

    /// The text of a prompt and its responses, in their order.
    ///
    /// All that comes before the response belongs to the prompt, so that both sequences share it; what a custom
    /// template has behind `{response}` belongs to each response.
    ///
    /// - Throws: `Problem` where a model's own template refuses the conversation.
    package func render(
        _ conversation: Conversation, _ responses: [String], purpose: RowPurpose, compatibility: Compatibility = .none
    ) throws(Problem) -> RenderedItem {
        let item = try item(conversation, responses, purpose: purpose, compatibility: compatibility)
        return compatibility == .legend || readsControlTokensOfRows ? item.readingControlTokensEverywhere : item
    }

    /// What must be true of rows that are read for this; nil: nothing.
    package func check(_ purpose: RowPurpose) -> ConversationCheck? {
        guard case .model = kind else { return nil }
        return ConversationCheck(identity) { refusal(of: $0, purpose) }
    }

    /// Why a row cannot be rendered; nil: it can.
    package func refusal(of pair: ResponsePair, _ purpose: RowPurpose) -> String? {
        let responses =
            switch purpose {
            case .anchor, .row: [pair.preferred, pair.other]
            case .candidate: [pair.other]
            case .prompt: [] as [String]
            }
        do throws(Problem) {
            _ = try render(pair.prompt, responses, purpose: purpose)
            return nil
        } catch {
            return error.description
        }
    }

    private func item(
        _ conversation: Conversation, _ responses: [String], purpose: RowPurpose, compatibility: Compatibility
    ) throws(Problem) -> RenderedItem {
        let prompt: RenderedText
        var tail = ""
        switch kind {
        case .model(let template): return try template.render(conversation, responses)
        case .alpaca: prompt = alpacaPrompt(conversation, purpose: purpose, compatibility: compatibility)
        case .chatml: prompt = chatmlPrompt(conversation)
        case .plain: prompt = RenderedText(conversation.text + "\n\n")
        case .custom(let template): (prompt, tail) = template.prompt(conversation)
        }
        let texts = responses.map { response in
            var text = RenderedText(response)
            text.appendControl(tail)
            return text
        }
        return RenderedItem(prompt: prompt, responses: texts)
    }

    private func alpacaPrompt(
        _ prompt: Conversation, purpose: RowPurpose, compatibility: Compatibility
    ) -> RenderedText {
        let separator = compatibility == .legend && purpose != .anchor ? "" : "\n"
        return RenderedText(
            "Below is an instruction that describes a task. "
                + "Write a response that completes the request.\n\n"
                + "### Instruction:\n\(prompt.text)\n\n### Response:\(separator)")
    }

    private func chatmlPrompt(_ prompt: Conversation) -> RenderedText {
        var text = RenderedText("")
        for message in prompt.messages {
            text.appendControl("<|im_start|>")
            text.text += "\(message.role.rawValue)\n\(message.content)"
            text.appendControl("<|im_end|>")
            text.text += "\n"
        }
        text.appendControl("<|im_start|>")
        text.text += "assistant\n"
        return text
    }
}

extension CustomTemplate {
    /// The filled text before the response, and the text behind it.
    fileprivate func prompt(_ prompt: Conversation) -> (prompt: RenderedText, tail: String) {
        var text = RenderedText("")
        var tail = ""
        var isBehindResponse = false
        for part in parts {
            switch part {
            case .literal(let literal) where isBehindResponse: tail += literal
            case .literal(let literal): text.appendControl(literal)
            case .placeholder(.system): text.text += prompt.systemText
            case .placeholder(.prompt): text.text += hasSystem ? prompt.dialogueText : prompt.text
            case .placeholder(.response): isBehindResponse = true
            }
        }
        return (text, tail)
    }
}

extension RenderedText {
    /// Appends text that the template wrote.
    fileprivate mutating func appendControl(_ control: String) {
        guard !control.isEmpty else { return }
        let start = text.utf8.count
        text += control
        controlRanges.append(start..<text.utf8.count)
    }

    fileprivate var readingControlTokensEverywhere: RenderedText {
        RenderedText(text, controlRanges: text.isEmpty ? [] : [0..<text.utf8.count])
    }
}

extension RenderedItem {
    fileprivate var readingControlTokensEverywhere: RenderedItem {
        RenderedItem(
            prompt: prompt.readingControlTokensEverywhere,
            responses: responses.map(\.readingControlTokensEverywhere))
    }
}
