internal import Diagnostics
internal import FileSystem
internal import Protocol
internal import Safetensors

/// A sealed shard of a store, opened for reading.
final class EmbeddingShard: Sendable {
    struct Name: Hashable, Sendable {
        let step: WorkStep
        let index: Int

        func path(in folder: String, isSealed: Bool) -> String {
            let digits = "\(index)"
            let number = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
            return "\(folder)/\(step.name)-\(number).\(isSealed ? "safetensors" : "partial")"
        }
    }

    let path: String
    let count: Int
    private let file: OpenFile
    private let layout: EmbeddingLayout
    private let vectorsStart: Int

    /// What may differ between the program that wrote a shard and the one that reads it.
    private static let incidental: Set = ["about", "software"]

    /// - Parameter expected: what the header must say.
    /// - Throws: `FileError` where the file cannot be read; `Problem` where it is damaged, or belongs to another job.
    init(_ name: Name, in folder: String, _ layout: EmbeddingLayout, expected: SafetensorsHeader) throws {
        path = name.path(in: folder, isSealed: true)
        self.layout = layout
        file = try OpenFile(path, .reading)
        let size = Int(try file.status().byteCount)
        let dataStart: Int
        let header: SafetensorsHeader
        do {
            dataStart = try SafetensorsHeader.byteCount(
                prefix: file.read(min(8, size), at: 0)[...], fileBytes: size)
            header = try SafetensorsHeader(
                serialized: file.read(dataStart, at: 0)[...], dataBytes: size - dataStart)
        } catch let error as SafetensorsError {
            throw Problem("\(path): \(error)")
        }
        let keys = Set(header.metadata.keys).union(expected.metadata.keys).subtracting(Self.incidental).sorted()
        for key in keys where header.metadata[key] != expected.metadata[key] {
            let (expected, found) = (expected.metadata[key] ?? "none", header.metadata[key] ?? "none")
            throw Problem("\(path) is not of this job: \(key): expected \(expected), found \(found)")
        }
        guard header.tensors == expected.tensors, let vectors = header.tensors["vectors"] else {
            throw Problem("\(path) is damaged: expected the tensors of this job's rows and shapes, found others")
        }
        let end = dataStart + (expected.tensors.values.map(\.range.upperBound).max() ?? 0)
        guard size == end else { throw Problem("\(path) is damaged: expected \(end) bytes, found \(size)") }
        count = vectors.shape[0]
        vectorsStart = dataStart + vectors.range.lowerBound
    }

    /// The bytes of the vectors of the rows at these places of the shard.
    ///
    /// - Throws: `FileError`.
    func vectors(_ places: Range<Int>) throws -> [UInt8] {
        try file.read(
            places.count * layout.bytesPerRow, at: vectorsStart + places.lowerBound * layout.bytesPerRow)
    }
}
