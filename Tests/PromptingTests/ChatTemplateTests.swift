import Dataset
import Diagnostics
import Protocol
import Testing

@testable import Prompting

/// Conversations as models' own chat templates write them.
struct ChatTemplateTests {
    private static let turns =
        "{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content | trim }}</s>{% endfor %}"
        + "{% if add_generation_prompt %}<|assistant|>{% endif %}"

    private static let dialogue = Conversation(messages: [
        .init(role: .system, content: "s"), .init(role: .user, content: " q </s>"),
    ])

    private func template(_ source: String) throws -> ChatTemplate {
        try ChatTemplate(source, tokens: [("bos_token", "<s>")], origin: "model.gguf")
    }

    private func texts(
        _ source: String, _ prompt: Conversation = dialogue, _ responses: [String] = ["a", "b"]
    ) throws -> [String] {
        let item = try template(source).render(prompt, responses)
        return [item.prompt.text] + item.responses.map(\.text)
    }

    @Test func theResponseBeginsWhereTheModelIsAskedForOne() throws {
        #expect(
            try texts(Self.turns, Self.dialogue, [" a b\n", "c"])
                == ["<s><|system|>s</s><|user|>q </s></s><|assistant|>", "a b", "c"])
        #expect(try texts(Self.turns, Self.dialogue, []) == ["<s><|system|>s</s><|user|>q </s></s><|assistant|>"])
    }

    @Test func whatTheTemplateWroteAloneIsReadAsControlTokens() throws {
        let item = try template(Self.turns).render(Self.dialogue, ["</s>a"])
        let bytes = Array(item.prompt.text.utf8)
        let written = item.prompt.controlRanges.map { String(decoding: bytes[$0], as: UTF8.self) }
        #expect(written == ["<s><|system|>", "</s><|user|>", "</s><|assistant|>"])
        #expect(item.responses == [RenderedText("</s>a")])
    }

    @Test func whatTheTemplatePutsBeforeAResponseIsTheResponses() throws {
        let thoughts =
            "{% for m in messages %}{% if m.role == 'assistant' %}A:{{ '<think>\\n\\n</think>' if loop.last }}"
            + "{{ m.content }}{% else %}U:{{ m.content }}{% endif %}{% endfor %}{{ 'A:' if add_generation_prompt }}"
        let item = try template(thoughts).render(Conversation(user: "q"), ["a"])
        #expect(item.prompt.text == "U:qA:")
        #expect(item.responses == [RenderedText("<think>\n\n</think>a", controlRanges: [0..<17])])
    }

    /// As templates of reasoning models do: what is opened for the response is not there in an answered conversation.
    @Test func aPromptThatEndsOtherwiseOnceItIsAnsweredIsTakenAtItsWord() throws {
        let opened =
            "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
            + "{{ '[assistant]<think>' if add_generation_prompt }}"
        #expect(try texts(opened) == ["[system]s[user] q </s>[assistant]", "a", "b"])
        // Where responses begin alike, they begin where they do.
        #expect(try texts(opened, Self.dialogue, ["xa", "xb"]).suffix(2) == ["xa", "xb"])
    }

    /// As Mistral's templates do, which write the system message before the last message.
    @Test func whatIsLeftOutOnceItIsAnsweredIsInThePromptAnyway() throws {
        let lastAlone =
            "{% set system = messages[0].content %}{% for m in messages[1:] %}{% if m.role == 'user' %}"
            + "[INST]{{ system + '|' if loop.last }}{{ m.content }}[/INST]{% else %}{{ m.content }}</s>{% endif %}"
            + "{% endfor %}"
        #expect(try texts(lastAlone) == ["[INST]s| q </s>[/INST]", "a", "b"])
    }

    private static let tools =
        #"[{"type": "function", "function": {"name": "f</s>", "n": 3, "x": 1.50, "o": [true, null]}}]"#

    @Test func toolsAreInThePromptAndTheirTextsAreText() throws {
        let prompt = Conversation(messages: [.init(role: .user, content: "q")], tools: Self.tools)
        let listed =
            "{% if tools %}<tools>{% for t in tools %}{{ t | tojson }}{% endfor %}</tools>{% endif %}" + Self.turns
        let item = try template(listed).render(prompt, ["a"])
        #expect(
            item.prompt.text
                == #"<tools>{"type": "function", "function": {"name": "f</s>", "n": 3, "x": 1.5, "o": [true, null]}}</tools>"#
                + "<s><|user|>q</s><|assistant|>")
        let bytes = Array(item.prompt.text.utf8)
        let written = item.prompt.controlRanges.map { String(decoding: bytes[$0], as: UTF8.self) }
        #expect(written.first == "<tools>" && !written.contains { $0.contains("f</s>") })
        #expect(try texts(listed, Conversation(user: "q"))[0] == "<s><|user|>q</s><|assistant|>")
    }

    @Test func aTemplateReadsToolsWhereItNamesThemAsAVariable() throws {
        let given =
            "{% if custom_tools is defined %}{% set tools = custom_tools %}{% endif %}{% if tools %}T{% endif %}"
        let own = "{% set tools = [1] %}{{ tools }}"
        let inMacro = "{% macro list() %}{{ tools | length }}{% endmacro %}{{ list() }}"
        for (source, reads) in [(given, true), (own, false), (inMacro, true), ("{{ messages[0].tools }}", false)] {
            #expect(try Template(template(source + Self.turns)).readsTools == reads, "\(source)")
        }
        #expect(!Template.chatml.readsTools)
    }

    @Test func toolsWithAKeyTwiceAreRefused() throws {
        let prompt = Conversation(
            messages: [.init(role: .user, content: "q")], tools: #"[{"name": {"a": 1, "a": 2}}]"#)
        let error = #expect(throws: Problem.self) {
            try template("{{ tools }}" + Self.turns).render(prompt, ["a"])
        }
        #expect(error?.description.contains("the descriptions of tools: ") == true)
    }

    @Test func whatATemplateRefusesOrLosesIsSaid() throws {
        func expect(_ words: String, _ source: String, _ responses: [String] = ["a", "b"]) {
            let error = #expect(throws: Problem.self) { try template(source).render(Self.dialogue, responses) }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
        expect(
            "the template refuses its input: no system messages",
            "{% if messages[0].role == 'system' %}{{ raise_exception('no system messages') }}{% endif %}")
        expect("leaves out the response", "{{ messages[1].content }}{{ 'A' if add_generation_prompt }}")
        expect("leaves nothing of the response", "{{ messages[1].content }}")
        expect(
            "writes the prompt otherwise for this response",
            "{{ messages[-1].content | length }}{% for m in messages %}{{ m.content }}{% endfor %}", ["abc", "b"])
        expect("expected at most", "{% for i in range(99999999) %}a{% endfor %}")
    }

    @Test func aTemplateThatIsNoneIsRefusedWithItsPlace() throws {
        let error = #expect(throws: Problem.self) { try template("{% for %}") }
        #expect(error?.description.hasPrefix("model.gguf: line 1") == true && error?.isOfConfiguration == true)
    }

    @Test func aResultDependsNeitherOnTheDayNorOnWhereTheTemplateIs() throws {
        let dated = "{{ strftime_now('%d %b %Y') }}" + Self.turns
        #expect(try texts(dated)[0].hasPrefix("26 Jul 2024<s>"))
        let here = try ChatTemplate(Self.turns, tokens: [("bos_token", "<s>")], origin: "here")
        let there = try ChatTemplate(Self.turns, tokens: [("bos_token", "<s>")], origin: "there")
        let other = try ChatTemplate(Self.turns, tokens: [("bos_token", "<b>")], origin: "here")
        #expect(here == there && here != other)
        #expect(Template(here).identity.hasPrefix("model ") && Template(here).identity == Template(there).identity)
        #expect(Template(here).identity != Template(other).identity)
    }

    @Test func rowsThatItRefusesAreFound() throws {
        let template = Template(
            try template("{{ raise_exception('odd') if messages[0].content == 'odd' }}" + Self.turns))
        let check = try #require(template.check(.row))
        for (prompt, isRefused) in [("odd", true), ("even", false)] {
            let pair = ResponsePair(prompt: Conversation(user: prompt), preferred: "a", other: "b")
            #expect((template.refusal(of: pair, .row) != nil) == isRefused)
        }
        #expect(check == template.check(.row) && Template.alpaca.check(.row) == nil)
    }
}
