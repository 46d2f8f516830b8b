import Coordinator
import Foundation

/// A folder of its own for one test, removed with the value.
final class DatasetFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("legend-dataset-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

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

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension SeededGenerator {
    /// Damages bytes as files get damaged: bits flipped, pieces dropped, repeated, exchanged, syntax put in.
    mutating func mutated(_ original: [UInt8]) -> [UInt8] {
        let syntax: [[UInt8]] = [
            "{", "}", "[", "]", "\"", "\\", ",", ":", "\\u", "\\ud800", "\\udc00", "1e", "-", ".", "null", " ", "\t",
            "\r",
        ].map { Array($0.utf8) }
        var bytes = original
        for _ in 0..<[1, 1, 1, 2, 3].randomElement(using: &self)! {
            let at = Int.random(in: 0...bytes.count, using: &self)
            let length = min(bytes.count - at, Int.random(in: 1...8, using: &self))
            switch Int.random(in: 0..<6, using: &self) {
            case 0 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 1: bytes.removeSubrange(at..<(at + length))
            case 2: bytes.insert(contentsOf: bytes[at..<(at + length)], at: at)
            case 3: bytes.removeSubrange(at...)
            case 4: bytes.insert(UInt8.random(in: 0...255, using: &self), at: at)
            default: bytes.insert(contentsOf: syntax.randomElement(using: &self)!, at: at)
            }
        }
        return bytes
    }
}
