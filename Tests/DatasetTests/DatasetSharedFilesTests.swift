import Dataset
import DatasetFixtures
internal import FileSystem
import Foundation
import TestEnvironment
import Testing

/// Real datasets that lie beside the package on a developer's machine. Their texts are harmful: only counts are
/// printed.
@Suite struct DatasetSharedFilesTests {
    private static let transcripts = TestData.shared("data/harmless-base-test.jsonl.gz")
    private static let refusalPairs = TestData.shared("data/jbb_refusal_pairs.jsonl")
    private static let singleResponses = TestData.shared("data/gptfuzz.jsonl")
    private static let targets = TestData.shared("data/harmful_behaviors.csv")

    @Test(.needs(transcripts)) func transcriptsOfHHRLHFAreRead() throws {
        var reader = try DatasetReader(
            path: Self.transcripts.path, options: DatasetOptions(purpose: .row))
        #expect(reader.detectedFormat == .hh)
        var rows = 0
        var problems: [RowProblem] = []
        var turns: [Int: Int] = [:]
        while let record = try reader.next() {
            rows += 1
            switch record.content {
            case .success(let pair): turns[pair.prompt.messages.count, default: 0] += 1
            case .failure(let error): problems.append(error.problem)
            }
        }
        print(
            "hh: \(rows) rows; prompts by turns: \(turns.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })")
        #expect(rows == 2312)
        // Four chosen responses are nothing but whitespace in the published file.
        #expect(problems == Array(repeating: .emptyText(column: "chosen"), count: 4))
    }

    @Test(.needs(refusalPairs)) func refusalPairsAreReadAsPreferencesAndAsAnchors() throws {
        for purpose in [RowPurpose.row, .anchor] {
            let options = DatasetOptions(purpose: purpose)
            let reader = try DatasetReader(path: Self.refusalPairs.path, options: options)
            #expect(reader.detectedFormat == .preference)
            let all = try records(at: Self.refusalPairs.path, options)
            #expect(all.count == 1000)
            #expect(all.allSatisfy { $0.errorText == nil })
        }
    }

    @Test(.needs(singleResponses)) func singleResponsesAreRefused() throws {
        let error = try #require(throws: FileError.self) { try records(at: Self.singleResponses.path) }
        #expect(
            error.problem.hasPrefix(
                "no format fits. Found the columns: prompt, response, harmful, split, qid. Expected preference ("))
    }

    @Test(.needs(targets)) func questionsWithTargetsAreAnchorsWithARefusal() throws {
        let columns = DatasetColumns(prompt: "goal", harmless: nil, harmful: "target")
        let all = try records(
            at: Self.targets.path,
            DatasetOptions(purpose: .anchor, columns: columns, refusal: "I can\u{2019}t answer that."))
        #expect(all.count == 520)
        #expect(all.allSatisfy { $0.pair?.preferred == "I can\u{2019}t answer that." })
    }

    /// An independent reading of the same files: the same strings come out.
    @Test(.needs(refusalPairs)) func valuesAreThoseThatFoundationReads() throws {
        let url = URL(fileURLWithPath: Self.refusalPairs.path)
        let lines = try Data(contentsOf: url).split(separator: 0x0A)
        let all = try records(at: url.path)
        #expect(lines.count == all.count)
        var different = 0
        for (line, record) in zip(lines, all) {
            let object = try JSONSerialization.jsonObject(with: line) as? [String: Any]
            let strings = ["prompt", "chosen", "rejected"].map { object?[$0] as? String }
            let read = record.pair.map { [$0.prompt.messages[0].content, $0.preferred, $0.other] } ?? []
            if strings.map({ $0.map { Array($0.utf8) } }) != read.map({ Array($0.utf8) }) { different += 1 }
        }
        #expect(different == 0)
    }
}
