public import ModelFiles

extension Tokenizer {
    /// The tokenizer of a model.
    ///
    /// - Throws: `ModelFileError` if it has none, a damaged one, or one of another kind.
    public convenience init(_ file: ModelFile) throws {
        switch file {
        case .gguf(let gguf): try self.init(gguf: gguf)
        case .folder(let folder):
            throw ModelFileError(file: folder.path, place: .file, what: "tokenizer", expected: "one", found: "none")
        }
    }
}
