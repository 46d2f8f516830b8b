import Foundation
import TestEnvironment
import Testing

/// What margins are worth to a reward model, measured by a real cluster with a real model.
@Suite(.serialized, .needs(.model), .hangLimit)
struct EvaluationTests {
    private struct Figures: Decodable {
        struct Arm: Decodable {
            var arm: String
            var head: String?
            var accuracy, low, high: Double
            var difference, differenceLow, differenceHigh: Double?
            var pHolm: Double?
            var seeds, rows: Int
        }

        struct Run: Decodable {
            var layer: Int
            var token: String
            var ours: [String]
            var legend: String?
        }

        var run: Run
        var rows, prompts, knownRows: Int
        var arms: [Arm]
        var headlines, findings, notes: [String]
    }

    /// All rows of the sample data, which are of 220 prompts.
    private func configure(
        _ folder: JobFolder, source: String = "anchors: own", embedding: String = "{}",
        input: String = "all.jsonl", cluster: String = JobFolder.Timing.patient
    ) throws {
        try folder.configure(
            input: input, source: source, precision: "int8", embedding: embedding,
            cluster: "{listen: 'tcp://127.0.0.1:*', unit_tokens: 512, \(cluster)}")
        let configuration = try String(contentsOfFile: folder.configuration, encoding: .utf8)
        try folder.write(configuration + "\nevaluation: {seeds: 2}\n", to: "cluster.yaml")
        try folder.write(String(contentsOfFile: Programs.demoRows, encoding: .utf8), to: "all.jsonl")
    }

    private func start(_ folder: JobFolder, workers: Int = 1, _ more: [String] = []) throws -> RunningProgram {
        try RunningProgram(
            Programs.coordinator,
            ["evaluate", folder.configuration, "--local-workers", "\(workers)"] + more)
    }

    private func data(_ folder: JobFolder, _ name: String = "out.evaluation.json") throws -> Data {
        try Data(contentsOf: folder.url.appending(path: name))
    }

