import Dataset
import DatasetFixtures
import Foundation
import JSON
import SeededRandom
import Testing

@Suite struct DatasetHostileTests {
    private static let valid: [(DatasetFormat, String)] = [
        (
            .preference,
            #"{"prompt":"Which is the h\u00edghest mountain of the Alps, and how hígh is it?","chosen":"Mont Blanc,\nwith 4806 metres.","rejected":"I have no \"idea\", ask somebody else.","id":[1,{"x":null}]}"#
        ),
        (
            .conversational,
            #"{"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]}"#
        ),
        (.hh, #"{"chosen":"\n\nHuman: q\n\nAssistant: a","rejected":"\n\nHuman: q\n\nAssistant: b"}"#),
        (.pku, #"{"prompt":"q","response_0":"a","response_1":"b","safer_response_id":1}"#),
    ]

    /// Each line becomes one record, whatever is in it; and each record can be written as one JSON object.
    @Test func everyMutatedLineIsOneRecordAndOneRowOfEitherFile() throws {
        for (seed, (format, line)) in zip(UInt64(1)..., Self.valid) {
            var random = SeededGenerator(seed: seed)
            var lines: [[UInt8]] = [Array(line.utf8)]
            while lines.count < 5000 {
                let mutated = random.mutatedRows(Array(line.utf8))
                let isBlank = mutated.allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
                if !isBlank, !mutated.contains(0x0A), mutated.last != 0x0D { lines.append(mutated) }
            }
            let folder = try DatasetFolder()
            let path = try folder.write([UInt8](lines.joined(separator: [0x0A])), to: "rows.jsonl")
            let all = try records(at: path, DatasetOptions(purpose: .row, format: format))
            #expect(all.map(\.line) == Array(1...lines.count), "seed \(seed)")
            #expect(all.map(\.index) == Array(0..<lines.count), "seed \(seed)")
            let bad = all.count { $0.errorText != nil }
            print("\(format.name): \(bad) of \(all.count) mutated lines are row errors")
            #expect(bad > 1000 && bad < all.count)
            try expectEachIsWrittenAsOneObject(all, in: folder, seed: seed)
        }
    }

    private func expectEachIsWrittenAsOneObject(_ all: [DatasetRecord], in folder: DatasetFolder, seed: UInt64) throws {
        var writer = try folder.writer()
        let annotation = try Annotation(margin: 1, scoreChosen: 2, scoreRejected: 1)
        for record in all {
            try writer.write(record, record.errorText.map { .failed(reason: $0) } ?? .annotated(annotation))
        }
        try writer.finish(rows: all.count)
        let (good, bad) = (all.filter { $0.errorText == nil }, all.filter { $0.errorText != nil })
        for (records, name, column) in [(good, "out.jsonl", "margin"), (bad, "out.errors.jsonl", "error")] {
            let rows = try folder.bytes(of: name).split(separator: 0x0A)
            #expect(rows.count == records.count, "seed \(seed)")
            for (record, row) in zip(records, rows) {
                let object = try JSONObject(line: Array(row))
                #expect(object.value(of: column) != nil, "seed \(seed)")
                guard column == "error" else { continue }
                #expect(object.members.map(\.key) == ["row", "line", "error", "raw", "raw_encoding"])
                #expect(object.value(of: "row")?.number == Double(record.index), "seed \(seed)")
            }
        }
    }

    @Test func randomBytesAreNeverACrash() throws {
        var random = SeededGenerator(seed: 99)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            for name in ["rows.jsonl", "rows.csv", "rows.jsonl.gz"] {
                for header in [[], [0x1F, 0x8B, 0x08, 0x00]] as [[UInt8]] {
                    _ = try? records(header + bytes, name: name, DatasetOptions(purpose: .row, format: .preference))
                }
            }
        }
    }
}
