internal import FileSystem
import Foundation
import JSON
import Prompting
import Protocol

@testable import Coordinator
@testable import Dataset

extension FuzzedParser {
    static let jsonLines = FuzzedParser(
        "jsonl", isText: true, syntax: jsonSyntax, corpus: { jsonFiles }, assemble: joinedLines,
        parse: { input, scratch in try checkRows(of: input[0], plain: input[0], .json, scratch) })

    static let csv = FuzzedParser(
        "csv", isText: true, syntax: csvSyntax, corpus: { csvFiles }, assemble: joinedLines,
        parse: { input, scratch in try checkRows(of: input[0], plain: input[0], .csv, scratch) })

    static let gzip = compressedLines("gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]) { GzipCompressor() }
    static let zstd = compressedLines("zstd", [0x28, 0xB5, 0x2F, 0xFD, 0x24, 0x00]) { ZstdCompressor() }

    /// Compressed JSON Lines: damaged before they are compressed, or after it.
    ///
    /// - Parameter beginning: of a file.
    private static func compressedLines(
        _ name: String, _ beginning: [UInt8], _ compressor: @escaping @Sendable () -> any StreamCompressor
    ) -> FuzzedParser {
        FuzzedParser(
            name, isText: true, syntax: jsonSyntax + [beginning],
            corpus: { jsonFiles + [[Array("{}".utf8), [UInt8](repeating: 0x20, count: 60_000)]] },
            assemble: { parts, random in
                let plain = joinedLines(parts, &random)[0]
                // A file may consist of several parts.
                let cut = random.oneIn(4) ? random.below(plain.count + 1) : plain.count
                var members = [compressed(Array(plain[..<cut]), compressor())]
                if cut < plain.count { members.append(compressed(Array(plain[cut...]), compressor())) }
                let file = Array(members.joined())
                guard random.oneIn(2) else { return [file, plain] }
                return [random.damaged(file)]
            },
            parse: { input, scratch in
                try checkRows(of: input[0], plain: input.count > 1 ? input[1] : nil, .json, scratch)
            })
    }

    private static func compressed(_ bytes: [UInt8], _ compressor: any StreamCompressor) -> [UInt8] {
        var file: [UInt8] = []
        do {
            try compressor.compress(bytes, isLast: true) { file += $0 }
        } catch {
            preconditionFailure("an array takes everything: \(error)")
        }
        return file
    }

    @Sendable private static func joinedLines(_ lines: [[UInt8]], _ random: inout Mutator) -> [[UInt8]] {
        let end = random.oneIn(8) ? [0x0D, 0x0A] : [0x0A] as [UInt8]
        let mark = random.oneIn(16) ? [0xEF, 0xBB, 0xBF] : [] as [UInt8]
        return [mark + lines.joined(separator: end) + (random.oneIn(4) ? [] : end)]
    }
}

// MARK: - Corpora

extension FuzzedParser {
    private static let jsonSyntax = [
        "{", "}", "[", "]", "\"", "\\", ",", ":", "\\u", "\\ud800", "\\udc00", "1e", "-", ".", "null", "true", " ",
        "\t",
        "\r", "\n", "[{", "{\"a\":", "\"prompt\":", "\"margin\":1,", "\"role\":\"system\"", "\n\nAssistant:", "\u{301}",
        "\u{202E}", "\"responses\":[", "\"scores\":[", "\"rank\":", "\"N/A\"",
    ].map { Array($0.utf8) }

    private static let csvSyntax = [
        ",", ";", "sep=;\n", "\"", "\"\"", "\",\"", "\n", "\r", "\r\n", "prompt,", "margin,", "é", "\u{FEFF}",
        "\\n\\nHuman: ",
    ].map { Array($0.utf8) }

