import Dataset
import DatasetFixtures
import Foundation
import Testing

/// Texts that are more than a text: conversations that a program wrote into a column, prompts that responses repeat.
@Suite struct DatasetTextTests {
    private static let list = #"[{"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}]"#

    private func quoted(_ text: String) -> String {
        "\""
            + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
            .replacingOccurrences(of: "\r", with: "\\r").replacingOccurrences(of: "\n", with: "\\n") + "\""
    }

    @Test func messagesAsJSONTextAreParsed() throws {
        let bad = Self.list.replacingOccurrences(of: "good", with: "bad")
        let csv = "\"" + Self.list.replacingOccurrences(of: "\"", with: "\"\"") + "\","
        let files = [
            ("rows.jsonl", #"{"prompt":"q","chosen":\#(quoted(Self.list)),"rejected":\#(quoted(" " + bad))}"#),
            ("rows.jsonl", #"{"chosen":\#(quoted(Self.list)),"rejected":\#(quoted(bad))}"#),
            (
                "rows.csv",
                "chosen,rejected\n" + csv + csv.dropLast().replacingOccurrences(of: "good", with: "bad") + "\n"
            ),
        ]
        for (name, file) in files {
            #expect(
                try records(file, name: name)[0].pair
                    == ResponsePair(prompt: Conversation(user: "q"), preferred: "good", other: "bad"))
        }
        let single = #"{"prompt":"q","chosen":\#(quoted(#"{"from":"gpt","value":"good"}"#)),"rejected":"bad"}"#
        #expect(
            try records(single)[0].errorText
                == #"rows.jsonl:1: "rejected": expected messages like "chosen", found a string"#)
    }

    @Test(arguments: [
        (
            "[{'role': 'user', 'content': 'q'}, {'role': 'assistant', 'content': 'a'}]",
            "a list of messages as Python prints it"
        ),
        (
            "[{'content': 'q', 'role': 'user'}\n {'content': \"it's\", 'role': 'assistant'}]",
            "a list of messages as Python prints it"
        ),
        ("{'role': 'assistant', 'content': 'a'}", "a list of messages as Python prints it"),
        ("array([{'from': 'human', 'value': 'q'}], dtype=object)", "a list of messages as Python prints it"),
        ("[HumanMessage(content='q'), AIMessage(content='a')]", "a list of message objects as Python prints it"),
        ("[ChatCompletionMessage(role='user', content='q')]", "a list of message objects as Python prints it"),
        ("[{'tool_calls': None, 'role': 'user', 'content': 'q'}]", "a list of messages as Python prints it"),
        (#"{"messages": [{"role": "user", "content": "q"}]}"#, "an object with a list of messages in it"),
        (#"[[{"role": "user", "content": "q"}]]"#, "a list of conversations"),
        (#"[{"role": "user", "content": "q"}, {"role": "assist"#, "a list of messages in damaged JSON"),
    ])
    func whatWasAConversationIsNoText(text: String, found: String) throws {
        let problem =
            "holds \(found): expected a text, a list of messages, or one as JSON text. Dataset.to_json keeps lists, and "
            + "json.dumps makes JSON of one"
        for (column, row) in [
            ("chosen", #"{"prompt":"q","chosen":\#(quoted(text)),"rejected":"b"}"#),
            ("rejected", #"{"prompt":"q","chosen":"a","rejected":\#(quoted(text))}"#),
            ("prompt", #"{"prompt":\#(quoted(text)),"chosen":"a","rejected":"b"}"#),
        ] {
            #expect(try records(row)[0].errorText == #"rows.jsonl:1: "\#(column)" "# + problem)
        }
        let csv = "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        #expect(
            try records("prompt,chosen,rejected\nq,\(csv),b\n", name: "rows.csv")[0].errorText?.hasSuffix(problem)
                == true)
    }

    @Test(arguments: [
        "[1, 2, 3]", #"{"name": "x"}"#, #"[{"id": 1}]"#, "[a](b)", "{'a': 1}", #"{"role": "admin"}"#, "Message(x)",
        "{role}", "[", "{", #"[{"role": "x"}]"#, "array([1])", "Say [{'role'}]",
        #"Use [{"role": "user", "content": "q"}] there."#, "{'value': 1, 'b': 2}", #"{"value": 3} is what it says."#,
        #"HumanMessage(content="hi")"#, #"{"role": "admin", "content": "x"}"#, #"{"from": "2020", "value": 3}"#,
        #"[{"role": "user", "content": "q"}] is a list of messages."#, "[{'id': 1}, {'id': 2}]",
    ])
    func aTextThatOnlyLooksLikeDataStaysAText(text: String) throws {
        let row = #"{"prompt":"q","chosen":\#(quoted(text)),"rejected":"b"}"#
        #expect(try records(row)[0].pair?.preferred == text)
    }

    // MARK: Prompts in responses

    private func rows(_ count: Int, chosen: (String) -> String, rejected: (String) -> String) -> String {
        (0..<count).map { index in
            let prompt = "What is the capital of country number \(index)?"
            return
                #"{"prompt":\#(quoted(prompt)),"chosen":\#(quoted(chosen(prompt))),"rejected":\#(quoted(rejected(prompt)))}"#
        }.joined(separator: "\n")
    }

    @Test(arguments: [" ", "\n", "\n\n"])
    func responsesThatBeginWithThePromptAreReadWithoutIt(separator: String) throws {
        let all = try records(
            rows(3) {
                $0 + separator + "Good."
            } rejected: {
                " " + $0 + separator + "Bad."
            })
        #expect(all.map { $0.pair?.preferred } == ["Good.", "Good.", "Good."])
        #expect(all.map { $0.pair?.other } == ["Bad.", "Bad.", "Bad."])
        #expect(all[1].pair?.prompt == Conversation(user: "What is the capital of country number 1?"))
    }

    @Test func anAnswerThatReturnsAGreetingKeepsIt() throws {
        let row = #"{"prompt":"Hello","chosen":"Hello there!","rejected":"Hello to you."}"#
        #expect(try records(row)[0].pair?.preferred == "Hello there!")
        let strip = DatasetOptions(purpose: .row, promptInResponses: .strip)
        #expect(try records(row, strip)[0].pair?.preferred == "there!")
    }

    @Test func oneSideThatRepeatsTheQuestionKeepsIt() throws {
        let text = rows(4) {
            $0 + " Good."
        } rejected: { _ in
            "Bad."
        }
        #expect(try records(text)[0].pair?.preferred == "What is the capital of country number 0? Good.")
    }

    @Test func aShortPromptThatBothAnswersReturnDecidesNothing() throws {
        let text = #"{"prompt":"Say hello","chosen":"Say hello yourself","rejected":"Say hello to whom?"}"#
        let others = rows(9) { _ in
            "Good."
        } rejected: { _ in
            "Bad."
        }
        #expect(try records(text + "\n" + others)[0].pair?.preferred == "Say hello yourself")
    }

    @Test func theConfigurationKeepsWhatResponsesRepeat() throws {
        let keep = DatasetOptions(purpose: .row, promptInResponses: .keep)
        let text = rows(3) {
            $0 + " Good."
        } rejected: {
            $0 + " Bad."
        }
        #expect(try records(text, keep)[0].pair?.preferred == "What is the capital of country number 0? Good.")
    }

    @Test func longPromptsAreReadOnceInWhicheverRowsRepeatThem() throws {
        let folder = try DatasetFolder()
        let text = rows(300) { _ in
            "Good."
        } rejected: { _ in
            "Bad."
        }
        let others = rows(5) {
            $0 + "\r\n\r\nGood."
        } rejected: {
            $0 + "  Bad."
        }
        let oneSided = rows(2) {
            $0 + " Good."
        } rejected: { _ in
            "Bad."
        }
        let path = try folder.write([text, others, oneSided].joined(separator: "\n"), to: "rows.jsonl")
        let all = try records(at: path)
        #expect(all[300..<305].map { $0.pair?.preferred } == .init(repeating: "Good.", count: 5))
        var notices = RowNotices()
        for record in all { notices.add(record) }
        #expect(notices.repeatedPrompts == 5 && notices.onesidedPrompts == 2)
        #expect(notices.lines(readsControlTokens: false).count == 2)
    }

    @Test(arguments: [
        #"{"prompt":[{"role":"user","content":"P"}],"chosen":"P\ngood","rejected":"P\nbad"}"#,
        #"{"instruction":"P","input":"More of it.","chosen":"P\n\nMore of it.\n\ngood","rejected":"P\n\nMore of it.\n\nbad"}"#,
        #"{"prompt":"P","response_0":"P bad","response_1":"P good","safer_response_id":"1"}"#,
        #"{"prompt":"P### Response:","chosen":"P### Response:good","rejected":"P### Response: bad"}"#,
    ])
    func aPromptIsKnownInWhateverColumnItIs(row: String) throws {
        let row = row.replacingOccurrences(of: "P", with: "What is the capital of the smallest country?")
        let pair = try #require(try records(row)[0].pair)
        #expect(pair.preferred == "good" && pair.other == "bad")
    }

    @Test(arguments: [
        #""\n\nHuman: q\n\nAssistant:""#, #""\n\nHuman: q\n\nAssistant: ""#, #""q""#,
        #"[{"role":"user","content":"q"}]"#,
    ])
    func transcriptsBesideTheirPromptAreReadOnce(prompt: String) throws {
        let row = #"""
            {"prompt":\#(prompt),"chosen":"\n\nHuman: q\n\nAssistant: a","rejected":"\n\nHuman: q\n\nAssistant: b"}
            """#
        #expect(try records(row)[0].pair == ResponsePair(prompt: Conversation(user: "q"), preferred: "a", other: "b"))
    }

    @Test func aPromptThatIsATranscriptIsItsTurns() throws {
        let row = #"{"prompt":"\n\nHuman: q\n\nAssistant: r\n\nHuman: s\n\nAssistant:","chosen":" a","rejected":" b"}"#
        #expect(try records(row)[0].pair?.prompt.messages.map(\.content) == ["q", "r", "s"])
        let single = #"{"prompt":"Human: what does that word mean?","chosen":"a","rejected":"b"}"#
        #expect(try records(single)[0].pair?.prompt == Conversation(user: "Human: what does that word mean?"))
    }

    @Test func halvesOfATranscriptAreTheirTurns() throws {
        for end in [#"\n"#, #"\r\n"#] {
            let row = #"{"prompt":"__Human: q","chosen":"__Assistant: a","rejected":"__Assistant: b"}"#
                .replacingOccurrences(of: "__", with: end + end)
            #expect(
                try records(row)[0].pair == ResponsePair(prompt: Conversation(user: "q"), preferred: "a", other: "b"))
        }
        let windows =
            #"{"chosen":"\r\n\r\nHuman: q\r\n\r\nAssistant: a","rejected":"\r\n\r\nHuman: q\r\n\r\nAssistant: b"}"#
        #expect(
            try records(windows)[0].pair == ResponsePair(prompt: Conversation(user: "q"), preferred: "a", other: "b"))
    }

    @Test func transcriptsOfAnotherPromptAreRefused() throws {
        let row = #"{"prompt":"id 17","chosen":"Human: q\n\nAssistant: a","rejected":"Human: q\n\nAssistant: b"}"#
        #expect(
            try records(row)[0].errorText
                == #"rows.jsonl:1: "chosen" and "rejected" begin with a dialogue that "prompt" is no part of; "#
                + "dataset.prompt_in_responses: keep reads them as they stand")
    }

    // MARK: Notices

    @Test func whatIsOddIsCounted() throws {
        let text = """
            {"prompt":"q","chosen":"same","rejected":"same"}
            {"prompt":"","chosen":"a","rejected":"b"}
            {"prompt":" ","chosen":"a","rejected":"b"}
            {"prompt":"q","chosen":"a <|im_start|> b","rejected":"b"}
            {"prompt":"[INST] q [/INST]","chosen":"a","rejected":"b"}
            {"prompt":"q","chosen":"nan","rejected":"None"}
            {"prompt":"q","chosen":"a <| b |> c, [1], <p>x</p>, x < y | z > 2","rejected":"No nan in it."}
            """
        var notices = RowNotices()
        for record in try records(text) { notices.add(record) }
        #expect(notices.identicalResponses == 1)
        #expect(notices.emptyPrompts == 2)
        #expect(notices.controlTokens == 2)
        #expect(notices.absentTexts == 1)
        #expect(notices.controlToken == "<|im_start|>")
        #expect(notices.lines(readsControlTokens: false).count == 4)
        #expect(RowNotices().lines(readsControlTokens: false).isEmpty)
    }
}
