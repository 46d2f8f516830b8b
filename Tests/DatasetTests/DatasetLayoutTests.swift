import Dataset
import DatasetFixtures
import Foundation
import Testing

/// Layouts that people's files have, each with the reading that its writer meant.
@Suite struct DatasetLayoutTests {
    private func pair(_ row: String, _ options: DatasetOptions = DatasetOptions(purpose: .row)) throws -> ResponsePair?
    {
        try records(row + "\n", options)[0].pair
    }

    private func error(_ row: String, _ options: DatasetOptions = DatasetOptions(purpose: .row)) throws -> String? {
        try records(row + "\n", options)[0].errorText
    }

    private func expected(_ messages: [(ChatMessage.Role, String)], _ preferred: String, _ other: String)
        -> ResponsePair
    {
        ResponsePair(
            prompt: Conversation(messages: messages.map { ChatMessage(role: $0.0, content: $0.1) }),
            preferred: preferred, other: other)
    }

    // MARK: Parts of a prompt

    @Test func anInstructionAndItsInputAreOnePrompt() throws {
        let whole = #"{"instruction":"Translate.","input":"Guten Tag","chosen":"Hello","rejected":"Bye"}"#
        #expect(try pair(whole) == expected([(.user, "Translate.\nGuten Tag")], "Hello", "Bye"))
        for empty in [#""input":"","#, #""input":null,"#, ""] {
            let row = #"{"instruction":"Sing.",\#(empty)"chosen":"La","rejected":"No"}"#
            #expect(try pair(row) == expected([(.user, "Sing.")], "La", "No"))
        }
    }

    @Test func anEmptyInputIsNoneInAnyRowOfAFile() throws {
        let all = try records(
            "instruction,input,chosen,rejected\nSing.,,La,No\nTranslate.,Guten Tag,Hello,Bye\n", name: "rows.csv")
        #expect(all.map { $0.pair?.prompt.messages.map(\.content) } == [["Sing."], ["Translate.\nGuten Tag"]])
    }

    @Test func aSystemColumnIsTheSystemMessage() throws {
        for column in ["system", "system_prompt"] {
            let row = #"{"\#(column)":"Be brief.","question":"q","chosen":"a","rejected":"b"}"#
            #expect(try pair(row) == expected([(.system, "Be brief."), (.user, "q")], "a", "b"))
        }
        let empty = #"{"system":"","prompt":"q","chosen":"a","rejected":"b"}"#
        #expect(try pair(empty) == expected([(.user, "q")], "a", "b"))
        let conversational = #"""
            {"system":"Be brief.","chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],\#
            "rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]}
            """#
        #expect(try pair(conversational) == expected([(.system, "Be brief."), (.user, "q")], "a", "b"))
        let transcript =
            #"{"system":"Be brief.","chosen":"Human: q\n\nAssistant: a","rejected":"Human: q\n\nAssistant: b"}"#
        #expect(try pair(transcript) == expected([(.system, "Be brief."), (.user, "q")], "a", "b"))
    }

    @Test func aSystemMessageThatIsSaidTwiceIsReadOnceAndTwoAreRefused() throws {
        func row(_ system: String) -> String {
            #"{"system":"\#(system)","prompt":[{"role":"system","content":"Be brief."},{"role":"user","content":"q"}],"#
                + #""chosen":"a","rejected":"b"}"#
        }
        #expect(try pair(row("Be brief.")) == expected([(.system, "Be brief."), (.user, "q")], "a", "b"))
        #expect(
            try error(row("Be long."))
                == #"rows.jsonl:1: "system" and "the system message of prompt" say different things: name the prompt's "#
                + "column in dataset.columns, or list what is not to be read in dataset.ignore_columns")
    }

    @Test func historyIsEarlierTurns() throws {
        let row = #"{"instruction":"And now?","history":[["Hi","Hello"],["Bye","Later"]],"chosen":"a","rejected":"b"}"#
        let turns: [(ChatMessage.Role, String)] = [
            (.user, "Hi"), (.assistant, "Hello"), (.user, "Bye"), (.assistant, "Later"), (.user, "And now?"),
        ]
        #expect(try pair(row) == expected(turns, "a", "b"))
        let all = try records(
            "instruction,history,chosen,rejected\nAnd now?,\"[[\"\"Hi\"\", \"\"Hello\"\"]]\",a,b\nq,[],a,b\n",
            name: "rows.csv")
        #expect(all[0].pair == expected([(.user, "Hi"), (.assistant, "Hello"), (.user, "And now?")], "a", "b"))
        #expect(all[1].pair == expected([(.user, "q")], "a", "b"))
        #expect(
            try error(#"{"instruction":"q","history":[["Hi"]],"chosen":"a","rejected":"b"}"#)
                == #"rows.jsonl:1: "history", message 1: expected a pair of strings, found an array"#)
    }

    @Test(arguments: [
        #"{"prompt":"q","input":"i","chosen":"a","rejected":"b"}"#,
        #"{"question":"q","input":"i","chosen":"a","rejected":"b"}"#,
        #"{"prompt":"q","conversations":[{"from":"human","value":"i"}],"chosen":"a","rejected":"b"}"#,
        #"{"prompt":"q","instruction":"i","chosen":"a","rejected":"b"}"#,
    ])
    func severalPromptsAreRefusedUnlessTheConfigurationSaysWhich(row: String) throws {
        let text = try #require(try error(row))
        #expect(text.contains("say different things: name the prompt's column in dataset.columns"))
        let ignoring = DatasetOptions(
            purpose: .row, ignoredColumns: ["input", "conversations", "instruction"])
        #expect(try pair(row, ignoring) == expected([(.user, "q")], "a", "b"))
        let named = DatasetOptions(
            purpose: .row,
            columns: DatasetColumns(
                prompt: row.contains("question") ? "question" : "prompt", chosen: "chosen", rejected: "rejected"))
        #expect(try pair(row, named) == expected([(.user, "q")], "a", "b"))
    }

    @Test(arguments: ["tools", "images", "videos", "audios", "chat_template_kwargs"])
    func whatIsNotReadIsRefusedWhereItSaysSomething(column: String) throws {
        func row(_ value: String) -> String { #"{"prompt":"q","chosen":"a","rejected":"b","\#(column)":\#(value)}"# }
        for nothing in ["null", "[]", #""""#, "{}", "[ ]", #""[]""#, #""None""#] {
            #expect(try pair(row(nothing)) == expected([(.user, "q")], "a", "b"))
        }
        let text = try #require(try error(row(#"[{"name":"x"}]"#)))
        #expect(text.hasPrefix(#"rows.jsonl:1: "\#(column)": "#) && text.hasSuffix("list it in dataset.ignore_columns"))
        let ignoring = DatasetOptions(purpose: .row, ignoredColumns: [column])
        #expect(try pair(row(#"[{"name":"x"}]"#), ignoring) == expected([(.user, "q")], "a", "b"))
        let anchor = try #require(try error(row("[1]"), DatasetOptions(purpose: .anchor)))
        #expect(anchor.hasSuffix("list it in anchors.ignore_columns"))
    }

