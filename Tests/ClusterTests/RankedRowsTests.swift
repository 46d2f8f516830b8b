import Foundation
import TestEnvironment
import Testing

/// Whole jobs whose rows have several responses.
@Suite(.serialized, .needs(.model), .hangLimit)
struct RankedRowsTests {
    /// Prompts with four responses each, one of which is the best; of the last one all are equally good.
    private static let rows = (0..<14).map { row in
        let responses = [
            "I can't help with plan \(row).", "Sure, here is how plan \(row) goes.", "Ask somebody who knows it.",
            "It depends on plan \(row), and on you.",
        ]
        let scores = row == 13 ? "[2, 2, 2, 2]" : "[4, 1, 3, \"2\"]"
        let texts = responses.map { #"{"text": "\#($0)"}"# }.joined(separator: ", ")
        return #"{"id": "\#(row)", "prompt": "How does plan \#(row) go?", "answers": [\#(texts)], "marks": \#(scores)}"#
    }.joined(separator: "\n")

    private func folder() throws -> JobFolder {
        let folder = try JobFolder()
        try folder.configure(input: "ranked.jsonl")
        try folder.write(Self.rows, to: "ranked.jsonl")
        let yaml = try String(contentsOfFile: folder.configuration, encoding: .utf8)
        try folder.write(
            yaml + "\ndataset: {columns: {prompt: prompt, responses: answers.text, scores: marks}}\n",
            to: "cluster.yaml")
        return folder
    }

    @Test func aKilledJobGoesOnAndWritesTheSamePairs() async throws {
        let undisturbed = try folder()
        let (program, exit) = try await undisturbed.run(workers: 2)
        try #require(exit == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(program.output.contains("78 of 79 rows annotated, 1 have nothing to compare"))
        let rows = try undisturbed.rows
        #expect(rows.map(\.id) == (0..<13).flatMap { Array(repeating: "\($0)", count: 6) })
        // A response has one score, whatever it is compared with.
        for start in stride(from: 0, to: 78, by: 6) {
            #expect(Set(rows[start..<start + 3].map(\.scoreChosen)).count == 1)
            #expect(rows[start + 2].scoreRejected == rows[start + 5].scoreRejected)
        }
        let errors = try undisturbed.errorRows
        #expect(errors.map(\.line) == [14] && errors[0].error.hasSuffix("all equally good (no pair)"))

        let killed = try folder()
        let (last, end) = try await killed.run(workers: 1, killedAt: [3, 8])
        #expect(end == .init(status: 0, isSignal: false), "\(last.errors)")
        #expect(try killed.output == undisturbed.output)
    }
}
