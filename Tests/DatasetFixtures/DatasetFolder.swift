package import Dataset
package import Foundation

/// A folder of its own for one test, removed with the value.
package final class DatasetFolder: Sendable {
    package let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("legend-dataset-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    package func createFolder(_ name: String) throws {
        try FileManager.default.createDirectory(at: url.appendingPathComponent(name), withIntermediateDirectories: true)
    }

    package func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    @discardableResult
    package func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: url.appendingPathComponent(name))
        return path(name)
    }

    package func bytes(of name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: url.appendingPathComponent(name)))
    }

    package func text(of name: String) throws -> String { String(decoding: try bytes(of: name), as: UTF8.self) }

    /// Writes `out.jsonl` and `out.errors.jsonl`.
    package func writer(
        _ existing: ExistingColumns = ExistingColumns(.refused), output: String = "out.jsonl", keepPartial: Bool = false
    ) throws -> AnnotatedWriter {
        try AnnotatedWriter(
            path: path(output), errorsPath: path("out.errors.jsonl"), existing: existing, keepPartial: keepPartial)
    }

    package var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
    }
}

/// Every row of the file.
package func records(at path: String, _ options: DatasetOptions = DatasetOptions(purpose: .row)) throws
    -> [DatasetRecord]
{
    var reader = try DatasetReader(path: path, options: options)
    var records: [DatasetRecord] = []
    while let record = try reader.next() { records.append(record) }
    return records
}

/// Every row of a file with that content.
package func records(
    _ text: String, name: String = "rows.jsonl", _ options: DatasetOptions = DatasetOptions(purpose: .row)
) throws -> [DatasetRecord] {
    try records(Array(text.utf8), name: name, options)
}

package func records(
    _ bytes: [UInt8], name: String = "rows.jsonl", _ options: DatasetOptions = DatasetOptions(purpose: .row)
) throws -> [DatasetRecord] {
    let folder = try DatasetFolder()
    return try records(at: try folder.write(bytes, to: name), options)
}

extension DatasetRecord {
    package var pair: ResponsePair? { try? content.get() }

    package var errorText: String? {
        if case .failure(let error) = content { error.description } else { nil }
    }
}