    private static let jsonFiles: [[[UInt8]]] = [
        [
            #"{"prompt":"Which is the h\u00edghest?","chosen":"Mont Blanc,\n4806 m.","rejected":"No \"idea\" 😀","id":[1,{"x":null}]}"#,
            #"{"prompt": "q", "chosen": "a", "rejected": "b", "margin": 0.5, "error": "", "original_margin": 1e3}"#,
            "", #"{"question":"\ud83d\ude00","chosen":"a","rejected":"b"}"#,
        ],
        [
            #"{"chosen":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"rejected":[{"role":"user","content":"q"},{"role":"assistant","content":"b"}]}"#,
            #"{"prompt":[{"from":"human","value":"q"}],"chosen":[{"from":"gpt","value":"a"}],"rejected":[{"from":"gpt","value":"b"}]}"#,
        ],
        [
            #"{"chosen":"\n\nHuman: q\n\nAssistant: a\n\nHuman: r\n\nAssistant: s","rejected":"\n\nHuman: q\n\nAssistant: b"}"#,
            #"{"chosen":"\n\nHuman: q\n\nAssistant: a","rejected":"\n\nHuman: q\n\nAssistant: b"}"#,
        ],
        [
            #"{"prompt":"q","response_0":"a","response_1":"b","safer_response_id":1}"#,
            #"{"prompt":"q","response_0":"a","response_1":"b","safer_response_id":0.0}"#,
        ],
        [
            #"{"prompt":"q","responses":["a","b","c"],"scores":[1,"2.5",null],"source_row":1}"#,
            #"{"prompt":"q","responses":["a","b","a"],"scores":[1,2,2]}"#,
            #"{"prompt":"q","responses":["a","b"],"scores":[1,1],"chosen":null}"#,
        ],
        [
            #"{"instruction":"q","completions":[{"response":"a","overall_score":1},{"response":"b","overall_score":7.5}]}"#,
            #"{"question":"q","answers":[{"answer":"a","rank":2},{"answer":"b","rank":1},{"answer":" ","rank":3}]}"#,
            #"{"prompt":[{"role":"user","content":"q"}],"responses":[[{"role":"assistant","content":"a"}],[]],"best":0}"#,
        ],
        [#"{"prompt":"q","harmless":"a","harmful":"b"}"#, #"{"prompt":"q","harmful":"b"}"#],
        [
            "[", #"{"prompt":"q","chosen":"a","rejected":"b"}"#, ",", #"{"prompt":"]","chosen":"a","rejected":"b"}"#,
            "]",
        ],
        [
            #"{"conversations":[{"from":"human","value":"q"}],"chosen":{"from":"gpt","value":"a"},"rejected":"b"}"#,
            #"{"system":"s","instruction":"q","input":"i","history":[["q","a"]],"chosen":"[{\"role\":\"user\",\"content\":\"q\"}]","rejected":"[{'role': 'user'}]","tools":[]}"#,
        ],
    ].map { $0.map { Array($0.utf8) } }

    private static let csvFiles: [[[UInt8]]] = [
        ["prompt,chosen,rejected", "q,a,b", "\"q, \"\"r\"\"\",\"a\nc\",b", "", "q,\"\",b", "é,😀,\u{301}"],
        ["\"input\",chosen,rejected,margin,original_margin", "q,a,b,1,2", "\"q\r\n\r\n\",a,b,,"],
        ["chosen,rejected", "\"\n\nHuman: q\n\nAssistant: a\",\"\n\nHuman: q\n\nAssistant: b\""],
        ["prompt,response_0,response_1,safer_response_id", "q,a,b,0", "q,a,b,1"],
        ["prompt,harmful", "q,b", "r,c"],
        ["prompt,responses,scores", "q,\"[\"\"a\"\",\"\"b\"\"]\",\"[1,2]\"", "q,[],[]"],
    ].map { $0.map { Array($0.utf8) } }
}

// MARK: - Checks

extension FuzzedParser {
    /// Some ways to read a file: formats that are found or named, columns that are named, and limits that rows pass.
    private static let datasetOptions: [DatasetOptions] = [
        DatasetOptions(purpose: .row, maxRowBytes: 1 << 20),
        DatasetOptions(purpose: .anchor, refusal: "No.", maxRowBytes: 1 << 20),
        DatasetOptions(purpose: .row, maxRowBytes: 120),
        DatasetOptions(
            purpose: .row, columns: DatasetColumns(prompt: "prompt", chosen: "chosen", rejected: "rejected"),
            maxRowBytes: 1 << 18),
        DatasetOptions(
            purpose: .row, columns: DatasetColumns(prompt: nil, chosen: "chosen", rejected: "rejected"),
            maxRowBytes: 1 << 16),
        DatasetOptions(purpose: .row, format: .preference, maxRowBytes: 60),
        DatasetOptions(purpose: .row, format: .ranked, pairs: .adjacent, maxRowBytes: 1 << 16),
        DatasetOptions(
            purpose: .row,
            columns: DatasetColumns(
                prompt: nil, ranked: .init(responses: "answers.answer", judgement: .ranks(ColumnPath("answers.rank")))),
            pairs: .bestRest, maxRowBytes: 1 << 18),
    ]

