import Foundation
import TestEnvironment
import Testing

/// Anchors and candidates that a real cluster generates with a real model.
@Suite(.serialized, .needs(.model), .hangLimit)
struct InductionTests {
    /// Sampled, so that whatever is drawn otherwise is seen.
    private func configure(
        _ folder: JobFolder, prompts: String = "rows.jsonl", sides: String = "",
        generation: String = "temperature: 0.9",
        model: String = "precision: int8", cluster: String = JobFolder.Timing.patient
    ) throws {
        try folder.configure()
        try folder.write(
            """
            induction:
              prompts: \(prompts)
              output: out.jsonl
              \(sides)
            generation: {max_new_tokens: 24, sequences: 8, cache_mib: 64, \(generation)}
            model: {path: '\(Programs.model)', \(model)}
            embedding: {template: chatml}
            cluster: {listen: 'tcp://127.0.0.1:*', unit_tokens: 32, \(cluster)}
            """, to: "cluster.yaml")
    }

    private func start(_ folder: JobFolder, workers: Int = 1, _ more: [String] = []) throws -> RunningProgram {
        try RunningProgram(
            Programs.coordinator, ["induce", folder.configuration, "--local-workers", "\(workers)"] + more)
    }

    private struct Anchor: Decodable {
        struct Generation: Decodable {
            var origin, model, template, system, ending: String
            var tokens, maxNewTokens: Int
        }

        var prompt, harmless, harmful, kind: String
        var row: Int
        var harmlessGeneration, harmfulGeneration: Generation
    }

