import Foundation
import TestEnvironment
import Testing

/// Candidates that a real cluster scores with a real model, and ranks.
@Suite(.serialized, .needs(.model), .hangLimit)
struct RerankTests {
    private struct Ranked: Decodable {
        var id: String
        var rank, candidates: Int
        var score: Double
        var scoreOurs, scoreHead, scoreLegend: Double?
    }

    private struct Curves: Decodable {
        struct Curve: Decodable {
            struct Point: Decodable {
                var n: Int
                var value, low, high: Double
                var prompts: Int
            }

            var ranker, pool: String
            var points: [Point]
        }

        var label: String
        var responses, prompts: Int
        var curves: [Curve]
    }

    /// A job that was evaluated, and beside it candidates: both responses of the sample rows.
    private static let evaluated = Task {
        let folder = try JobFolder()
        try folder.configure(
            input: "all.jsonl", source: "anchors: own", precision: "int8", embedding: "{}",
            cluster: "{listen: 'tcp://127.0.0.1:*', unit_tokens: 512, \(JobFolder.Timing.patient)}")
        let configuration = try String(contentsOfFile: folder.configuration, encoding: .utf8)
        try folder.write(configuration + "\nevaluation: {seeds: 1, heads: [linear]}\n", to: "cluster.yaml")
        let rows = try String(contentsOfFile: Programs.demoRows, encoding: .utf8)
        try folder.write(rows, to: "all.jsonl")
        var pool: [String] = []
        struct Row: Decodable { var prompt, chosen, rejected: String }
        for line in rows.split(separator: "\n").prefix(40) {
            let row = try JSONDecoder().decode(Row.self, from: Data(line.utf8))
            for (side, response, harmful) in [("c", row.chosen, 0), ("r", row.rejected, 1)] {
                let object: [String: Any] = [
                    "id": "\(pool.count / 2)\(side)", "prompt": row.prompt, "response": response, "harmful": harmful,
                ]
                pool.append(
                    String(
                        decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys),
                        as: UTF8.self))
            }
        }
        try folder.write(pool.joined(separator: "\n"), to: "pool.jsonl")
        let program = try RunningProgram(
            Programs.coordinator, ["evaluate", folder.configuration, "--local-workers", "1"])
        let exit = await program.exit()
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        return folder
    }

    private func start(
        _ folder: JobFolder, workers: Int = 1, candidates: String = "pool.jsonl", output: String = "ranked.jsonl",
        _ more: [String] = []
    ) throws -> RunningProgram {
        try RunningProgram(
            Programs.coordinator,
            [
                "rerank", folder.configuration, "--local-workers", "\(workers)", "--candidates",
                folder.path(candidates),
                "--output", folder.path(output),
            ] + more)
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: data)
    }

    private func ranked(_ folder: JobFolder, _ name: String = "ranked.jsonl") throws -> [Ranked] {
        try Data(contentsOf: folder.url.appending(path: name)).split(separator: UInt8(ascii: "\n")).map {
            try decoded(Ranked.self, $0)
        }
    }

    @Test func candidatesAreRankedWithTheirCurveWhateverIsKilled() async throws {
        let folder = try await Self.evaluated.value
        let program = try start(folder)
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        let rows = try ranked(folder)
        #expect(rows.count == 80 && rows.map(\.id).prefix(4) == ["0c", "0r", "1c", "1r"])
        #expect(rows.allSatisfy { $0.candidates >= 2 && $0.rank <= $0.candidates && $0.score == $0.scoreOurs })
        #expect(rows.allSatisfy { $0.scoreHead != nil && $0.scoreLegend != nil })
        // The head and our score know these rows, which they were fitted on.
        let right = stride(from: 0, to: 80, by: 2).count { rows[$0].scoreHead! > rows[$0 + 1].scoreHead! }
        #expect(right > 34)
        let curves = try decoded(Curves.self, Data(contentsOf: folder.url.appending(path: "ranked.rerank.json")))
        #expect(curves.label == "harmful" && curves.responses == 80)
        #expect(
            curves.curves.filter { $0.pool == "all" }.map(\.ranker)
                == ["random", "shortest", "legend", "ours", "head", "head+ours"])
        for curve in curves.curves where curve.pool == "all" {
            #expect(abs(curve.points[0].value - 0.5) < 1e-9 && curve.points[0].n == 1)
            let isRandom = curve.ranker == "random"
            #expect(isRandom == (abs(curve.points[1].value - 0.5) < 1e-9), "\(curve.ranker)")
        }
        #expect(program.output.contains("CHOSEN BY") && program.output.contains("equal-length"))
        // All of the prompts are the job's own.
        #expect(program.output.contains("which flatters them: there are too few others to leave them out"))

        let other = "killed.jsonl"
        let killed = try start(folder, workers: 2, output: other)
        try await folder.atResults(3, of: killed, in: "killed.state") { killed.kill() }
        _ = await killed.exit()
        let again = try start(folder, workers: 1, output: other)
        #expect(await again.exit() == .init(status: 0, isSignal: false), "\(again.errors)")
        #expect(
            try Data(contentsOf: folder.url.appending(path: other))
                == Data(contentsOf: folder.url.appending(path: "ranked.jsonl")))
    }

    @Test func theBestAloneAreWrittenAndBadRowsSaySo() async throws {
        let folder = try await Self.evaluated.value
        let pool = try String(contentsOfFile: folder.path("pool.jsonl"), encoding: .utf8)
        let copies = pool.split(separator: "\n").prefix(2).joined(separator: "\n")
        try folder.write(
            pool + "\n\(copies)\n{\"id\": \"x\", \"prompt\": \"A?\", \"response\": \"\"}\nno row\n", to: "bad.jsonl")
        let program = try start(
            folder, candidates: "bad.jsonl", output: "best.jsonl", ["--best", "1", "--by", "head+ours"])
        #expect(await program.exit() == .init(status: 3, isSignal: false), "\(program.errors)")
        let rows = try ranked(folder, "best.jsonl")
        // One of each prompt, also where several are equal.
        let prompts = try Set(ranked(folder).map { $0.id.dropLast() })
        #expect(rows.allSatisfy { $0.rank == 1 } && rows.count <= prompts.count && rows.count >= 30)
        let errors = try String(contentsOfFile: folder.path("best.errors.jsonl"), encoding: .utf8)
        #expect(errors.split(separator: "\n").count == 2 && errors.contains("response"))
        #expect(program.output.contains("ranked by head+ours; 2 cannot be scored"))
        #expect(rows.count { $0.id.hasPrefix("0") && $0.id.count == 2 } == 1)
        // What is ranked already is not ranked again by mistake.
        let again = try start(folder, candidates: "best.jsonl", output: "twice.jsonl")
        #expect(await again.exit().status == 2)
        #expect(again.errors.contains("it has a column \"rank\" already"), "\(again.errors)")
        let replaced = try start(folder, candidates: "best.jsonl", output: "twice.jsonl", ["--replace"])
        #expect(await replaced.exit().status == 0, "\(replaced.errors)")
        #expect(try ranked(folder, "twice.jsonl").count == rows.count)
    }

    /// Of a spreadsheet, with other names; labels that begin late, in several spellings.
    @Test func tablesAreRankedByTheScoreOfADirectionAlone() async throws {
        let folder = try await Self.evaluated.value
        let job = try RunningProgram(
            Programs.coordinator,
            [
                "run", folder.configuration, "--local-workers", "1", "--set", "job.output=direct.jsonl", "--set",
                "direction.rows=60",
            ])
        #expect(await job.exit().status == 0, "\(job.errors)")
        var table = "question,answer,unsafe\n"
        for number in 0..<6 {
            table += "What is \(number)?,It is a number.,\(number < 4 ? "0.0" : "FALSE")\n"
            table += "What is \(number)?,\"I cannot say, friend.\",\(number < 4 ? "1.0" : "TRUE")\n"
        }
        try folder.write(table + "What is 9?,Nine.,perhaps\n", to: "table.csv")
        let program = try start(
            folder, candidates: "table.csv", output: "table.jsonl",
            ["--response-column", "answer", "--direction", folder.path("direct.direction.safetensors")])
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        let curves = try decoded(Curves.self, Data(contentsOf: folder.url.appending(path: "table.rerank.json")))
        #expect(curves.label == "unsafe" && curves.responses == 12 && curves.prompts == 6)
        #expect(Set(curves.curves.map(\.ranker)) == ["random", "shortest", "ours"])
        #expect(program.output.contains("1 of 13 responses have no label of 0 or 1"), "\(program.output)")
        let text = try String(contentsOfFile: folder.path("table.jsonl"), encoding: .utf8)
        #expect(
            text.contains("\"unsafe\": \"FALSE\"") && text.contains("\"score_ours\"") && !text.contains("score_head"))
        let head = try start(
            folder, candidates: "table.csv", output: "table.jsonl",
            [
                "--response-column", "answer", "--by", "head", "--direction",
                folder.path("direct.direction.safetensors"),
            ])
        #expect(await head.exit().status == 2)
        #expect(head.errors.contains("has no head to rank by"), "\(head.errors)")
    }

    @Test func whatCannotBeRankedSaysSo() async throws {
        let folder = try await Self.evaluated.value
        let cases: [([String], String)] = [
            (["--set", "embedding.template=chatml"], "was made with model "),
            (["--set", "embedding.layer=3"], "embedding.layer is 3, but"),
            (["--set", "model.sha256=\(String(repeating: "0", count: 64))"], "model.sha256 is 0000"),
            (["--heads", folder.path("pool.jsonl")], "not a usable safetensors file"),
            (
                ["--set", "direction.estimator=logistic"],
                "with other settings; changed since: direction.estimator. Run"
            ),
            (["--label", "nothing"], "there is no column \"nothing\""),
            (["--label", "id"], "\"id\": expected 0 or 1, or false or true, found \"0c\" and nothing of these"),
            (["--set", "job.output=other.jsonl"], "there is nothing to rank by"),
            (["--response-column", "answer"], "answer"),
            (["--by", "luck"], "--by: expected ours"),
        ]
        for (arguments, message) in cases {
            let program = try start(folder, output: "none.jsonl", arguments)
            let status = await program.exit().status
            #expect(status == 2 || status == 64, "\(arguments) \(status)")
            #expect(program.errors.contains(message), "\(program.errors)")
        }
        let table = try start(folder, output: "table.csv")
        #expect(await table.exit().status == 2)
        #expect(table.errors.contains("expected a name that ends with .jsonl"), "\(table.errors)")
        let same = try start(folder, output: "pool.jsonl")
        #expect(await same.exit().status == 2)
        #expect(same.errors.contains("is the same as --candidates"), "\(same.errors)")
    }
}
