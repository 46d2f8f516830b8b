internal import FileSystem

/// A model on disk, in either of the formats that are read: what it says of itself, and its tensors.
public enum ModelFile: Sendable {
    /// One GGUF file, or all parts of one that was split.
    case gguf(GGUFFile)
    /// A folder as Hugging Face's libraries write it.
    case folder(ModelFolder)

    /// - Parameter path: a GGUF file, any part of one that was split, or a folder with `config.json`.
    /// - Throws: `ModelFileError`.
    public init(path: String) throws {
        if FileStatus(path: path)?.kind == .folder {
            self = .folder(try ModelFolder(path: path))
        } else {
            self = .gguf(try GGUFFile(partsOf: path))
        }
    }

    public var path: String {
        switch self {
        case .gguf(let file): file.path
        case .folder(let folder): folder.path
        }
    }

    /// In the order of the file, or by name.
    public var tensorNames: [String] {
        switch self {
        case .gguf(let file): file.tensorNames
        case .folder(let folder): folder.tensorNames
        }
    }

    /// - Throws: `ModelFileError` with the name if there is no such tensor, or one whose values cannot be read.
    public func tensor(_ name: String) throws -> ModelTensor {
        switch self {
        case .gguf(let file): try file.tensor(name)
        case .folder(let folder): try folder.tensor(name)
        }
    }
}
