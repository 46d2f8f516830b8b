internal import Diagnostics
internal import FileSystem
internal import Protocol
internal import Safetensors

/// A sealed shard of a store, opened for reading.
final class EmbeddingShard: Sendable {
    enum State: String {
        /// Rows come.
        case partial

        /// Its tensors are put together beside the partial one.
        case sealing
        case sealed = "safetensors"
    }

    struct Name: Hashable, Sendable {
        let step: WorkStep
        let index: Int

        func path(in folder: String, _ state: State) -> String {
            let digits = "\(index)"
            let number = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
            return "\(folder)/\(step.name)-\(number).\(state.rawValue)"
        }
    }

    let path: String
    private let file: OpenFile
    private let layout: EmbeddingLayout

    /// Of each readout's vectors.
    private let starts: [Int]

    /// What may differ between the program that wrote a shard and the one that reads it.
    private static let incidental: Set = ["about", "software"]

    /// - Parameter expected: what the header must say.
    /// - Throws: `FileError` where the file cannot be read; `Problem` where it is damaged, or belongs to another job.
    init(_ name: Name, in folder: String, _ layout: EmbeddingLayout, expected: SafetensorsHeader) throws {
        path = name.path(in: folder, .sealed)
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
        guard header.tensors == expected.tensors else {
            throw Problem("\(path) is damaged: expected the tensors of this job's rows and shapes, found others")
        }
        let end = dataStart + (expected.tensors.values.map(\.range.upperBound).max() ?? 0)
        guard size == end else { throw Problem("\(path) is damaged: expected \(end) bytes, found \(size)") }
        starts = layout.readouts.indices.map { slot in
            guard let range = header.tensors[layout.name(.vectors, ofSlot: slot)]?.range else {
                preconditionFailure("a layout without vectors")
            }
            return dataStart + range.lowerBound
        }
    }

    /// The bytes of some texts' vectors of one readout.
    ///
    /// - Throws: `FileError`.
    func vectors(ofSlot slot: Int, _ texts: Range<Int>) throws -> [UInt8] {
        try file.read(
            texts.count * layout.bytesPerVector, at: starts[slot] + texts.lowerBound * layout.bytesPerVector)
    }
}
