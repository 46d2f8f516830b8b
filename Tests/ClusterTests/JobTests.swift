import Foundation
import TestEnvironment
import Testing

/// Whole jobs: the built programs as processes, a real model, the sample data.
@Suite(.serialized, .needs(.model), .hangLimit)
struct JobTests {
    @Test func everyRowComesOutOnceInOrderWithAMargin() async throws {
        let folder = try JobFolder()
        try folder.configure(input: Programs.demoRows)
        let (program, exit) = try await folder.run(workers: 2)
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(program.output.contains("220 of 220 rows annotated"))
        let rows = try folder.rows
        #expect(
            rows.map(\.id) == (1...220).map { "demo-" + String(repeating: "0", count: 4 - "\($0)".count) + "\($0)" })
        for row in rows {
            let (margin, chosen) = (try #require(row.margin), try #require(row.scoreChosen))
            #expect(margin.isFinite && row.marginRaw == chosen - (row.scoreRejected ?? .nan))
        }
        // Every original byte is kept.
        let inputs = try Data(contentsOf: URL(filePath: Programs.demoRows)).split(separator: UInt8(ascii: "\n"))
        for (input, output) in zip(inputs, try folder.output.split(separator: UInt8(ascii: "\n"))) {
            #expect(output.starts(with: input.dropLast()))
        }
    }

    /// `scripts/legend_reference.py` computed the golden margins with Hugging Face transformers.
    @Test func legendCompatibleMarginsAreThoseOfTheReleasedProcedure() async throws {
        let folder = try JobFolder()
        try folder.configure(
            input: Programs.demoRows, source: "anchors: \(Programs.demoAnchors)", embedding: "{compat: legend}")
        let (program, exit) = try await folder.run()
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        let golden = try JobFolder.Row.all(
            in: Data(contentsOf: URL(filePath: Programs.golden + "/legend_reference.jsonl")))
        let rows = try folder.rows
        try #require(rows.count == golden.count && rows.count >= 100)
        let errors = zip(rows, golden).map { abs(($0.margin ?? .infinity) - $1.margin!) / abs($1.margin!) }
        print("compat: legend: largest relative difference of \(rows.count) margins \(errors.max()!)")
        #expect(errors.max()! <= 1e-3)
    }

    @Test func aSavedDirectionGivesTheSameMargins() async throws {
        let first = try JobFolder()
        try first.configure()
        _ = try await first.run()
        let second = try JobFolder()
        try second.configure(source: "direction: \(first.path("out.direction.safetensors"))")
        let (program, exit) = try await second.run()
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        try expectSameMargins(first, second)
        // And is refused where the job would embed in another way.
        try second.configure(
            source: "direction: \(first.path("out.direction.safetensors"))", embedding: "{token: mean, layer: 3}")
        let (refused, refusal) = try await second.run()
        #expect(refusal.status == 2)
        #expect(refused.errors.contains("embedding.token is mean, but the direction was fitted with last"))
        #expect(refused.errors.contains("embedding.layer is 3, but the direction was fitted with 30"))
    }

    /// But for what a surveyed row's unit rounds otherwise.
    private func expectSameMargins(_ first: JobFolder, _ second: JobFolder) throws {
        let (one, other) = (try first.rows.compactMap(\.marginRaw), try second.rows.compactMap(\.marginRaw))
        #expect(one.count == 60 && other.count == 60)
        let differences = zip(one, other).map { abs($0 - $1) / max(abs($0), 1) }
        print("a saved direction: raw margins differ by \(differences.max()!) at most")
        #expect(differences.max()! < 1e-3)
    }

