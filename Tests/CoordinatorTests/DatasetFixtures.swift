import Coordinator
import Foundation
import SeededRandom

/// A folder of its own for one test, removed with the value.
final class DatasetFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("legend-dataset-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func createFolder(_ name: String) throws {
        try FileManager.default.createDirectory(at: url.appendingPathComponent(name), withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: url.appendingPathComponent(name))
        return path(name)
    }

    func bytes(of name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: url.appendingPathComponent(name))) }

    func text(of name: String) throws -> String { String(decoding: try bytes(of: name), as: UTF8.self) }

    /// Writes `out.jsonl` and `out.errors.jsonl`.
    func writer(
        _ existing: ExistingColumns = .refused, output: String = "out.jsonl", keepPartial: Bool = false
    ) throws -> AnnotatedWriter {
        try AnnotatedWriter(
            path: path(output), errorsPath: path("out.errors.jsonl"), existing: existing, keepPartial: keepPartial)
    }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } }
}

/// Every row of the file.
func records(at path: String, _ options: DatasetOptions = DatasetOptions(purpose: .row)) throws -> [DatasetRecord] {
    var reader = try DatasetReader(path: path, options: options)
    var records: [DatasetRecord] = []
    while let record = try reader.next() { records.append(record) }
    return records
}

/// Every row of a file with that content.
func records(
    _ text: String, name: String = "rows.jsonl", _ options: DatasetOptions = DatasetOptions(purpose: .row)
) throws -> [DatasetRecord] {
    try records(Array(text.utf8), name: name, options)
}

func records(
    _ bytes: [UInt8], name: String = "rows.jsonl", _ options: DatasetOptions = DatasetOptions(purpose: .row)
) throws -> [DatasetRecord] {
    let folder = try DatasetFolder()
    return try records(at: try folder.write(bytes, to: name), options)
}

extension DatasetRecord {
    var pair: ResponsePair? { try? content.get() }

    var errorText: String? {
        if case .failure(let error) = content { error.description } else { nil }
    }
}

extension SeededGenerator {
    /// Damages JSON Lines; see `mutated(_:syntax:)`.
    mutating func mutatedRows(_ original: [UInt8]) -> [UInt8] {
        let syntax = [
            "{", "}", "[", "]", "\"", "\\", ",", ":", "\\u", "\\ud800", "\\udc00", "1e", "-", ".", "null", " ", "\t",
            "\r",
        ]
        return mutated(original, syntax: syntax)
    }
}
