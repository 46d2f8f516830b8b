internal import Diagnostics
internal import FileSystem
package import JSON

/// A model in a folder as Hugging Face's libraries write it: `config.json`, and safetensors files, of which an index lists
/// several.
///
/// As with GGUF files, everything that the files claim is checked before it is used, and tensors' data is only looked at
/// when it is asked for.
public final class ModelFolder: Sendable {
    public let path: String
    /// `config.json`.
    package let configuration: JSONObject
    /// By name.
    public let tensorNames: [String]
    private let tensors: [String: FolderTensor]

    /// - Throws: `ModelFileError`.
    public init(path: String) throws {
        self.path = path
        configuration = try Self.object(in: path, FolderFile.configuration.rawValue)
        tensors = try FolderTensors(folder: path).tensors
        tensorNames = tensors.keys.sorted()
    }

    /// Where `config.json` is, for messages.
    package var configurationPath: String { "\(path)/\(FolderFile.configuration.rawValue)" }

    /// - Throws: `ModelFileError` with the name if there is no such tensor, or its numbers are of a type that weights do
    ///   not have.
    public func tensor(_ name: String) throws -> ModelTensor {
        guard let tensor = tensors[name] else {
            throw ModelFileError(
                file: path, place: .tensor(name), what: "tensor", expected: "it to be present",
                found: "no such name among the folder's \(tensors.count)")
        }
        return try tensor.readable()
    }

    /// Another JSON file of the folder, such as `generation_config.json`; nil where there is none.
    ///
    /// - Throws: `ModelFileError` where it is no JSON object.
    package func objectIfPresent(_ name: String) throws -> JSONObject? {
        FileStatus(path: "\(path)/\(name)") == nil ? nil : try Self.object(in: path, name)
    }

    static func object(in folder: String, _ name: String) throws -> JSONObject {
        let path = "\(folder)/\(name)"
        let file: MappedFile
        do throws(FileError) {
            file = try MappedFile(path: path)
        } catch {
            throw ModelFileError(error)
        }
        let bytes = file.withBytes(0..<file.count) { Array($0) }
        if let offset = bytes.firstInvalidUTF8Offset {
            throw ModelFileError(
                file: path, place: .byte(offset), what: "text", expected: "UTF-8", found: "other bytes")
        }
        do throws(JSONSyntaxError) {
            return try JSONObject(text: bytes)
        } catch {
            throw ModelFileError(
                file: path, place: .byte(error.offset), what: "text", expected: "a JSON object", found: error.problem)
        }
    }
}