    /// - Parameter plain: what the file says; nil where it is compressed and damaged.
    private static func checkRows(
        of file: [UInt8], plain: [UInt8]?, _ container: DatasetContainer, _ scratch: ScratchFile
    ) throws -> Outcome {
        var options = datasetOptions[file.count % datasetOptions.count]
        options.container = container
        let path = try scratch.path(holding: file)
        var records: [DatasetRecord] = []
        var exchange: ResponseExchange?
        var ranking: RankedColumns?
        let model = plain.map { DatasetModel($0, limit: options.maxRowBytes) }
        do throws(FileError) {
            var reader = try DatasetReader(path: path, options: options)
            (exchange, ranking) = (reader.exchange, reader.ranking)
            while let record = try reader.next() { records.append(record) }
        } catch {
            // A file that is whole is refused for its columns only, and when it is opened; an array also where it ends.
            try BrokenPromise.unless(
                model?.isBeyond ?? true || records.isEmpty, "refused behind \(records.count) rows: \(error)")
            return error.problem.contains("no row can be read") || plain == nil ? .refusedAtOnce : .refused
        }
        for record in records {
            try checkOutput(of: record, options.purpose, ranking)
            if let exchange, record.content.isSuccess { try checkExchange(of: record.original, by: exchange) }
        }
        guard let model, !model.isBeyond else { return .accepted }

        let rows = container == .json ? model.jsonLines : Array(model.csv.dropFirst())
        try BrokenPromise.unless(
            records.map(\.index) == Array(records.indices), "rows are numbered \(records.map(\.index))")
        try BrokenPromise.unless(
            records.allSatisfy { ($0.origin == nil) == (ranking == nil || !$0.content.isSuccess) },
            "pairs have no origin, or others have one")
        try BrokenPromise.unless(
            ranking != nil || records.allSatisfy { $0.sourceRow == $0.index }, "a row counts twice")
        var sources: [DatasetRecord] = []
        for record in records where record.sourceRow != sources.last?.sourceRow { sources.append(record) }
        try BrokenPromise.unless(sources.count == rows.count, "\(sources.count) rows, expected \(rows.count)")
        for (index, (record, row)) in zip(sources, rows).enumerated() {
            try BrokenPromise.unless(
                record.line == row.line && record.sourceRow == index,
                "row \(index) is on line \(record.line), expected line \(row.line)")
            try BrokenPromise.unless(keepsBytes(record, of: row), "row \(index) is not what the file says")
        }
        return records.contains { $0.content.isSuccess } ? .accepted : .refused
    }

    private static func keepsBytes(_ record: DatasetRecord, of row: DatasetModel.Row) -> Bool {
        switch record.original {
        case .object(let object):
            return !row.isOverLong && object.bytes == row.bytes
        case .fields(let columns, let values):
            return columns.count == values.count && values.map { Array($0.utf8) } == row.fields
        // Of no file that is fuzzed here.
        case .columns: return false
        case .unreadable(let bytes):
            let isWhole = bytes.count == row.bytes.count
            return !record.content.isSuccess && row.bytes.starts(with: bytes) && (isWhole || row.isOverLong)
        }
    }