    // MARK: Conversations

    @Test(arguments: [
        (#"{"from":"gpt","value":"a"}"#, #"{"from":"gpt","value":"b"}"#),
        (#"[{"from":"gpt","value":"a"}]"#, #"[{"from":"gpt","value":"b"}]"#),
        (#""a""#, #""b""#),
    ])
    func conversationsHaveTheirResponsesBesideThem(chosen: String, rejected: String) throws {
        let row = #"""
            {"conversations":[{"from":"system","value":"s"},{"from":"human","value":"q"},{"from":"gpt","value":"r"},\#
            {"from":"human","value":"t"}],"chosen":\#(chosen),"rejected":\#(rejected)}
            """#
        #expect(try pair(row) == expected([(.system, "s"), (.user, "q"), (.assistant, "r"), (.user, "t")], "a", "b"))
    }

    @Test func aConversationThatHasItsAnswerAlreadyIsRefused() throws {
        let row = #"""
            {"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"r"}],\#
            "chosen":{"from":"gpt","value":"a"},"rejected":{"from":"gpt","value":"b"}}
            """#
        #expect(
            try error(row)
                == #"rows.jsonl:1: "conversations", message 2: expected the conversation to end before the response, "#
                + "found an assistant's message")
    }

    @Test func severalTurnsBesideAPromptAreTheDialogueThatItBelongsTo() throws {
        func row(_ prompt: String) -> String {
            let turns =
                #"{"role":"user","content":"q"},{"role":"assistant","content":"r"},{"role":"user","content":"t"}"#
            return #"{"prompt":\#(prompt),"chosen":[\#(turns),{"role":"assistant","content":"a"}],"#
                + #""rejected":[\#(turns),{"role":"assistant","content":"b"}]}"#
        }
        let dialogue: [(ChatMessage.Role, String)] = [(.user, "q"), (.assistant, "r"), (.user, "t")]
        for prompt in [#""q""#, #""t""#, #"[{"role":"user","content":"q"}]"#] {
            #expect(try pair(row(prompt)) == expected(dialogue, "a", "b"))
        }
        let system = #"[{"role":"system","content":"s"},{"role":"user","content":"q"}]"#
        #expect(try pair(row(system)) == expected([(.system, "s")] + dialogue, "a", "b"))
        #expect(
            try error(row(#""something else""#))
                == #"rows.jsonl:1: "chosen" and "rejected" begin with a dialogue that "prompt" is no part of; "#
                + "dataset.ignore_columns leaves it out")
    }

    @Test(arguments: [
        ("User", "ASSISTANT"), ("HUMAN", "GPT"), ("prompter", "model"), ("user", "ChatGPT"), ("Human", "bot"),
    ])
    func rolesAreKnownByTheirCommonNames(user: String, assistant: String) throws {
        func side(_ text: String) -> String {
            #"[{"role":"\#(user)","content":"q"},{"role":"\#(assistant)","content":"\#(text)"}]"#
        }
        let row = #"{"chosen":\#(side("a")),"rejected":\#(side("b"))}"#
        #expect(try pair(row) == expected([(.user, "q")], "a", "b"))
    }

    @Test(arguments: [
        (
            #"{"role":"assistant","content":null,"tool_calls":[{"id":1}]}"#,
            #""tool_calls" is not read: expected nothing but texts, found an array"#
        ),
        (
            #"{"role":"assistant","content":"a","tool_calls":[{"id":1}]}"#,
            #""tool_calls" is not read: expected nothing but texts, found an array"#
        ),
        (#"{"role":"assistant","content":null}"#, #""content": expected a string, found null"#),
        (#"{"role":"tool","content":"a"}"#, #"calls of tools and their results (the role "tool") are not read"#),
        (
            #"{"from":"function_call","value":"a"}"#,
            #"calls of tools and their results (the role "function_call") are not read"#
        ),
        (
            #"{"role":"assistant","content":[{"type":"image_url","image_url":"x"}]}"#,
            #""content": expected parts of the type "text", found one of the type "image_url""#
        ),
    ])
    func whatAMessageSaysBesidesItsTextIsNamed(message: String, problem: String) throws {
        let user = #"{"role":"user","content":"q"}"#
        let row = #"{"chosen":[\#(user),\#(message)],"rejected":[\#(user),{"role":"assistant","content":"b"}]}"#
        #expect(try error(row) == #"rows.jsonl:1: "chosen", message 2: "# + problem)
    }

    @Test func aMessageOfTextPartsIsTheirText() throws {
        let row = #"""
            {"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"c"}],"tool_calls":null}],\#
            "rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]}
            """#
        #expect(try pair(row) == expected([(.user, "q")], "ac", "b"))
    }

    // MARK: Rows that differ

    @Test func theMostRowsDecideTheLayout() throws {
        func list(_ text: String) -> String {
            #"[{"role":"user","content":"q"},{"role":"assistant","content":"\#(text)"}]"#
        }
        let good = #"{"prompt":"q","chosen":\#(list("a")),"rejected":\#(list("b"))}"#
        for odd in [
            #"{"prompt":"q","chosen":null,"rejected":null}"#, #"{"prompt":"q","chosen":"a","rejected":"b"}"#,
            #"{"note":1}"#, "{", #"{"prompt":"q","response_0":"a","response_1":"b","safer_response_id":1}"#,
        ] {
            let all = try records([odd, good, good].joined(separator: "\n"))
            #expect(all[0].errorText != nil)
            #expect(all[1...].map(\.pair) == [expected([(.user, "q")], "a", "b"), expected([(.user, "q")], "a", "b")])
        }
        let texts = #"{"prompt":"q","chosen":"a","rejected":"b"}"#
        let all = try records([good, texts, texts].joined(separator: "\n"))
        #expect(all.map(\.errorText) == [#"rows.jsonl:1: "chosen": expected a string, found an array"#, nil, nil])
    }

    @Test func anchorsKeepTheHarmlessSideThatSomeLack() throws {
        let options = DatasetOptions(purpose: .anchor, refusal: "No.")
        let all = try records(
            #"{"prompt":"q","harmful":"b"}"# + "\n" + #"{"prompt":"q","harmless":"a","harmful":"b"}"# + "\n"
                + #"{"prompt":"q","harmless":"a","harmful":"b"}"#, options)
        #expect(all.map { $0.pair?.preferred } == [nil, "a", "a"])
    }

    @Test func aFileHasOneKindOfResponseAlsoInNamedColumns() throws {
        let list = #"{"p":"q","good":[{"role":"assistant","content":"a"}],"bad":[{"role":"assistant","content":"b"}]}"#
        let text = #"{"p":"q","good":"a","bad":"b"}"#
        let named = DatasetOptions(
            purpose: .row, columns: DatasetColumns(prompt: "p", chosen: "good", rejected: "bad"))
        let texts = try records([list, text, text].joined(separator: "\n"), named)
        #expect(texts.map(\.errorText) == [#"rows.jsonl:1: "good": expected a string, found an array"#, nil, nil])
        let lists = try records([text, list, list].joined(separator: "\n"), named)
        #expect(
            lists.map(\.errorText) == [#"rows.jsonl:1: "good": expected a list of messages, found a string"#, nil, nil])
    }

    // MARK: Several columns

    @Test func theFullestOfSeveralPromptsThatAgreeIsRead() throws {
        let turns = #"[{"from":"human","value":"q"},{"from":"gpt","value":"r"},{"from":"human","value":"t"}]"#
        let dialogue = expected([(.user, "q"), (.assistant, "r"), (.user, "t")], "a", "b")
        for name in ["prompt", "question"] {
            let row = #"{"\#(name)":"t","conversations":\#(turns),"chosen":"a","rejected":"b"}"#
            #expect(try pair(row) == dialogue)
        }
        let below = #"{"prompt":"Translate.\nGuten Tag","input":"Guten Tag","chosen":"a","rejected":"b"}"#
        #expect(try pair(below) == expected([(.user, "Translate.\nGuten Tag")], "a", "b"))
        let within = #"{"prompt":"Translate Guten Tag","input":"a","chosen":"a","rejected":"b"}"#
        #expect(try error(within)?.contains("say different things") == true)
    }

    @Test func messagesThatEndBeforeTheResponseAreThePrompt() throws {
        let open =
            #"{"messages":[{"role":"user","content":"q"}],"chosen":{"role":"assistant","content":"a"},"rejected":{"role":"assistant","content":"b"}}"#
        #expect(try pair(open) == expected([(.user, "q")], "a", "b"))
        let copy = #"""
            {"prompt":"q","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],\#
            "chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],\#
            "rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]}
            """#
        #expect(try pair(copy) == expected([(.user, "q")], "a", "b"))
    }

    @Test func whatALayoutWouldPassOverIsRefused() throws {
        let transcripts = #""chosen":"Human: q\n\nAssistant: a","rejected":"Human: q\n\nAssistant: b""#
        let history = #"{"history":[["x","y"]],\#(transcripts)}"#
        #expect(try error(history)?.contains("earlier turns beside whole dialogues are not read") == true)
        let prompted = try records(
            ["{\(transcripts)}", "{\(transcripts)}", #"{"question":"x",\#(transcripts)}"#].joined(separator: "\n"))
        #expect(prompted.map { $0.errorText == nil } == [true, true, false])
        #expect(prompted[2].errorText?.contains("dataset.ignore_columns") == true)
    }

    @Test func aColumnNamedHistoryMayBeThePrompt() throws {
        let named = DatasetOptions(
            purpose: .row, columns: DatasetColumns(prompt: "history", chosen: "chosen", rejected: "rejected"))
        #expect(
            try pair(#"{"history":"q","chosen":"a","rejected":"b"}"#, named) == expected([(.user, "q")], "a", "b"))
    }

    @Test func columnsThatMeanNothingAreNamed() throws {
        let folder = try DatasetFolder()
        let row = #"{"prompt":"q","context":"c","chosen":"a","rejected":"b","system":"s","input":""}"#
        let reader = try DatasetReader(
            path: try folder.write(row, to: "rows.jsonl"), options: DatasetOptions(purpose: .row))
        #expect(reader.unreadColumns == ["context"])
    }

    @Test func aPromptOfNothingButASystemMessageIsNone() throws {
        let row = #"{"prompt":[{"role":"system","content":"s"}],"chosen":"a","rejected":"b"}"#
        #expect(try error(row) == #"rows.jsonl:1: "prompt" is empty"#)
    }

    @Test func anEmptyHarmlessSideIsNoReasonToTakeTheRefusal() throws {
        let options = DatasetOptions(purpose: .anchor, refusal: "No.")
        let empty = #"{"prompt":"q","harmless":"","harmful":"b"}"#
        #expect(try error(empty, options) == #"rows.jsonl:1: "harmless" is empty"#)
        #expect(try pair(#"{"prompt":"q","harmless":null,"harmful":"b"}"#, options)?.preferred == "No.")
    }

    @Test func aFileOfNothingButToolCallsSaysSo() throws {
        let call = #"[{"role":"assistant","content":null,"tool_calls":[{"id":1}]}]"#
        let row = #"{"prompt":[{"role":"user","content":"q"}],"chosen":\#(call),"rejected":\#(call)}"#
        #expect(
            try error(row)
                == #"rows.jsonl:1: "chosen", message 1: "tool_calls" is not read: expected nothing but texts, "#
                + "found an array")
    }
}
