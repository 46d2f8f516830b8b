import Dataset
import DatasetFixtures
import FileSystem
import JobStore
import JobStoreFixtures
import Prompting
import Protocol
import Testing

@testable import Coordinator

/// A kind of file that the product does not know: a prompt, a chosen and a rejected response on each line, with a bar
/// between them.
private final class BarReader: ContainerReader {
    private let lines: [[UInt8]]
    private var taken = 0

    let fileSize: Int
    var fileOffset: Int { lines[..<taken].reduce(0) { $0 + $1.count + 1 } }

    init(path: String) throws(FileError) {
        let file = try OpenFile(path, .reading)
        let bytes = try file.read(atMost: 1 << 20)
        fileSize = bytes.count
        lines = bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
    }

    func next() throws(FileError) -> RowSource.Row? {
        guard taken < lines.count else { return nil }
        defer { taken += 1 }
        let values = lines[taken].split(separator: UInt8(ascii: "|")).map { String(decoding: $0, as: UTF8.self) }
        guard values.count == 3 else {
            return RowSource.Row(line: taken + 1, unreadable: lines[taken], .missingColumn("rejected", columns: values))
        }
        return RowSource.Row(line: taken + 1, .fields(columns: ["prompt", "chosen", "rejected"], values: values))
    }
}

extension DatasetContainer {
    fileprivate static let bars = DatasetContainer(name: "bars", endings: ["bars"]) {
        (path, _) throws(FileError) in try BarReader(path: path)
    }
}

@Suite struct ForeignFormatTests {
    private let folder: DatasetFolder
    private let path: String
    private var options = DatasetOptions(purpose: .row)

    init() throws {
        folder = try DatasetFolder()
        path = try folder.write("why?|because|no\nodd|line\nand?|so|then\n", to: "rows.bars")
        options.containers.append(.bars)
    }

    @Test func itsRowsAreReadByTheReader() throws {
        let all = try records(at: path, options)
        #expect(all.map { $0.pair?.preferred } == ["because", nil, "so"])
        #expect(all[1].errorText == #"rows.bars:2: "rejected" is missing (columns: odd, line)"#)
        #expect(throws: FileError.self) { try records(at: path) }
    }

    @Test func itsRowsBecomeUnitsAndAnOutput() throws {
        let temporary = try TemporaryLedger()
        let ledger = try temporary.open
        let input = StepInput(
            step: .rows, path: path, options: options, part: .all, template: .plain, compatibility: .none)
        try Ingestor(ledger: ledger, input: input, unitTokens: 256, textsPerUnitMax: 4096).run { _ in }
        let units = try ledger.openUnits(of: .rows, after: UnitID(0), limit: .max)
        #expect(try ledger.payload(of: #require(units.first).id)?.items.map(\.row) == [2, 0])
        #expect(try ledger.ingestion(of: .rows).records == 3)
        var writer = try folder.writer()
        for record in try records(at: path, options) {
            let isReadable = record.pair != nil
            try writer.write(
                record,
                isReadable
                    ? .annotated(Annotation(margin: 1, scoreChosen: 2, scoreRejected: 1)) : .failed(reason: "bad"))
        }
        try writer.finish(rows: 3)
        #expect(
            try folder.text(of: "out.jsonl").hasPrefix(
                #"{"prompt": "why?", "chosen": "because", "rejected": "no", "margin": 1.0, "#))
    }
}
