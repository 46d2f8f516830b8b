import Dataset
import Foundation
import TestEnvironment
import Testing

/// Parquet and Arrow files that pyarrow and Hugging Face's `datasets` write go through our reader and writer, and come back
/// to them.
@Suite struct ColumnarInteroperabilityTests {
    @Test(.needs(.datasets), .hangLimit)
    func allColumnsComeBackWithTheirTypesAndValues() async throws {
        let folder = try JobFolder()
        let inputs = try JSONDecoder().decode(
            [String].self,
            from: await PythonEnvironment.run("columnar.py", ["make", folder.path("")], caches: folder.path("caches")))
        try FileManager.default.createDirectory(
            atPath: folder.path("outputs"), withIntermediateDirectories: true)
        for input in inputs { try annotate(folder.path(input), writing: folder.path("outputs/\(input).parquet")) }
        let problems = try JSONDecoder().decode(
            [String].self,
            from: await PythonEnvironment.run("columnar.py", ["check", folder.path("")], caches: folder.path("caches")))
        #expect(problems == [])
        #expect(inputs.count == 10)
    }

    /// Margins that the script knows.
    private func annotate(_ path: String, writing output: String) throws {
        var reader = try DatasetReader(path: path, options: DatasetOptions(purpose: .row))
        var writer = try AnnotatedWriter(
            path: output, errorsPath: output + ".errors.jsonl", schema: reader.schema,
            existing: ExistingColumns(.refused))
        var count = 0
        while let record = try reader.next() {
            var annotation = try Annotation(margin: Double(count) / 3, scoreChosen: 1, scoreRejected: -1)
            annotation.bin = count
            try writer.write(record, record.content.isSuccess ? .annotated(annotation) : .failed(reason: "bad"))
            count += 1
        }
        try writer.finish(rows: count)
    }
}

extension Result {
    fileprivate var isSuccess: Bool { if case .success = self { true } else { false } }
}
