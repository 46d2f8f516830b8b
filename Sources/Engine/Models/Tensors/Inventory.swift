internal import Diagnostics
import ModelFiles

/// The file's tensors that nothing has asked for yet.
struct Inventory {
    let settings: ModelSettings
    private let configuration: ModelConfiguration
    private let names: Set<String>
    private var unused: Set<String>
    /// What the names of a folder's tensors begin with, in place of what the architecture says.
    private let folderPrefix: String
    /// What stands before the name of the vocabulary projection.
    private let projectionPrefix: String
    private let keys: ModelKeys

    private var file: ModelFile { settings.file }

    /// - Throws: `ModelFileError` for a folder whose tensors have names of another kind.
    init(_ settings: ModelSettings, _ configuration: ModelConfiguration) throws {
        self.settings = settings
        self.configuration = configuration
        keys = settings.architecture.tensors
        names = Set(settings.file.tensorNames)
        (folderPrefix, projectionPrefix) = Self.prefixes(names, keys)
        unused = names
        guard case .folder = settings.file else { return }
        let (buffers, own) = (keys.buffers.map { "." + $0 }, folderPrefix)
        unused = unused.filter { name in
            !buffers.contains(where: name.hasSuffix) && !Self.isOfOtherModel(name, own: own)
        }
    }

    /// Models are saved with their head or without it, alone or as a part of one that sees as well.
    private static func prefixes(_ names: Set<String>, _ keys: ModelKeys) -> (folder: String, projection: String) {
        let embedding = (keys.tokenEmbedding.folder ?? "") + ".weight"
        let candidates = [
            (keys.folderPrefix, ""), ("", ""), ("language_model." + keys.folderPrefix, "language_model."),
            ("model.language_model.", ""),
        ]
        return candidates.first { names.contains($0.0 + embedding) } ?? candidates[0]
    }

    /// Whether a tensor belongs to what stands beside the language model in a model that sees or hears.
    private static func isOfOtherModel(_ name: String, own: String) -> Bool {
        guard own.hasPrefix("language_model.") || own == "model.language_model." else { return false }
        let parts = ["vision_tower.", "multi_modal_projector.", "audio_tower.", "embed_vision.", "embed_audio."]
        return parts.contains { name.hasPrefix($0) || name.hasPrefix("model." + $0) }
    }

    // MARK: Names

    /// A layer's name without `.weight`, or the missing one's for messages.
    private func name(_ key: LayerKey, block: Int?) -> String? {
        switch file {
        case .gguf: key.gguf.map { (block.map { "blk.\($0)." } ?? "") + $0 }
        case .folder:
            key.folder.map { folder in
                folderPrefix + (block.map { "\(keys.folderBlocks)\($0)." } ?? "") + folder
            }
        }
    }

    // MARK: Tensors

    mutating func take(_ name: String, _ shape: [Dimension], isTransposed: Bool = false) throws -> ModelTensor {
        guard names.contains(name) else {
            throw ModelFileError(
                file: file.path, place: .tensor(name), what: "tensor", expected: "it to be present",
                found: "no such name among the \(names.count) there are")
        }
        unused.remove(name)
        let tensor = try file.tensor(name)
        // Where the configuration says nothing of a dimension, any will do.
        let sizes = shape.enumerated().map { place, dimension in
            configuration[dimension] ?? (place < tensor.shape.count ? tensor.shape[place] : 0)
        }
        let expected = isTransposed ? Array(sizes.reversed()) : sizes
        guard tensor.shape == expected else {
            throw ModelFileError(
                file: file.path, place: .tensor(name), what: "shape", expected: "\(expected)", found: "\(tensor.shape)")
        }
        return tensor
    }

    /// The weight of a layer that this format has.
    mutating func weight(_ key: LayerKey, block: Int? = nil) throws -> ModelTensor {
        guard let name = name(key, block: block) else {
            preconditionFailure("the architecture has no name for a layer of this format")
        }
        return try take(name + ".weight", key.shape, isTransposed: isTransposed(key))
    }

    mutating func bias(_ key: LayerKey, block: Int?) throws -> [Float]? {
        guard let name = name(key, block: block).map({ $0 + ".bias" }) else { return nil }
        let isThere =
            switch (key.bias, file) {
            case (.never, _): false
            case (.always, _): true
            case (.whereSaid, .gguf): names.contains(name)
            case (.whereSaid(let setting), .folder):
                try settings.flag(setting) ?? false
            }
        return isThere ? try take(name, [key.shape[0]]).dequantized() : nil
    }

    func isTransposed(_ key: LayerKey) -> Bool {
        if case .folder = file { key.isTransposedInFolders } else { false }
    }

    /// A weight of each expert, `shape` without the experts.
    mutating func experts(
        _ names: (gguf: String, folder: String), in folder: String, _ shape: [Dimension], count: Int, block: Int
    ) throws -> [ModelTensor] {
        switch file {
        case .gguf:
            let all = try take("blk.\(block).\(names.gguf).weight", [.experts] + shape)
            return (0..<count).map(all.element)
        case .folder:
            return try (0..<count).map { expert in
                try take("\(folderPrefix)\(keys.folderBlocks)\(block).\(folder)\(expert).\(names.folder).weight", shape)
            }
        }
    }

    /// The weight that predicts tokens; nil where that of the embeddings does.
    mutating func vocabularyProjection(_ key: LayerKey) throws -> ModelTensor? {
        let name =
            switch file {
            case .gguf: key.gguf.map { $0 + ".weight" }
            case .folder: key.folder.map { projectionPrefix + $0 + ".weight" }
            }
        guard let name, names.contains(name) else { return nil }
        let tensor = try take(name, key.shape)
        // A copy of the embeddings that libraries don't read.
        return try settings.flag(.tiesEmbeddings) ?? false ? nil : tensor
    }

    /// The first of these tensors that a GGUF file has.
    mutating func takeFirst(_ names: [String], _ shape: [Dimension]) throws -> ModelTensor? {
        guard case .gguf = file, let name = names.first(where: self.names.contains) else { return nil }
        return try take(name, shape)
    }

    /// Marks tensors as known that are not read.
    mutating func passOver(_ names: [String]) { unused.subtract(names) }

    func requireEmpty() throws {
        guard let extra = file.tensorNames.first(where: unused.contains) else { return }
        throw ModelFileError(
            file: file.path, place: .tensor(extra), what: "tensor",
            expected: "only tensors of the \(settings.architecture.name) architecture",
            found: unused.count == 1 ? "this one" : "\(unused.count) others")
    }
}
