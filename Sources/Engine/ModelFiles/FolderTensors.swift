internal import Diagnostics
internal import FileSystem
internal import JSON
internal import Safetensors

/// A tensor of a safetensors file; one whose numbers are no weights' is known by name and shape alone.
struct FolderTensor: Sendable {
    let name: String
    let elementType: ElementType
    let shape: [Int]
    let file: MappedFile
    /// Bytes in `file`.
    let range: Range<Int>

    /// - Throws: `ModelFileError` for numbers that are not read.
    func readable() throws -> ModelTensor {
        let type: TensorType? =
            switch elementType {
            case .f32: .f32
            case .f16: .f16
            case .bf16: .bf16
            case .bool, .u8, .i8, .i16, .u16, .i32, .u32, .i64, .u64, .f64, .f8E4M3, .f8E5M2: nil
            }
        guard let type else {
            throw ModelFileError(
                file: file.path, place: .tensor(name), what: "type",
                expected: "F32, F16 or BF16 (weights that were quantized are read from GGUF files)",
                found: elementType.rawValue)
        }
        guard !shape.isEmpty, !shape.contains(0) else {
            throw ModelFileError(
                file: file.path, place: .tensor(name), what: "shape", expected: "dimensions from 1 on",
                found: "\(shape)")
        }
        return ModelTensor(name: name, type: type, shape: shape, file: file, range: range)
    }
}

/// The tensors of all safetensors files of a folder.
///
/// The index: https://huggingface.co/docs/transformers/big_models
struct FolderTensors {
    private static let single = "model.safetensors"
    private static let index = "model.safetensors.index.json"

    private let folder: String
    private(set) var tensors: [String: FolderTensor] = [:]

    /// - Throws: `ModelFileError`.
    init(folder: String) throws {
        self.folder = folder
        guard let homes = try Self.homes(folder) else {
            for name in try Self.fileNames(folder) { try read(name) }
            return
        }
        for name in Set(homes.values).sorted() { try read(name) }
        for (tensor, name) in homes.sorted(by: { $0.key < $1.key }) {
            guard tensors[tensor]?.file.path == path(name) else {
                throw ModelFileError(
                    file: path(name), place: .tensor(tensor), what: "tensor",
                    expected: "it to be present, as \(Self.index) says", found: "no such name")
            }
        }
    }

    /// The files of the weights: the index and the files that it names, by name, or the one file. Those that an index
    /// names may be missing.
    ///
    /// - Throws: `ModelFileError`.
    static func fileNames(_ folder: String) throws -> [String] {
        if let homes = try homes(folder) { return [index] + Set(homes.values).sorted() }
        guard FileStatus(path: "\(folder)/\(single)") != nil else {
            throw ModelFileError(
                file: folder, place: .file, what: "weights", expected: "\(single) or \(index)",
                found: "neither\(remedy(folder))")
        }
        return [single]
    }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// What to do with weights that lie there in a form of which any byte may be a program's.
    private static func remedy(_ folder: String) -> String {
        let pickled = ["pytorch_model.bin", "pytorch_model.bin.index.json"].first {
            FileStatus(path: "\(folder)/\($0)") != nil
        }
        guard let pickled else { return "" }
        return "; \(pickled) is not read: write the model anew with transformers' save_pretrained"
    }

    /// Each tensor's file, as the index says; nil where there is none.
    private static func homes(_ folder: String) throws -> [String: String]? {
        guard FileStatus(path: "\(folder)/\(index)") != nil else { return nil }
        let object = try ModelFolder.object(in: folder, index)
        func wrong(_ expected: String, _ found: String) -> ModelFileError {
            ModelFileError(
                file: "\(folder)/\(index)", place: .key("weight_map"), what: "value", expected: expected, found: found)
        }
        guard let map = try? object.value(of: "weight_map")?.object(), !map.members.isEmpty else {
            throw wrong("an object of tensors and their files", "none")
        }
        return try Dictionary(
            map.members.map { member in
                let name = map.value(of: member.key)?.string ?? ""
                guard name.hasSuffix(".safetensors"), !name.contains("/"), !name.hasPrefix(".") else {
                    throw wrong("the name of a safetensors file for \(member.key.quoted)", name.quoted)
                }
                return (member.key, name)
            }, uniquingKeysWith: { first, _ in first })
    }

    private mutating func read(_ name: String) throws {
        let file: MappedFile
        do throws(FileError) {
            file = try MappedFile(path: path(name))
        } catch {
            throw ModelFileError(error)
        }
        let header: SafetensorsHeader
        let dataStart: Int
        do {
            let prefix = file.withBytes(0..<min(8, file.count)) { Array($0) }
            dataStart = try SafetensorsHeader.byteCount(prefix: prefix[...], fileBytes: file.count)
            let bytes = file.withBytes(0..<dataStart) { Array($0) }
            header = try SafetensorsHeader(serialized: bytes[...], dataBytes: file.count - dataStart)
        } catch let error as SafetensorsError {
            throw ModelFileError(
                file: path(name), place: .file, what: "file", expected: "a safetensors file", found: error.description)
        }
        for (tensor, entry) in header.tensors {
            let range = entry.range.lowerBound + dataStart..<entry.range.upperBound + dataStart
            let former = tensors.updateValue(
                FolderTensor(
                    name: tensor, elementType: entry.type, shape: entry.shape, file: file, range: range), forKey: tensor
            )
            guard former == nil else {
                throw ModelFileError(
                    file: path(name), place: .tensor(tensor), what: "tensor", expected: "it in one file",
                    found: "it in \(former?.file.path ?? "") as well")
            }
        }
    }
}