    private func figures(_ folder: JobFolder) throws -> Figures {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Figures.self, from: data(folder))
    }

    @Test func figuresAreTheSameWhateverIsKilledAndSayWhatMarginsAreWorth() async throws {
        let undisturbed = try JobFolder()
        try configure(undisturbed)
        let first = try start(undisturbed)
        #expect(await first.exit() == .init(status: 0, isSignal: false), "\(first.errors)")
        let expected = try (data(undisturbed), data(undisturbed, "out.heads.safetensors"))

        let killed = try JobFolder()
        try configure(killed, cluster: JobFolder.Timing.alert)
        let state = "out.evaluation.state"
        let program = try start(killed, workers: 2)
        try await killed.atResults(4, of: program, in: state) { program.kill() }
        #expect(await program.exit() == .init(status: SIGKILL, isSignal: true))
        let again = try start(killed, workers: 2)
        try await killed.atResults(8, of: again, in: state) {
            for worker in try ProcessTable.children(of: again.processID) { Foundation.kill(worker, SIGKILL) }
        }
        #expect(await again.exit() == .init(status: 0, isSignal: false), "\(again.errors)")
        #expect(try data(killed, "out.heads.safetensors") == expected.1)
        let (found, whole) = try (figures(killed), figures(undisturbed))
        #expect(found.arms.map(\.accuracy) == whole.arms.map(\.accuracy))

        #expect(whole.rows == 220 && whole.prompts == 199)
        #expect(whole.run.token == "mean-response" && whole.run.layer == 21 && whole.run.ours == ["own"])
        #expect(whole.run.legend?.contains("rejected responses") == true)
        let arms = Set(whole.arms.map { "\($0.arm) \($0.head ?? "-")" })
        for arm in ["none", "constant", "legend", "ours", "written", "shuffled", "ensemble", "averaged"] {
            #expect(arms.contains("\(arm) linear") && arms.contains("\(arm) mlp"))
        }
        #expect(arms.contains("score -") && arms.contains("legend-score -"))
        for arm in whole.arms {
            #expect(arm.low <= arm.accuracy && arm.accuracy <= arm.high && arm.seeds == 2 && arm.rows == 220)
            #expect((arm.difference == nil) == (arm.arm == "none"))
        }
        let plain = try #require(whole.arms.first { $0.arm == "none" && $0.head == "linear" })
        #expect(plain.accuracy > 0.75)
        #expect(first.output.contains("our margins") && first.output.contains("RewardEnsemble's margins"))
        #expect(whole.headlines.allSatisfy { first.output.contains($0) })
        // No row was annotated, so that there is nothing to make a page of.
        #expect(!FileManager.default.fileExists(atPath: undisturbed.path("out.report.html")))
        // Another number of seeds needs nothing that is not there, and no worker.
        let more = try start(undisturbed, workers: 0, ["--seeds", "1"])
        #expect(await more.exit() == .init(status: 0, isSignal: false), "\(more.errors)")
        #expect(try figures(undisturbed).arms.allSatisfy { $0.seeds == 1 })
    }

    @Test func whatAJobKeptIsEvaluatedWithoutAWorker() async throws {
        let folder = try JobFolder()
        try configure(
            folder, source: "anchors: anchors.jsonl",
            embedding: """
                {layer: 21, token: mean-response, keep_embeddings: true, keep_layers: [-1], keep_tokens: [last]}
                """)
        let job = try await folder.run()
        #expect(job.exit == .init(status: 0, isSignal: false), "\(job.program.errors)")
        let program = try start(folder, workers: 0)
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(program.output.contains("from the embeddings that the job kept"))
        let figures = try figures(folder)
        #expect(figures.rows == 220 && figures.run.ours == ["anchors.jsonl"])
        // Their harmless side is not Legend's.
        #expect(figures.run.legend == nil && !figures.arms.contains { $0.arm == "legend" })
        #expect(figures.notes.contains { $0.contains("Legend's margins are left out") })
        // It is on the page, and stays there when the page is written anew.
        for command in [nil, ["report", folder.path("out.jsonl")], ["run", folder.configuration]] {
            if let command {
                let writer = try RunningProgram(Programs.coordinator, command)
                #expect(await writer.exit().status == 0, "\(writer.errors)")
            }
            let page = String(decoding: try data(folder, "out.report.html"), as: UTF8.self)
            #expect(page.contains("Do margins help a reward model?"), "\(command ?? [])")
        }
        // The rows are embedded for this alone where the job is another one by now.
        let other = try start(folder, ["--set", "model.precision=bf16", "--set", "job.state=other"])
        #expect(await other.exit().status == 0, "\(other.errors)")
        #expect(other.errors.contains("it has not run"), "\(other.errors)")
    }

    /// Kept in half precision, or embedded anew: the same states, and the same Legend.
    @Test func keptEmbeddingsSayWhatOthersDo() async throws {
        let folder = try JobFolder()
        try configure(
            folder, source: "anchors: refused.jsonl",
            embedding: """
                {layer: 21, token: mean-response, keep_embeddings: true, keep_layers: [-1], keep_tokens: [last]}
                """)
        let anchors = try String(contentsOfFile: Programs.demoAnchors, encoding: .utf8)
            .replacing(#/"harmless": *"(\\.|[^"\\])*", */#, with: "")
        try folder.write(anchors, to: "refused.jsonl")
        let refusal = ["--set", "anchors.refusal=I can\u{2019}t answer that."]
        let job = try RunningProgram(
            Programs.coordinator, ["run", folder.configuration, "--local-workers", "1"] + refusal)
        #expect(await job.exit().status == 0, "\(job.errors)")
        let kept = try start(folder, workers: 0, refusal)
        #expect(await kept.exit().status == 0, "\(kept.errors)")
        let stored = try figures(folder)
        #expect(stored.run.legend?.contains("anchors' harmful responses") == true)
        let anew = try start(folder, refusal + ["--set", "job.state=elsewhere.state"])
        #expect(await anew.exit().status == 0, "\(anew.errors)")
        let embedded = try figures(folder)
        #expect(stored.arms.map(\.arm) == embedded.arms.map(\.arm) && stored.run.legend == embedded.run.legend)
        for (one, other) in zip(stored.arms, embedded.arms) {
            #expect(abs(one.accuracy - other.accuracy) < 0.02, "\(one.arm) \(one.accuracy) \(other.accuracy)")
        }
    }

    /// A direction that knows the rows says nothing of what it is worth on others, and the figures say so.
    @Test(arguments: [false, true]) func aDirectionThatKnowsTheRowsIsNoNews(_ haveOnePrompt: Bool) async throws {
        let folder = try JobFolder()
        // By default the direction is fitted on the rows' own labels.
        try configure(folder, source: "name: own")
        if haveOnePrompt {
            let rows = try String(contentsOfFile: Programs.demoRows, encoding: .utf8)
            try folder.write(
                rows.replacing(#/"prompt": *"(\\.|[^"\\])*"/#, with: "\"prompt\": \"Hello there.\""), to: "all.jsonl")
        }
        let survey = ["--set", "direction.rows=\(haveOnePrompt ? 220 : 100)"]
        let job = try RunningProgram(
            Programs.coordinator, ["run", folder.configuration, "--local-workers", "1"] + survey)
        #expect(await job.exit().status == 0, "\(job.errors)")
        let known = try start(
            folder, ["--set", "job.direction=out.direction.safetensors", "--set", "job.output=known.jsonl"])
        #expect(await known.exit().status == 0, "\(known.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let figures = try decoder.decode(Figures.self, from: data(folder, "known.evaluation.json"))
        if haveOnePrompt {
            #expect(figures.knownRows == figures.rows)
            #expect(figures.headlines.count == 1 && figures.headlines[0].hasPrefix("Nothing can be said"))
            #expect(figures.notes.contains { $0.contains("most rows have one prompt") })
        } else {
            // There are others enough.
            #expect(figures.knownRows == 0 && figures.rows < 130 && figures.rows >= 100, "\(figures.rows)")
        }
    }

    @Test func rowsThatHaveNoPartAreCounted() async throws {
        let folder = try JobFolder()
        try configure(folder)
        var rows = try String(contentsOfFile: Programs.demoRows, encoding: .utf8)
        rows += "\nno row\n" + #"{"prompt": "A?", "chosen": "", "rejected": "B."}"#
        for number in 0..<3 { rows += "\n" + #"{"prompt": "Q\#(number)?", "chosen": "Same.", "rejected": "Same."}"# }
        try folder.write(rows, to: "all.jsonl")
        let program = try start(folder)
        #expect(await program.exit().status == 0, "\(program.errors)")
        let figures = try figures(folder)
        #expect(figures.rows == 220)
        #expect(figures.notes.contains { $0.hasPrefix("2 rows of the input cannot be read") }, "\(figures.notes)")
        #expect(figures.notes.contains { $0.hasPrefix("3 rows whose two responses are the same") }, "\(figures.notes)")
    }

    @Test func whatCannotBeEvaluatedSaysSo() async throws {
        let folder = try JobFolder()
        try configure(folder, input: "rows.jsonl")
        let few = try start(folder)
        #expect(await few.exit().status == 2)
        #expect(
            few.errors.contains(
                "expected at least 100 rows of 30 prompts that can be embedded, found 60 rows of 59 prompts"),
            "\(few.errors)")
        // What was embedded for this alone is not a job's work: with other settings it is embedded anew.
        let changed = try start(folder, ["--set", "embedding.template=chatml"])
        #expect(await changed.exit().status == 2)
        #expect(changed.errors.contains("changed since the last evaluation: embedding.template"), "\(changed.errors)")
        let bad = try start(folder, ["--set", "evaluation.heads=[tree]", "--set", "evaluation.rows=3"])
        #expect(await bad.exit().status == 2)
        #expect(bad.errors.contains("tree") && bad.errors.contains("evaluation.rows"), "\(bad.errors)")
    }
}
