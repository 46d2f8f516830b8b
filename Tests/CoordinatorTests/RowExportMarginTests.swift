import Dataset
import DatasetFixtures
import Diagnostics
import FileSystem
import Foundation
import Margins
import SeededRandom
import Testing

@testable import Coordinator

/// What becomes of margins, and of rows that cannot be exported.
@Suite struct RowExportMarginTests {
    private let folder: ExportFolder

    init() throws { folder = try ExportFolder() }

    // MARK: Margins

    private static let margins = [2, -1, 0, -0.25, 1e-300]

    @Test(
        arguments: [
            (.keep, [2, -1, 0, -0.25, 1e-300], 2), (.clip, [2, 0, 0, 0, 1e-300], 2), (.drop, [2, 0, 1e-300], 0),
            (.flip, [2, 1, 0, 0.25, 1e-300], 2),
        ] as [(NegativeMargins, [Double], Int)])
    func marginsBelowZeroAreTreated(_ negative: NegativeMargins, _ expected: [Double], _ count: Int) throws {
        let rows = Self.margins.enumerated().map { ExportFolder.row("p\($0.offset)", margin: $0.element) }
        let summary = try folder.export(rows, to: .trl, negative: negative)
        let objects = try folder.objects()
        #expect(objects.compactMap { $0["margin"] as? Double } == expected)
        #expect(summary.negativeRows == count && summary.droppedRows == 5 - expected.count && summary.failedRows == 0)
        let flipped = objects.filter { $0["chosen"] as? String == " bad" }.count
        #expect(flipped == (negative == .flip ? 2 : 0))
        #expect(objects.allSatisfy { $0["chosen"] as? String != $0["rejected"] as? String })
        let errors = negative == .drop ? try folder.objects("out.errors.jsonl") : []
        #expect(errors.compactMap { $0["row"] as? Int } == (negative == .drop ? [1, 3] : []))
    }