    /// A row can be written, and what it says can be rendered and sent.
    private static func checkOutput(
        of record: DatasetRecord, _ purpose: RowPurpose, _ ranking: RankedColumns?
    ) throws {
        let outcome: RowOutcome
        switch record.content {
        case .failure(let error):
            try BrokenPromise.unless(error.description.utf8.count < 1 << 14, "a long message: \(error)")
            outcome = .failed(reason: error.description)
        case .success(let pair):
            outcome = .annotated(try Annotation(margin: 1, scoreChosen: 2, scoreRejected: 1))
            for template in [Template.alpaca, .chatml, .plain] {
                let item = UnitPayload.Item(row: 0, text: try template.render(pair, purpose: purpose))
                let (prompt, rest) = try item.serialized()
                try BrokenPromise.unless(
                    try UnitPayload.Item(prompt: prompt, rest: rest) == item, "is rendered as what cannot be kept")
            }
        }
        switch outcome {
        case .failed(let reason), .dropped(let reason), .unpaired(let reason):
            try checkError(ErrorRow(record, reason: reason).bytes, of: record)
        case .annotated(let annotation):
            var renaming = ColumnRenaming()
            renaming.avoid(record.columnNames)
            let existing = ExistingColumns(
                record.index % 2 == 0 ? .replaced : .renamed(renaming), ranking: ranking)
            let row = OutputRow(record, annotation, existing: existing)
            let names = try JSONObject(line: row.json).members.map(\.key)
            let pair = ranking == nil ? [] : PairColumn.allCases.map(\.rawValue)
            let expected = pair + ["margin", "score_chosen", "score_rejected"]
            try BrokenPromise.unless(
                Array(names.suffix(expected.count)) == expected && !row.json.contains(0x0A),
                "is written with the columns \(names)")
            for column in ranking?.leftOut ?? [] where !pair.contains(column) {
                try BrokenPromise.unless(!names.contains(column), "is written with the list \(column)")
            }
        }
    }

    /// A row whose responses change places is a row, and changing them twice changes nothing but how a label is written.
    private static func checkExchange(of row: OriginalRow, by exchange: ResponseExchange) throws {
        let once = row.exchanged(by: exchange)
        if case .object(let object) = once {
            try BrokenPromise.unless(try JSONObject(line: object.bytes) == object, "is exchanged to other members")
        }
        let twice = once.exchanged(by: exchange)
        switch exchange {
        case .columns, .pair: try BrokenPromise.unless(twice == row, "is another row when it is exchanged twice")
        case .label:
            let isBack = once != twice && twice.exchanged(by: exchange) == once
            try BrokenPromise.unless(isBack, "has another label when it is exchanged three times")
        }
    }

    /// From the errors file a row can be had back.
    private static func checkError(_ bytes: [UInt8], of record: DatasetRecord) throws {
        let object = try JSONObject(line: bytes)
        let names = object.members.map(\.key)
        let raw = Array((object.value(of: "raw")?.string ?? "").utf8)
        let isText = object.value(of: "raw_encoding")?.string == "utf-8"
        let keepsRow =
            switch record.original {
            case .object(let original): try JSONObject(line: raw).members.map(\.key) == original.members.map(\.key)
            case .columns(let row): raw == row.object.bytes
            case .fields(let columns, _): try JSONObject(line: raw).members.map(\.key) == columns
            case .unreadable(let original):
                raw == (isText ? original : Array(Data(original).base64EncodedString().utf8))
            }
        try BrokenPromise.unless(
            names == ["row", "line", "error", "raw", "raw_encoding"] && keepsRow && !bytes.contains(0x0A),
            "is written to the errors as \(String(decoding: bytes, as: UTF8.self))")
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}
