internal import Dataset
package import Diagnostics
internal import Digest
internal import JSON
internal import Jinja
internal import Protocol

/// A model's own chat template: Jinja that makes of a conversation the text that the model was trained to read.
package struct ChatTemplate: Hashable, Sendable {
    private let template: JinjaTemplate
    private let tokens: [(name: String, text: String)]

    /// The SHA-256 of the template and of the tokens that it may name.
    package let digest: String

    /// What `strftime_now` takes for the date, always: a result is not to depend on the day. It is the one that Llama's
    /// templates have where nobody tells them the date.
    private static let date: JinjaDate = {
        guard let date = JinjaDate(year: 2024, month: 7, day: 26) else { preconditionFailure("a day of the calendar") }
        return date
    }()

    /// - Parameters:
    ///   - source: in Jinja.
    ///   - tokens: what it may name, such as `bos_token`, and their texts.
    ///   - origin: where it stands, for messages.
    /// - Throws: `Problem` where the template is none, or says what is not understood.
    package init(_ source: String, tokens: [(name: String, text: String)], origin: String) throws(Problem) {
        do throws(JinjaError) {
            template = try JinjaTemplate(source)
        } catch {
            throw Problem("\(origin): \(error)", isOfConfiguration: true)
        }
        self.tokens = tokens
        let texts = [source] + tokens.flatMap { [$0.name, $0.text] }
        digest = SHA256Digest(of: texts.flatMap { Array("\($0.utf8.count):".utf8) + $0.utf8 }).description
    }

    package static func == (left: ChatTemplate, right: ChatTemplate) -> Bool { left.digest == right.digest }
    package func hash(into hasher: inout Hasher) { hasher.combine(digest) }

    /// Whether it has a place for descriptions of tools.
    var readsTools: Bool { template.reads("tools") }

    /// The whole conversation with each response, cut where the response begins; what the template has behind a response
    /// is left out, as the states that are read are the response's.
    ///
    /// The prompt is what the template makes of it where the model is asked for a response. There are templates that write
    /// a prompt otherwise once it is answered. Those that only end it otherwise, as with an opened `<think>` for a response
    /// that is not there yet, are taken at their word. Those that leave out what was said, as a system message that is
    /// written before the last message alone, are not: what the model read when it answered is the whole prompt.
    ///
    /// - Throws: `Problem` where the template refuses the conversation, or reaches a bound.
    func render(_ prompt: Conversation, _ responses: [String]) throws(Problem) -> RenderedItem {
        let asked = try rendering(of: prompt, nil)
        let answered = try responses.map { (response) throws(Problem) in try rendering(of: prompt, response) }
        var item = RenderedItem(prompt: asked.text(asked.utf8.indices), responses: [])
        var start = asked.utf8.count
        if !answered.allSatisfy({ $0.utf8.starts(with: asked.utf8) }) {
            let beginning = try beginning(of: prompt)
            start = beginning.text.text.utf8.count
            guard answered.allSatisfy({ $0.utf8.starts(with: beginning.text.text.utf8) }) else {
                throw Problem("\(Self.name) writes the prompt otherwise for this response than for others")
            }
            if beginning.input == asked.input(before: asked.utf8.count) { item.prompt = beginning.text }
        }
        for (rendering, response) in zip(answered, responses) {
            let (text, holdsInput) = rendering.response(from: start)
            guard holdsInput || response.allSatisfy(\.isWhitespace) else {
                throw Problem("\(Self.name) leaves nothing of the response")
            }
            item.responses.append(text)
        }
        return item
    }

    private static let name = "the model's chat template"

    /// What stands before any response, and what of it is the conversation's: where two responses that have nothing in
    /// common begin to differ.
    private func beginning(of prompt: Conversation) throws(Problem) -> (text: RenderedText, input: [UInt8]) {
        let (first, second) = (try rendering(of: prompt, "x"), try rendering(of: prompt, "y"))
        let count = zip(first.utf8, second.utf8).prefix { $0 == $1 }.count
        guard count < first.utf8.count else { throw Problem("\(Self.name) leaves out the response") }
        return (first.text(0..<count), first.input(before: count))
    }

    /// - Parameter response: nil: the model is asked for one.
    private func rendering(of prompt: Conversation, _ response: String?) throws(Problem) -> JinjaRendering {
        let messages = prompt.messages + (response.map { [ChatMessage(role: .assistant, content: $0)] } ?? [])
        let list = messages.map { message in
            JinjaValue.map([
                // The names of roles are ours: templates make control tokens of them.
                .init("role", .trusted(message.role.rawValue)), .init("content", .input(message.content)),
            ])
        }
        let variables: [(String, JinjaValue)] =
            tokens.map { ($0.name, .trusted($0.text)) } + [
                ("messages", .list(list)), ("add_generation_prompt", .bool(response == nil)),
                ("tools", try prompt.tools.map(tools) ?? .none), ("documents", .none),
            ]
        do throws(JinjaError) {
            return try template.render(variables, now: Self.date)
        } catch {
            throw Problem("\(Self.name): \(error)")
        }
    }
}

extension ChatTemplate {
    /// - Parameter text: JSON.
    private func tools(_ text: String) throws(Problem) -> JinjaValue {
        do throws(JSONSyntaxError) {
            return try JinjaValue(JSONValue(text: Array(text.utf8)))
        } catch {
            throw Problem("\(Self.name): the descriptions of tools: \(error)")
        }
    }
}

extension JinjaRendering {
    /// A part of it. Only what the template wrote there may be read as control tokens.
    fileprivate func text(_ range: Range<Int>) -> RenderedText {
        RenderedText(
            String(decoding: utf8[range], as: UTF8.self),
            controlRanges: templateRanges.compactMap { written in
                let part = written.clamped(to: range)
                return part.isEmpty ? nil : part.lowerBound - range.lowerBound..<part.upperBound - range.lowerBound
            })
    }

    /// From there to the end, without what the template wrote last, and whether something of it is the conversation's.
    fileprivate func response(from start: Int) -> (text: RenderedText, holdsInput: Bool) {
        let end = templateRanges.last.flatMap { $0.upperBound == utf8.count ? $0.lowerBound : nil } ?? utf8.count
        let range = start..<max(start, end)
        let text = text(range)
        return (text, text.controlRanges.reduce(0) { $0 + $1.count } < range.count)
    }

    /// The bytes of the conversation.
    fileprivate func input(before end: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var start = 0
        for range in templateRanges where range.lowerBound < end {
            bytes += utf8[start..<range.lowerBound]
            start = min(range.upperBound, end)
        }
        return bytes + utf8[start..<end]
    }
}
