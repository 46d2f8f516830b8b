import Dataset
import DatasetFixtures
import Testing

@Suite struct DatasetRowErrorTests {
    private func error(
        _ row: String, _ format: DatasetFormat, purpose: RowPurpose = .row, refusal: String? = nil
    ) throws -> String? {
        // A row with every column goes first, so that the format fits the file.
        let complete =
            #"{"prompt":"q","chosen":"a","rejected":"b","harmless":"a","harmful":"b","#
            + #""response_0":"a","response_1":"b","safer_response_id":0}"#
        let options = DatasetOptions(purpose: purpose, format: format, refusal: refusal)
        return try records(complete + "\n" + row, options)[1].errorText
    }

    @Test(arguments: [
        (#"{"prompt":"q","response":"a"}"#, #""chosen" is missing (columns: prompt, response)"#),
        (#"{"prompt":"q","chosen":"a"}"#, #""rejected" is missing (columns: prompt, chosen)"#),
        (#"{"chosen":"a","rejected":"b"}"#, #""prompt" is missing (columns: chosen, rejected)"#),
        (#"{}"#, #""prompt" is missing (columns: none)"#),
        (
            #"{"prompt":1,"chosen":"a","rejected":"b"}"#,
            #""prompt": expected a string or a list of messages, found a number"#
        ),
        (#"{"prompt":"q","chosen":null,"rejected":"b"}"#, #""chosen": expected a string, found null"#),
        (#"{"prompt":"q","chosen":[],"rejected":"b"}"#, #""chosen": expected a string, found an array"#),
        (#"{"prompt":"q","chosen":"a","rejected":{}}"#, #""rejected": expected a string, found an object"#),
        (#"{"prompt":"q","chosen":"a","rejected":false}"#, #""rejected": expected a string, found a boolean"#),
        (#"{"prompt":" \n\t","chosen":"a","rejected":"b"}"#, #""prompt" is empty"#),
        (#"{"prompt":[],"chosen":"a","rejected":"b"}"#, #""prompt" is empty"#),
        (#"{"prompt":"q","chosen":"","rejected":"b"}"#, #""chosen" is empty"#),
        (#"{"prompt":"q","chosen":"a","rejected":"\u00a0\u3000"}"#, #""rejected" is empty"#),
        (
            #"{"prompt":"q","chosen":"a","rejected":"b""#,
            #"invalid JSON: expected "," or "}", found the end of the line at column 42"#
        ),
        (#"["q","a","b"]"#, "expected a JSON object, found an array"),
        (#"{"prompt":"q","prompt":"q"}"#, #"invalid JSON: the key "prompt" occurs a second time at column 15"#),
    ])
    func aPreferenceRowSaysWhatIsWrong(row: String, expected: String) throws {
        #expect(try error(row, .preference) == "rows.jsonl:2: " + expected)
    }

    @Test(arguments: [
        (#"{"chosen":"a","rejected":"b"}"#, #""chosen": expected a list of messages, found a string"#),
        (#"{"chosen":[1],"rejected":[]}"#, #""chosen", message 1: expected an object, found a number"#),
        (#"{"chosen":[{"content":"a"}],"rejected":[]}"#, #""chosen", message 1: "role" is missing (keys: content)"#),
        (#"{"chosen":[{"role":"user"}],"rejected":[]}"#, #""chosen", message 1: "content" is missing (keys: role)"#),
        (
            #"{"chosen":[{"role":"user","content":"q"},{"role":"tool","content":"a"}],"rejected":[]}"#,
            #""chosen", message 2: calls of tools and their results (the role "tool") are not read"#
        ),
        (
            #"{"chosen":[{"role":"user","content":[]}],"rejected":[]}"#,
            #""chosen", message 1: "content": expected a string, found an array"#
        ),
        (
            #"{"chosen":[{"role":"user","role":"user"}],"rejected":[]}"#,
            #""chosen", message 1: the key "role" occurs a second time"#
        ),
        (
            #"{"chosen":[],"rejected":[]}"#,
            #""chosen" and "rejected" share no prompt: they differ before the first response"#
        ),
        (
            #"{"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"rejected":[{"role":"user","content":"r"},{"role":"assistant","content":"a"}]}"#,
            #""chosen" and "rejected" share no prompt: they differ before the first response"#
        ),
        (
            #"{"prompt":"q","chosen":[{"role":"user","content":"q"}],"rejected":[]}"#,
            #""chosen": expected one assistant message after the prompt, found one user message"#
        ),
        (
            #"{"prompt":"q","chosen":[{"role":"assistant","content":"a"}],"rejected":[]}"#,
            #""rejected": expected one assistant message after the prompt, found 0 messages"#
        ),
        (
            #"{"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"d"}]}"#,
            #""chosen": expected one assistant message after the prompt, found 3 messages"#
        ),
        (
            #"{"prompt":" ","chosen":[{"role":"assistant","content":"a"}],"rejected":[{"role":"assistant","content":"b"}]}"#,
            #""prompt" is empty"#
        ),
        (
            #"{"prompt":"q","chosen":[{"role":"assistant","content":""}],"rejected":[{"role":"assistant","content":"b"}]}"#,
            #""chosen" is empty"#
        ),
    ])
    func aConversationSaysWhatIsWrong(row: String, expected: String) throws {
        #expect(try error(row, .conversational) == "rows.jsonl:2: " + expected)
    }

    @Test(arguments: [
        (
            #"{"chosen":"yes","rejected":"no","id":1}"#,
            #""chosen" is no transcript ("\n\nHuman: …\n\nAssistant: …"), and there is no prompt column (columns: chosen, rejected, id)"#
        ),
        (
            #"{"chosen":"Human: q\n\nAssistant: a","rejected":"intro\n\nHuman: q\n\nAssistant: b"}"#,
            #""rejected" is no transcript ("\n\nHuman: …\n\nAssistant: …"), and there is no prompt column (columns: chosen, rejected)"#
        ),
        (
            #"{"chosen":"Human: q\n\nAssistant: a\n\nHuman: r","rejected":"Human: q\n\nAssistant: a"}"#,
            #""chosen": expected a transcript that ends with an Assistant turn, found a Human turn at its end"#
        ),
        (
            #"{"chosen":"Human: q\n\nAssistant: a","rejected":"Human: r\n\nAssistant: a"}"#,
            #""chosen" and "rejected" share no prompt: they differ before the first response"#
        ),
        (
            #"{"chosen":"Assistant: a","rejected":"Assistant: b"}"#,
            #""chosen" and "rejected" share no prompt: they differ before the first response"#
        ),
        (#"{"chosen":"Human: q\n\nAssistant: ","rejected":"Human: q\n\nAssistant: b"}"#, #""chosen" is empty"#),
        (#"{"chosen":"Human: q\n\nAssistant: a","rejected":"Human: q\n\nAssistant:"}"#, #""rejected" is empty"#),
        (
            #"{"chosen":"Human: \n\nAssistant: a","rejected":"Human: \n\nAssistant: b"}"#,
            #""the prompt in chosen" is empty"#
        ),
    ])
    func aTranscriptSaysWhatIsWrong(row: String, expected: String) throws {
        #expect(try error(row, .hh) == "rows.jsonl:2: " + expected)
    }

    @Test(arguments: [
        (
            #"{"prompt":"q","response_0":"a","response_1":"b","safer_response_id":2}"#,
            #""safer_response_id": expected 0 or 1, found 2"#
        ),
        (
            #"{"prompt":"q","response_0":"a","response_1":"b","safer_response_id":null}"#,
            #""safer_response_id": expected 0 or 1, found null"#
        ),
        (
            #"{"prompt":"q","response_0":"a","response_1":"b"}"#,
            #""safer_response_id" is missing (columns: prompt, response_0, response_1)"#
        ),
        (#"{"prompt":"q","response_0":"a","response_1":"","safer_response_id":0}"#, #""response_1" is empty"#),
    ])
    func aRankedRowSaysWhatIsWrong(row: String, expected: String) throws {
        #expect(try error(row, .pku) == "rows.jsonl:2: " + expected)
    }

    @Test func anAnchorSaysWhatIsWrong() throws {
        #expect(
            try error(#"{"prompt":"q","harmful":"b"}"#, .anchors, purpose: .anchor)
                == #"rows.jsonl:2: "harmless" is missing (columns: prompt, harmful)"#)
        #expect(
            try error(#"{"prompt":"q"}"#, .harmful, purpose: .anchor, refusal: "No.")
                == #"rows.jsonl:2: "harmful" is missing (columns: prompt)"#)
    }

    @Test func messagesListNoMoreThanADozenColumnsAndNoControlCharacters() throws {
        let columns = (0..<20).map { "\"c\($0)\":0" }.joined(separator: ",")
        #expect(
            try error("{\(columns)}", .preference)
                == #"rows.jsonl:2: "prompt" is missing (columns: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11 and 8 more)"#
        )
        #expect(
            try error(#"{"\u001b[2J":0}"#, .preference)
                == #"rows.jsonl:2: "prompt" is missing (columns: \u{1B}[2J)"#)
        let long = String(repeating: "x", count: 1000)
        #expect(
            try error("{\"\(long)\":0}", .preference)
                == "rows.jsonl:2: \"prompt\" is missing (columns: \(long.prefix(64))…)")
        // One character, as Swift counts.
        let accents = String(repeating: "\u{301}", count: 1000)
        #expect(
            try error("{\"e\(accents)\":0}", .preference)
                == "rows.jsonl:2: \"prompt\" is missing (columns: e\(String(repeating: "\u{301}", count: 63))…)")
    }
}