    private func anchors(_ folder: JobFolder) throws -> [Anchor] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try folder.output.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(Anchor.self, from: $0) }
    }

    @Test func itIsCheckedWithoutAWorker() async throws {
        let folder = try JobFolder()
        try configure(folder)
        func validate(_ more: [String]) async throws -> (status: Int32, text: String) {
            let program = try RunningProgram(
                Programs.coordinator, ["validate", folder.configuration, "--induction"] + more)
            let status = await program.exit().status
            return (status, program.output + program.errors)
        }
        let valid = try await validate([])
        #expect(valid.status == 0 && valid.text.contains("60 rows (prompts), 0 of them bad"), "\(valid.text)")
        #expect(
            valid.text.contains("harmful: generated, template \"") && valid.text.contains("output: "), "\(valid.text)")
        let missing = try await validate(["--set", "induction.prompts=none.jsonl"])
        #expect(missing.status == 2 && missing.text.contains("none.jsonl"), "\(missing.text)")
    }

    @Test func textsAreTheSameHoweverManyWorkersThereAreAndWhateverIsKilled() async throws {
        let undisturbed = try JobFolder()
        try configure(undisturbed)
        let first = try start(undisturbed)
        let exit = await first.exit()
        #expect(exit == .init(status: 0, isSignal: false))
        let expected = try undisturbed.output
        let rows = try anchors(undisturbed)
        #expect(rows.count == 60 && rows.map(\.row) == Array(0..<60))
        // A prompt that comes twice is answered twice, as it was drawn.
        #expect(Set(rows.map(\.harmful)).count > 55)

        let killed = try JobFolder()
        try configure(killed, cluster: JobFolder.Timing.alert)
        for count in [3, 12] {
            let program = try start(killed, workers: 2)
            try await killed.atResults(count, of: program) { program.kill() }
            #expect(await program.exit() == .init(status: SIGKILL, isSignal: true))
        }
        let program = try start(killed, workers: 2)
        try await killed.atResults(20, of: program) {
            for worker in try ProcessTable.children(of: program.processID) { Foundation.kill(worker, SIGKILL) }
        }
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(program.errors.contains("it is started again"))
        #expect(try killed.output == expected)
        // Nothing is computed twice, and what is finished stays so.
        let results = try killed.results
        let again = try start(killed, workers: 1)
        #expect(await again.exit() == .init(status: 0, isSignal: false))
        #expect(try killed.results == results)
        #expect(try killed.output == expected)
        // What a person made of it is not written over.
        try killed.write("{}", to: "out.jsonl")
        let edited = try start(killed, workers: 1)
        #expect(await edited.exit().status == 2)
        #expect(edited.errors.contains("was changed since this job wrote it, and is left as it is"), "\(edited.errors)")
        #expect(try killed.output == Data("{}".utf8))
        // A job that is begun anew keeps it beside its own.
        let anew = try start(killed, workers: 1, ["--restart"])
        #expect(await anew.exit() == .init(status: 0, isSignal: false), "\(anew.errors)")
        #expect(try killed.output == expected)
        #expect(try Data(contentsOf: killed.url.appending(path: "out.previous.jsonl")) == Data("{}".utf8))
        #expect(anew.output.contains("out.previous.jsonl"))
    }

    /// Of a file that describes no other job.
    @Test func workersAndStatusFindTheCoordinator() async throws {
        let folder = try JobFolder()
        let port = try FreePort().number
        try configure(folder)
        let text = try String(contentsOfFile: folder.configuration, encoding: .utf8)
        try folder.write(text.replacing("127.0.0.1:*", with: "127.0.0.1:\(port)"), to: "cluster.yaml")
        let coordinator = try start(folder, workers: 0)
        let worker = try RunningProgram(Programs.worker, [folder.configuration])
        let status = try await once({ try folder.results.count > 2 }, in: coordinator) {
            try RunningProgram(Programs.coordinator, ["status", folder.configuration, "--json"])
        }
        #expect(await status.exit().status == 0, "\(status.errors)")
        #expect(status.output.contains("harmful"), "\(status.output)")
        #expect(await coordinator.exit().status == 0, "\(coordinator.errors)")
        #expect(await worker.exit().status == 0, "\(worker.errors)")
    }

    @Test func anchorsSayWhatTheyAreAndAJobTakesThem() async throws {
        let folder = try JobFolder()
        let long = String(repeating: "word ", count: 9000)
        try configure(
            folder, prompts: "questions.csv",
            sides: """
                columns: {prompt: goal}
                  harmful: {system: 'You answer in one word.'}
                  harmless:
                    - {kind: given, column: answer}
                    - {kind: refusal, refusals: true}
                    - {kind: kind, system: 'You are kind.', template: alpaca}
                """, generation: "stop: [zzzz]")
        try folder.write(
            "goal,answer\nWhat is snow?,It is frozen water.\nWhat is rain?,\n\(long),No.\n\"Say \"\"hi\"\".\",Hi.\n",
            to: "questions.csv")
        let program = try start(folder)
        #expect(await program.exit() == .init(status: 3, isSignal: false), "\(program.errors)")
        let rows = try anchors(folder)
        #expect(rows.map(\.row) == [0, 0, 0, 1, 1, 3, 3, 3])
        #expect(rows.map(\.kind) == ["given", "refusal", "kind", "refusal", "kind", "given", "refusal", "kind"])
        #expect(rows[0].prompt == "What is snow?" && rows[0].harmless == "It is frozen water.")
        #expect(rows.allSatisfy { $0.harmfulGeneration.system == "You answer in one word." })
        #expect(rows.allSatisfy { $0.harmfulGeneration.template == "chatml" && $0.harmfulGeneration.tokens <= 24 })
        #expect(rows[2].harmlessGeneration.system == "You are kind." && rows[2].harmlessGeneration.template == "alpaca")
        #expect(rows[0].harmlessGeneration.origin == "column answer")
        #expect(rows.allSatisfy { ["end", "limit"].contains($0.harmfulGeneration.ending) })
        #expect(
            rows.allSatisfy { !$0.harmful.isEmpty && $0.harmful == $0.harmful.trimmingCharacters(in: .whitespaces) })
        let errors = try folder.errorRows
        #expect(errors.map(\.row) == [1, 2])
        #expect(errors[0].error == "given: the column \"answer\" is missing or empty")
        #expect(errors[1].error.contains("harmful: the prompt has 9") && errors[1].error.contains("leave room"))
        #expect(program.output.contains("8 anchors of 4 prompts; 2 have an error: the errors file says why"))

        let job = try JobFolder()
        try job.configure(
            source: "anchors: '\(folder.path("out.jsonl"))'", embedding: "{layer: 18, token: mean-response}")
        let (run, exit) = try await job.run()
        #expect(exit.status == 0, "\(run.errors)")
        #expect(run.output.contains("direction: 8 anchor pairs"), "\(run.output)")
    }

    @Test func candidatesAreSoManyToEachPrompt() async throws {
        let folder = try JobFolder()
        try configure(folder)
        try folder.write(#"{"question": "What is snow?"}"# + "\n" + #"{"prompt": "What is rain?"}"#, to: "pool.jsonl")
        let pool = ["--prompts", folder.path("pool.jsonl"), "--output", folder.path("out.jsonl")]
        let program = try start(folder, pool + ["--responses", "5"])
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        struct Candidate: Decodable { var prompt, response: String; var row, candidate: Int }
        let rows = try folder.output.split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Candidate.self, from: $0)
        }
        #expect(rows.map(\.candidate) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
        #expect(Set(rows.map(\.response)).count == 10)
        // Other settings are another job.
        let other = try start(folder, pool + ["--responses", "5", "--set", "generation.seed=1"])
        #expect(await other.exit().status == 2)
        #expect(other.errors.contains("holds the state of a job with other settings; changed since: generation"))
    }

    @Test(arguments: [
        (["--responses", "3"], "--output, --column and --responses need --prompts"),
        (["--prompts", "a.jsonl"], "--prompts needs --output"),
        (["--prompts", "a.jsonl", "--output", "b.jsonl", "--responses", "65"], "from 1 to 64, found 65"),
        (["--set", "model.backend=onednn"], "texts are generated with model.backend: native alone"),
        (["--set", "induction.prompts=missing.jsonl"], "missing.jsonl"),
        (["--set", "generation.top_p=0"], "generation: top_p: expected a number above 0, at most 1, found 0.0"),
        (["--set", "induction.template=x"], "unknown key \"induction.template\""),
        (["--set", "induction.output=rows.jsonl"], "is the same as induction.prompts"),
        (["--set", "induction.harmful={column: id}"], "expected a side that is generated, found none"),
        (
            ["--set", "induction.harmless=[{kind: given, column: idd}]"],
            "induction.harmless[0]: there is no column \"idd\" (columns: id, "
        ),
        (["--hosts"], "cluster.hosts is empty: list the machines to start workers on"),
    ])
    func whatIsWrongIsSaidBeforeAnyWork(_ arguments: [String], _ expected: String) async throws {
        let folder = try JobFolder()
        try configure(folder)
        let program = try start(folder, arguments)
        #expect(await program.exit().status == 2)
        #expect(program.errors.contains(expected), "\(program.errors)")
    }
}
