import Foundation
import Testing

/// `legend-coordinator texts`.
struct TextsTests {
    private func texts(_ folder: JobFolder, _ more: String...) async throws -> (RunningProgram, Int32) {
        let program = try RunningProgram(Programs.coordinator, ["texts", folder.configuration] + more)
        return (program, await program.exit().status)
    }

    @Test func theTextsAreThoseOfTheRowsInOrder() async throws {
        let folder = try JobFolder()
        try folder.configure(embedding: "{template: 'Q: {prompt} A:{response}'}")
        try folder.write(
            """
            {"prompt": "é\\n", "chosen": "\\"yes\\"", "rejected": "no"}
            {"prompt": "q"}
            {"prompt": "q", "chosen": "c", "rejected": "r"}
            not json
            """, to: "rows.jsonl")
        let (program, status) = try await texts(folder)
        #expect(status == 3)
        #expect(
            program.output == """
                {"row": 0, "prompt": "Q: é\\n A:", "responses": ["\\"yes\\"", "no"], "prompt_controls": [[0, 3], [6, 9]]}
                {"row": 2, "prompt": "Q: q A:", "responses": ["c", "r"], "prompt_controls": [[0, 3], [4, 7]]}

                """)
        #expect(program.errors.contains(#"rows.jsonl:2: "chosen" is missing"#), "\(program.errors)")
        #expect(program.errors.contains("rows.jsonl:4: invalid JSON"))
        #expect(program.errors.contains("2 rows cannot be read"))
        // The bad row behind the last text is not looked at.
        let (limited, good) = try await texts(folder, "--limit", "1")
        #expect(good == 0 && limited.output.split(separator: "\n").count == 1)
    }

    @Test func rangesOfControlTokensAreGivenWhereThereAreAny() async throws {
        let folder = try JobFolder()
        for (template, expected) in [
            ("plain", #"{"row": 0, "prompt": "q\n\n", "responses": ["c", "re"]}"#),
            (
                "'{prompt}{response}</s>'",
                #"{"row": 0, "prompt": "q", "responses": ["c</s>", "re</s>"], "response_controls": [[[1, 5]], [[2, 6]]]}"#
            ),
        ] {
            try folder.configure(embedding: "{template: \(template)}")
            try folder.write(#"{"prompt": "q", "chosen": "c", "rejected": "re"}"#, to: "rows.jsonl")
            let (program, status) = try await texts(folder)
            #expect(status == 0 && program.output == expected + "\n", "\(program.errors)")
        }
    }

    @Test func anchorsAreWrittenToAFile() async throws {
        let folder = try JobFolder()
        try folder.configure()
        try folder.write(#"{"prompt": "q", "harmless": "no", "harmful": "yes"}"#, to: "anchors.jsonl")
        let (program, status) = try await texts(folder, "--anchors", "--output", folder.path("texts.jsonl"))
        #expect(status == 0 && program.output.isEmpty, "\(program.errors)")
        let written = try String(contentsOf: folder.url.appending(path: "texts.jsonl"), encoding: .utf8)
        // In the model's own template, which is the default.
        let system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
        let prompt =
            #"<|im_start|>system\n\#(system)<|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n"#
        let ranges = "[[0, 115], [116, 149]]"
        #expect(
            written == #"{"row": 0, "prompt": "\#(prompt)", "responses": ["no", "yes"], "prompt_controls": \#(ranges)}"#
                + "\n")
    }

    @Test func aWrongConfigurationIsSaid() async throws {
        let folder = try JobFolder()
        try folder.configure(input: "none.jsonl")
        let (program, status) = try await texts(folder)
        #expect(status == 2 && program.errors.contains("none.jsonl"), "\(program.errors)")
    }
}
