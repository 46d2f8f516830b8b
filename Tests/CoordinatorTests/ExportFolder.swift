import Dataset
import DatasetFixtures
import Foundation
import Testing

@testable import Coordinator

/// A folder in which annotated rows are exported.
struct ExportFolder {
    let files: DatasetFolder

    init() throws { files = try DatasetFolder() }

    static let numbers =
        #""margin": 1.5, "margin_raw": 3.0, "score_chosen": 2.0, "score_rejected": -1.0"#

    static func row(_ prompt: String, _ numbers: String = numbers, more: String = "") -> String {
        #"{"prompt": "\#(prompt)", "chosen": "good", "rejected": "bad"\#(more), \#(numbers)}"#
    }

    static func row(_ prompt: String, margin: Double) -> String {
        row(prompt, #""margin": \#(margin), "score_chosen": \#(margin), "score_rejected": 0.0"#)
    }

    func export(
        _ lines: [String], to format: ExportFormat, negative: NegativeMargins? = nil, kept: [String] = [],
        form: TextForm = .transcript, input: String = "annotated.jsonl", output: String = "out.jsonl",
        betweenReadings: () -> Void = {}
    ) throws -> RowExport.Summary {
        try files.write(lines.joined(separator: "\n"), to: input)
        var options = DatasetOptions(purpose: .row)
        options.container = .json
        let export = RowExport(
            path: files.path(input), output: files.path(output), errors: files.path("out.errors.jsonl"),
            format: format, form: form, negative: negative ?? format.usualNegative,
            generator: "tiny", keptColumns: kept, options: options)
        let survey = try export.survey()
        betweenReadings()
        return try export.write(survey) { _ in }
    }

    func lines(_ name: String = "out.jsonl") throws -> [String] {
        try files.text(of: name).split(separator: "\n").map(String.init)
    }

    func objects(_ name: String = "out.jsonl") throws -> [[String: Any]] {
        try lines(name).map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }
}