    @Test(arguments: [NegativeMargins.drop, .flip])
    func offsetsAreAboveZeroAndTheRewardsDifference(_ negative: NegativeMargins) throws {
        var generator = SeededGenerator(seed: 3)
        // Margins that are a fifth of the scores' differences, but for what calibration by fold does.
        let rows = (0..<200).map { index in
            let chosen = Double.random(in: -40...60, using: &generator)
            let rejected = Double.random(in: -60...40, using: &generator)
            let margin = 0.2 * (chosen - rejected) * Double.random(in: 0.9...1.1, using: &generator)
            return (index, chosen, rejected, margin: index == 7 ? 0 : margin)
        }
        let lines = rows.map { index, chosen, rejected, margin in
            ExportFolder.row(
                "p\(index)", #""margin": \#(margin), "score_chosen": \#(chosen), "score_rejected": \#(rejected)"#)
        }
        let summary = try folder.export(lines, to: .odpo, negative: negative)
        let found = try folder.objects()
        #expect(found.count + summary.droppedRows == 200 && summary.failedRows == 0)
        #expect(summary.droppedRows == (negative == .flip ? 1 : rows.count { $0.margin <= 0 }))
        for object in found {
            let offset = try #require(object["offset"] as? Double)
            let chosen = try #require(object["chosen_reward"] as? Double)
            let rejected = try #require(object["rejected_reward"] as? Double)
            #expect(offset > 0 && chosen > rejected && abs(chosen - rejected - offset) < 1e-12)
            // A response's reward is its score in the margin's unit, whichever it is compared with.
            let prompt = try #require(object["prompt"] as? String)
            let index = try #require(rows.firstIndex { prompt == "\n\nHuman: p\($0.0)\n\nAssistant:" })
            let mean = (rows[index].1 + rows[index].2) / 2
            #expect(abs((chosen + rejected) / 2 - 0.2 * mean) < 0.02 * abs(mean) + 1e-9)
        }
    }

    /// Whatever the other rows are: one of them is as large as can be.
    @Test(arguments: [1e30, 1e308])
    func aMarginWithoutBoundSpoilsNoOther(_ margin: Double) throws {
        let rows = (0..<6).map { index in
            let scores = #""score_chosen": \#(index * 10), "score_rejected": \#(index * 10 - 1)"#
            return ExportFolder.row("p\(index)", #""margin": \#(index == 3 ? margin : 0.5), \#(scores)"#)
        }
        let summary = try folder.export(
            rows + [ExportFolder.row("least", margin: Double.leastNonzeroMagnitude)], to: .odpo)
        #expect(summary.droppedRows == 0 && summary.margins.count == 7)
        for object in try folder.objects() {
            let chosen = try #require(object["chosen_reward"] as? Double)
            let rejected = try #require(object["rejected_reward"] as? Double)
            #expect(chosen.isFinite && rejected.isFinite && chosen >= rejected)
        }
    }

    @Test func rewardsWithoutScoresAreHalfTheMargin() throws {
        _ = try folder.export([ExportFolder.row("q", #""margin": 3.0"#)], to: .odpo)
        let row = try #require(folder.objects().first as? [String: NSObject])
        #expect(row["chosen_reward"] == 1.5 as NSNumber && row["rejected_reward"] == -1.5 as NSNumber)
    }

    // MARK: Rows that are none

    @Test func rowsThatCannotBeExportedAreInAFileOfTheirOwn() throws {
        let rows = [
            ExportFolder.row("a"), "no json", ExportFolder.row("b", #""margin": "high""#),
            ExportFolder.row("c", #""other": 1"#),
            #"{"prompt": "d", "chosen": "", "rejected": "bad", \#(ExportFolder.numbers)}"#,
            ExportFolder.row("e", #""margin": 1e999"#),
            ExportFolder.row("f", margin: -1), ExportFolder.row("g"),
        ]
        let summary = try folder.export(rows, to: .trl, negative: .drop)
        #expect(try folder.objects().count == 2)
        #expect(summary.rows == 8 && summary.failedRows == 5 && summary.droppedRows == 1)
        let errors = try folder.objects("out.errors.jsonl")
        #expect(errors.compactMap { $0["row"] as? Int } == [1, 2, 3, 4, 5, 6])
        #expect(errors.compactMap { $0["line"] as? Int } == [2, 3, 4, 5, 6, 7])
        #expect(errors[1]["raw"] as? String == rows[2])
        let reasons = errors.compactMap { $0["error"] as? String }
        #expect(reasons[1] == #"annotated.jsonl: line 3: expected the column "margin" with a number, found "high""#)
        #expect(reasons[2].contains("found the columns prompt, chosen, rejected, other"))
        #expect(reasons[5] == "the margin is -1.0, below 0 (--negative drop)")
    }

    @Test func aFileOfWhichNothingCanBeExportedLeavesWhatWasThere() throws {
        try folder.files.write("before", to: "out.jsonl")
        let none = #"{"prompt": "q", "chosen": "good", "rejected": "bad"}"#
        let problem = #expect(throws: Problem.self) { try folder.export([none], to: .trl) }
        #expect(problem?.isOfConfiguration == true)
        #expect(problem?.description.contains("none of its 1 row can be exported; of the first one: ") == true)
        #expect(throws: Problem.self) { try folder.export([ExportFolder.row("q", margin: -1)], to: .odpo) }
        let empty = #expect(throws: Problem.self) { try folder.export([], to: .trl) }
        #expect(empty?.description.hasSuffix("there are no rows in it") == true)
        #expect(try folder.files.text(of: "out.jsonl") == "before")
    }

    @Test func aFileThatChangesWhileItIsReadIsNotExported() throws {
        try folder.files.write("before", to: "out.jsonl")
        let error = #expect(throws: FileError.self) {
            try folder.export([ExportFolder.row("a"), ExportFolder.row("b")], to: .trl) {
                // As many rows, and others.
                _ = try? folder.files.write(
                    [ExportFolder.row("c"), ExportFolder.row("d")].joined(separator: "\n"), to: "annotated.jsonl")
            }
        }
        #expect(error?.problem == "it changed while it was read; nothing is exported")
        #expect(try folder.files.text(of: "out.jsonl") == "before")
        #expect(try folder.files.names.allSatisfy { !$0.hasSuffix(".partial") })
    }

    @Test func aCompressedFileHasTheSameRows() throws {
        _ = try folder.export([ExportFolder.row("q"), ExportFolder.row("r")], to: .trl)
        let plain = try folder.lines()
        _ = try folder.export([ExportFolder.row("q"), ExportFolder.row("r")], to: .trl, output: "out.jsonl.gz")
        #expect(try folder.files.bytes(of: "out.jsonl.gz").prefix(2) == [0x1F, 0x8B])
        let rows = try records(at: folder.files.path("out.jsonl.gz"))
        #expect(rows.count == plain.count && rows.allSatisfy { $0.pair?.preferred == " good" })
    }

    @Test func anErrorsFileOfAnEarlierExportIsRemoved() throws {
        try folder.files.write("old", to: "out.errors.jsonl")
        _ = try folder.export([ExportFolder.row("q")], to: .trl)
        #expect(!FileManager.default.fileExists(atPath: folder.files.path("out.errors.jsonl")))
    }

    @Test func identicalResponsesAreCounted() throws {
        let same = #"{"prompt": "q", "chosen": "one", "rejected": "one", \#(ExportFolder.numbers)}"#
        #expect(try folder.export([same, ExportFolder.row("q")], to: .trl).identicalRows == 1)
    }
}
