import Dataset
import DatasetFixtures
internal import FileSystem
import Foundation
import Testing

@Suite struct DatasetFormatTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var row: String
        var format: DatasetFormat?
        var options = DatasetOptions(purpose: .row)
        var prompt: [ChatMessage]
        var preferred = "good"
        var other = "bad"
        var isRefused = false

        var testDescription: String { name }
    }

    private static func user(_ text: String) -> ChatMessage { ChatMessage(role: .user, content: text) }
    private static func assistant(_ text: String) -> ChatMessage { ChatMessage(role: .assistant, content: text) }
    private static func system(_ text: String) -> ChatMessage { ChatMessage(role: .system, content: text) }
    private static let anchor = DatasetOptions(purpose: .anchor)

    static let cases: [Case] = [
        Case(
            name: "preference", row: #"{"prompt":"q","chosen":"good","rejected":"bad"}"#, format: .preference,
            prompt: [user("q")]),
        Case(
            name: "input", row: #"{"input":"q","chosen":"good","rejected":"bad"}"#, format: .preference,
            prompt: [user("q")]),
        Case(
            name: "question", row: #"{"x":1,"rejected":"bad","chosen":"good","question":"q"}"#, format: .preference,
            prompt: [user("q")]),
        Case(
            name: "prompt and question that say the same",
            row: #"{"question":" q","prompt":"q","chosen":"good","rejected":"bad"}"#, format: .preference,
            prompt: [user("q")]),
        Case(
            name: "prompt as messages",
            row:
                #"{"prompt":[{"role":"system","content":"s"},{"role":"user","content":"q"}],"chosen":"good","rejected":"bad"}"#,
            format: .preference, prompt: [system("s"), user("q")]),
        Case(
            name: "conversational, explicit prompt",
            row: #"""
                {"prompt":[{"role":"user","content":"q"}],"chosen":[{"role":"assistant","content":"good"}],\#
                "rejected":[{"content":"bad","role":"assistant"}]}
                """#,
            format: .conversational, prompt: [user("q")]),
        Case(
            name: "conversational, prompt repeated as text",
            row: #"""
                {"prompt":"q","chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"good"}],\#
                "rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"bad"}]}
                """#,
            format: .conversational, prompt: [user("q")]),
        Case(
            name: "conversational, implicit prompt",
            row: #"""
                {"chosen":[{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},\#
                {"role":"user","content":"c"},{"role":"assistant","content":"good"}],\#
                "rejected":[{"role":"system","content":"s"},{"role":"user","content":"a"},{"role":"assistant","content":"b"},\#
                {"role":"user","content":"c"},{"role":"assistant","content":"bad"}]}
                """#,
            format: .conversational, prompt: [system("s"), user("a"), assistant("b"), user("c")]),
        Case(
            name: "conversational, prompt null, ShareGPT keys",
            row: #"""
                {"prompt":null,"chosen":[{"from":"human","value":"q"},{"from":"gpt","value":"same"}],\#
                "rejected":[{"from":"human","value":"q"},{"from":"gpt","value":"same"}]}
                """#,
            format: .conversational, prompt: [user("q")], preferred: "same", other: "same"),
        Case(
            name: "hh",
            row: #"""
                {"chosen":"\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: good",\#
                "rejected":"\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: bad"}
                """#,
            format: .hh, prompt: [user("a"), assistant("b"), user("c")]),
        Case(
            name: "hh, paragraphs in a turn and no line breaks at the start",
            row: #"{"chosen":"Human: a\n\nmore\n\nAssistant:good","rejected":"Human: a\n\nmore\n\nAssistant: bad"}"#,
            format: .hh, prompt: [user("a\n\nmore")]),
        Case(
            name: "hh, two assistant turns in a row",
            row: #"""
                {"chosen":"\n\nHuman: a\n\nAssistant: b\n\nAssistant: good",\#
                "rejected":"\n\nHuman: a\n\nAssistant: b\n\nAssistant: bad"}
                """#,
            format: .hh, prompt: [user("a"), assistant("b")]),
        Case(
            name: "hh, different contexts",
            row: #"""
                {"chosen":"\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: d\n\nHuman: e\n\nAssistant: good",\#
                "rejected":"\n\nHuman: a\n\nAssistant: b\n\nHuman: c\n\nAssistant: bad"}
                """#,
            format: .hh, prompt: [user("a"), assistant("b"), user("c")],
            preferred: "d\n\nHuman: e\n\nAssistant: good"),
        Case(
            name: "pku, first is safer",
            row: #"{"prompt":"q","response_0":"good","response_1":"bad","better_response_id":1,"safer_response_id":0}"#,
            format: .pku, prompt: [user("q")]),
        Case(
            name: "pku, second is safer",
            row: #"{"prompt":"q","response_0":"bad","response_1":"good","safer_response_id":1.0}"#, format: .pku,
            prompt: [user("q")]),
        Case(
            name: "anchors", row: #"{"prompt":"q","harmless":"good","harmful":"bad"}"#, format: .anchors,
            options: anchor, prompt: [user("q")]),
        Case(
            name: "harmful only", row: #"{"prompt":"q","harmful":"bad"}"#, format: .harmful,
            options: DatasetOptions(purpose: .anchor, refusal: "I can\u{2019}t answer that."), prompt: [user("q")],
            preferred: "I can’t answer that.", isRefused: true),
        Case(
            name: "what Legend's code generates",
            row: #"{"input":"q","output":"bad","generator":"Llama-2-7b"}"#, format: .legend,
            options: DatasetOptions(purpose: .anchor, refusal: "I can\u{2019}t answer that."), prompt: [user("q")],
            preferred: "I can’t answer that.", isRefused: true),
        Case(
            name: "what Legend's code annotates",
            row: #"{"input":"q","chosen":"good","rejected":"bad","margin":1,"generator":"Llama-2-7b"}"#,
            format: .preference, prompt: [user("q")]),
        Case(
            name: "preferences as anchors", row: #"{"prompt":"q","chosen":"good","rejected":"bad"}"#,
            format: .preference, options: anchor, prompt: [user("q")]),
        Case(
            name: "transcripts as anchors",
            row: #"{"chosen":"Human: q\n\nAssistant: good","rejected":"Human: q\n\nAssistant: bad"}"#,
            format: .hh, options: anchor, prompt: [user("q")]),
        Case(
            name: "configured format",
            row: #"{"prompt":"x","chosen":"Human: q\n\nAssistant: good","rejected":"Human: q\n\nAssistant: bad"}"#,
            format: .hh, options: DatasetOptions(purpose: .row, format: .hh), prompt: [user("q")]),
        Case(
            name: "configured columns",
            row: #"{"prompt":"x","chosen":"x","rejected":"x","a":"q","b":"good","c":"bad"}"#,
            options: DatasetOptions(purpose: .row, columns: DatasetColumns(prompt: "a", chosen: "b", rejected: "c")),
            prompt: [user("q")]),
        Case(
            name: "configured columns with transcripts",
            row: #"{"b":"Human: q\n\nAssistant: good","c":"Human: q\n\nAssistant: bad"}"#,
            options: DatasetOptions(purpose: .row, columns: DatasetColumns(prompt: nil, chosen: "b", rejected: "c")),
            prompt: [user("q")]),
        Case(
            name: "configured columns with messages",
            row: #"""
                {"b":[{"role":"user","content":"q"},{"role":"assistant","content":"good"}],\#
                "c":[{"role":"user","content":"q"},{"role":"assistant","content":"bad"}]}
                """#,
            options: DatasetOptions(purpose: .row, columns: DatasetColumns(prompt: nil, chosen: "b", rejected: "c")),
            prompt: [user("q")]),
        Case(
            name: "configured anchor columns", row: #"{"goal":"q","target":"bad","safe":"good"}"#,
            options: DatasetOptions(
                purpose: .anchor, columns: DatasetColumns(prompt: "goal", harmless: "safe", harmful: "target")),
            prompt: [user("q")]),
        Case(
            name: "configured harmful column", row: #"{"goal":"q","target":"bad"}"#,
            options: DatasetOptions(
                purpose: .anchor, columns: DatasetColumns(prompt: "goal", harmless: nil, harmful: "target"),
                refusal: "No."),
            prompt: [user("q")], preferred: "No.", isRefused: true),
    ]

    @Test(arguments: cases)
    func aRowOfEachFormatIsRead(_ example: Case) throws {
        let folder = try DatasetFolder()
        let path = try folder.write(example.row + "\n", to: "rows.jsonl")
        var reader = try DatasetReader(path: path, options: example.options)
        #expect(reader.detectedFormat == example.format)
        let record = try #require(try reader.next())
        #expect(record.errorText == nil)
        #expect(
            record.pair
                == ResponsePair(
                    prompt: Conversation(messages: example.prompt), preferred: example.preferred, other: example.other,
                    isRefused: example.isRefused))
        #expect(try reader.next() == nil as DatasetRecord?)
    }

    @Test(arguments: [
        (#""conversations":[{"from":"human","value":"q"}],"chosen":"a","rejected":"b""#, RowPurpose.row, "preference"),
        (
            #""conversations":[{"from":"human","value":"q"}],"chosen":{"from":"gpt","value":"a"},"#
                + #""rejected":{"from":"gpt","value":"b"}"#, .row, "sharegpt"
        ),
        (
            #""messages":[{"role":"user","content":"q"}],"chosen":"Human: q\n\nAssistant: a","#
                + #""rejected":"Human: q\n\nAssistant: b""#, .row, "preference"
        ),
        (
            #""prompt":"q","chosen":"a","rejected":"b","response_0":"a","response_1":"b","safer_response_id":0"#,
            .anchor, "preference"
        ),
        (#""prompt":"q","harmless":"a","harmful":"b","chosen":"a","rejected":"b""#, .anchor, "anchors"),
        (#""prompt":"q","harmless":"a","harmful":"b","chosen":"a","rejected":"b""#, .row, "preference"),
        (#""prompt":"q","harmful":"b","chosen":"a","rejected":"b""#, .anchor, "harmful"),
    ])
    func aRowThatFitsSeveralFormatsIsOfTheFirst(_ columns: String, _ purpose: RowPurpose, _ name: String) throws {
        let folder = try DatasetFolder()
        let path = try folder.write("{\(columns)}\n", to: "rows.jsonl")
        let reader = try DatasetReader(path: path, options: DatasetOptions(purpose: purpose, refusal: "No."))
        #expect(reader.detectedFormat?.name == name)
    }

    @Test func pkuIsReadFromCSVToo() throws {
        let all = try records(
            "prompt,response_0,response_1,safer_response_id\nq,bad,good,1\nq,a,b,yes\n", name: "rows.csv")
        #expect(all[0].pair == ResponsePair(prompt: Conversation(user: "q"), preferred: "good", other: "bad"))
        #expect(all[1].errorText == "rows.csv:3: \"safer_response_id\": expected 0 or 1, found \"yes\"")
    }

    @Test func aFirstRowWithoutColumnsDoesNotDecide() throws {
        let all = try records(#"{"note":"header"}"# + "\n" + #"{"prompt":"q","chosen":"good","rejected":"bad"}"#)
        #expect(all.map(\.errorText) == [#"rows.jsonl:1: "prompt" is missing (columns: note)"#, nil])
    }

    @Test func columnsThatFitNoFormatAreListed() throws {
        let folder = try DatasetFolder()
        let path = try folder.write(#"{"prompt":"q","response":"r","harmful":1}"#, to: "rows.jsonl")
        let first =
            "preference (prompt or instruction (with input) or question or query or input, chosen, rejected: strings); "
            + "sharegpt (conversations: a list of messages; chosen, rejected: a message each); "
        let others =
            "conversational (chosen, rejected: lists of messages; prompt optional); "
            + "hh (chosen, rejected: transcripts); pku (prompt, response_0, response_1, safer_response_id)"
        #expect(
            throws: FileError(
                path: path,
                problem: "no format fits. Found the columns: prompt, response, harmful. Expected " + first + others
                    + "; ranked (a prompt, and a list such as responses or completions beside scores, ranks or the number "
                    + "of the best, or of objects with a response and a score or a rank each). Columns of other names can "
                    + "be named in dataset.columns")
        ) { try records(at: path) }
        #expect(
            throws: FileError(
                path: path,
                problem: "no format fits. Found the columns: prompt, response, harmful. Expected "
                    + "anchors (prompt, harmless, harmful: strings); "
                    + "harmful (prompt, harmful: strings; refusals are the harmless side); " + first
                    + "legend (input, output, generator: strings; refusals are the harmless side); " + others
                    + ". Columns of other names can be named in anchors.columns")
        ) { try records(at: path, DatasetOptions(purpose: .anchor)) }
    }

    @Test func configuredColumnsThatDoNotExistAreRefusedAtTheStart() throws {
        let folder = try DatasetFolder()
        let path = try folder.write(#"{"prompt":"q","chosen":"a","rejected":"b"}"#, to: "rows.jsonl")
        let columns = DatasetColumns(prompt: "promt", chosen: "chosen", rejected: "rejected")
        #expect(
            throws: FileError(
                path: path,
                problem: "no format fits. Found the columns: prompt, chosen, rejected. "
                    + #"Expected the configured columns "promt", "chosen", "rejected""#)
        ) { try records(at: path, DatasetOptions(purpose: .row, columns: columns)) }
    }

    @Test func harmfulResponsesAloneNeedARefusal() throws {
        let folder = try DatasetFolder()
        let path = try folder.write(#"{"prompt":"q","harmful":"b"}"#, to: "rows.jsonl")
        let error = FileError(
            path: path,
            problem: "the harmful responses have no harmless ones beside them: "
                + "expected a configured refusal, found none")
        #expect(throws: error) { try records(at: path, DatasetOptions(purpose: .anchor, format: .harmful)) }
        #expect(throws: error) {
            let columns = DatasetColumns(prompt: "prompt", harmless: nil, harmful: "harmful")
            return try records(at: path, DatasetOptions(purpose: .anchor, columns: columns))
        }
    }
}
