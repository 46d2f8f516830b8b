internal import FileSystem

/// A GGUF file, or the parts of one that was split, mapped read-only: metadata and tensors.
///
/// Versions 2 and 3 of the format, little-endian. Everything the header claims (counts, lengths, types, shapes,
/// offsets) is checked against the file before it is used, so that a damaged or hostile file is a `ModelFileError`
/// and never a crash. Tensor data is only looked at when it is asked for.
public final class GGUFFile: Sendable {
    public let path: String
    public let metadata: GGUFMetadata
    /// In file order.
    public let tensorNames: [String]
    private let tensors: [String: ModelTensor]

    /// - Throws: `ModelFileError`.
    public init(path: String) throws {
        let file: MappedFile
        do throws(FileError) {
            file = try MappedFile(path: path)
        } catch {
            throw ModelFileError(error)
        }
        let header = try file.withBytes(0..<file.count) { bytes in
            var parser = GGUFParser(ByteCursor(bytes, file: path), file: file)
            return try parser.parse()
        }
        self.path = path
        metadata = header.metadata
        tensorNames = header.tensors.map(\.name)
        tensors = Dictionary(uniqueKeysWithValues: header.tensors.map { ($0.name, $0) })
    }

    /// The tensors of several files, with the metadata of the first.
    ///
    /// - Throws: `ModelFileError` for a tensor that is in two of them.
    init(_ parts: [GGUFFile]) throws {
        path = parts[0].path
        metadata = parts[0].metadata
        tensorNames = parts.flatMap(\.tensorNames)
        tensors = try parts.reduce(into: [:]) { tensors, part in
            for (name, tensor) in part.tensors where tensors.updateValue(tensor, forKey: name) != nil {
                throw ModelFileError(
                    file: part.path, place: .tensor(name), what: "tensor", expected: "it in one part",
                    found: "it in an earlier one as well")
            }
        }
    }

    /// - Throws: `ModelFileError` with the name if there is no such tensor.
    public func tensor(_ name: String) throws -> ModelTensor {
        guard let tensor = tensors[name] else {
            throw ModelFileError(
                file: path, place: .tensor(name), what: "tensor", expected: "it to be present",
                found: "no such name among the file's \(tensors.count)")
        }
        return tensor
    }

    /// The tensor, if it has exactly this shape (row-major, outermost dimension first).
    ///
    /// - Throws: `ModelFileError` with the name if there is no such tensor, or with both shapes.
    public func tensor(_ name: String, shape: [Int]) throws -> ModelTensor {
        let tensor = try tensor(name)
        guard tensor.shape == shape else {
            throw ModelFileError(
                file: path, place: .tensor(name), what: "shape", expected: "\(shape)", found: "\(tensor.shape)")
        }
        return tensor
    }
}