    @Test func badRowsComeOutWithTheirReasonsAndTheOthersWithMargins() async throws {
        let folder = try JobFolder()
        let good = #"{"prompt": "How are you?", "chosen": "Fine, thank you.", "rejected": "None of your business."}"#
        let bad: [(row: [UInt8], reason: String)] = [
            (Array("{not json".utf8), "invalid JSON"),
            (Array(#"{"prompt": "p", "chosen": "c"}"#.utf8), #""rejected" is missing"#),
            (Array(#"{"prompt": "p", "chosen": " ", "rejected": "r"}"#.utf8), #""chosen" is empty"#),
            (
                Array(
                    #"{"prompt": "p", "chosen": "\#(String(repeating: "word ", count: 100_000))", "rejected": "r"}"#
                        .utf8),
                "at most 8192 fit"
            ),
            (
                Array(#"{"prompt": ""#.utf8) + [0xFF, 0xFE] + Array(#"", "chosen": "c", "rejected": "r"}"#.utf8),
                "UTF-8"
            ),
            (Array(#"{"prompt": "p", "prompt": "q", "chosen": "c", "rejected": "r"}"#.utf8), "a second time"),
            (Array(#"["a", "list"]"#.utf8), "expected a JSON object"),
        ]
        let lines = [Array(good.utf8)] + bad.flatMap { [$0.row, Array(good.utf8)] }
        try Data(lines.joined(separator: [0x0A])).write(to: folder.url.appending(path: "in.jsonl"))
        try folder.configure(input: "in.jsonl")
        let (program, exit) = try await folder.run()
        #expect(exit.status == 3, "\(program.errors)")
        #expect(program.output.contains("8 of 15 rows annotated, 7 cannot be"), "\(program.output)")
        #expect(program.output.contains("errors: \(folder.path("out.errors.jsonl"))"))
        let rows = try folder.rows
        #expect(rows.count == 8 && rows.allSatisfy { $0.margin == rows[0].margin && $0.margin?.isFinite == true })
        let errors = try folder.errorRows
        try #require(errors.map(\.row) == [1, 3, 5, 7, 9, 11, 13])
        for (error, bad) in zip(errors, bad) {
            #expect(error.line == error.row + 1 && error.error.contains(bad.reason), "\(error)")
            let raw = error.rawEncoding == "utf-8" ? Data(error.raw.utf8) : Data(base64Encoded: error.raw)
            #expect(raw == Data(bad.row) && (error.rawEncoding == "base64") == (bad.reason == "UTF-8"))
        }
        let summary = try RunningProgram(Programs.coordinator, ["summary", folder.path("out.jsonl")])
        #expect(await summary.exit().status == 0, "\(summary.errors)")
        #expect(summary.output.contains("8 rows with a margin, 7 in the errors file"))
        #expect(summary.output.contains("IN THE ERRORS FILE (\(folder.path("out.errors.jsonl")))"))
        let report = try RunningProgram(Programs.coordinator, ["report", folder.path("out.jsonl")])
        #expect(await report.exit().status == 0, "\(report.errors)")
        let page = try String(contentsOfFile: folder.path("out.report.html"), encoding: .utf8)
        #expect(page.contains("7 of 15 rows are not in the output"))
        let replacing = try RunningProgram(
            Programs.coordinator, ["report", folder.path("out.jsonl"), "--report", folder.path("out.errors.jsonl")])
        #expect(await replacing.exit().status == 2)
        #expect(folder.hasErrors)
        #expect(replacing.errors.contains("the report would take the place of"))
        // Of which the report is not made.
        for name in ["in.jsonl", "cluster.yaml"] {
            let before = try Data(contentsOf: folder.url.appending(path: name))
            let other = try RunningProgram(
                Programs.coordinator, ["report", folder.path("out.jsonl"), "--report", folder.path(name)])
            #expect(await other.exit().status == 2)
            #expect(other.errors.contains("expected nothing or an earlier report, found another file"))
            #expect(try Data(contentsOf: folder.url.appending(path: name)) == before)
        }
        let repeated = try RunningProgram(Programs.coordinator, ["report", folder.path("out.jsonl")])
        #expect(await repeated.exit().status == 0, "in place of the earlier one: \(repeated.errors)")

        // Repaired: nothing of the errors is left.
        try Data([UInt8](lines[0])).write(to: folder.url.appending(path: "in.jsonl"))
        let (again, success) = try await folder.run(workers: 1, "--restart")
        #expect(success.status == 0 && !again.output.contains("errors:"), "\(again.errors)")
        #expect(try folder.rows.count == 1 && !folder.hasErrors)
    }

    @Test func columnsThatTheOutputAddsAreRefusedRenamedOrReplaced() async throws {
        let folder = try JobFolder()
        try folder.configure(input: "in.jsonl")
        let texts = #""prompt": "How are you?", "chosen": "Fine.", "rejected": "None of your business.""#
        try folder.write("{\(texts), \"score_chosen\": 7.5}\n{\(texts)}\n", to: "in.jsonl")
        let (refused, refusal) = try await folder.run()
        #expect(refusal.status == 2)
        #expect(refused.errors.contains("it has \"score_chosen\" already"), "\(refused.errors)")
        #expect(refused.errors.contains("set dataset.existing_columns to rename"), "\(refused.errors)")

        // A later row alone is an error, until the key is set: then it is written with what was computed.
        try folder.write("{\(texts)}\n{\(texts), \"score_chosen\": 7.5}\n", to: "in.jsonl")
        let (_, partly) = try await folder.run()
        #expect(try partly.status == 3 && folder.errorRows.map(\.row) == [1])
        let results = try folder.results
        let configuration = try String(contentsOfFile: folder.configuration, encoding: .utf8)
        for (choice, kept) in [("rename", true), ("replace", false)] {
            try folder.write(configuration + "\ndataset: {existing_columns: \(choice)}\n", to: "cluster.yaml")
            let (program, exit) = try await folder.run(workers: 0)
            #expect(exit.status == 0, "\(program.errors)")
            #expect(try folder.rows.count == 2 && !folder.hasErrors && folder.results == results)
            #expect(
                String(decoding: try folder.output, as: UTF8.self).contains("\"original_score_chosen\": 7.5") == kept)
        }
    }

    @Test func runningAFinishedJobAgainComputesNothing() async throws {
        let folder = try JobFolder()
        try folder.configure()
        _ = try await folder.run()
        let (results, output) = (try folder.results, try folder.output)
        let (program, exit) = try await folder.run(workers: 0)
        #expect(exit.status == 0, "\(program.errors)")
        #expect(try folder.results == results && folder.output == output)
        // With other settings it is another job.
        try folder.configure(embedding: "{layer: 20, token: last}")
        let (other, refusal) = try await folder.run()
        #expect(refusal.status == 2 && other.errors.contains("changed since: embedding.layer"), "\(other.errors)")
        let (_, anew) = try await folder.run(workers: 1, "--restart")
        #expect(anew.status == 0)
        #expect(try folder.output != output)
    }
}
