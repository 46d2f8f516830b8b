import ModelFiles

/// The tokenizer of a Hugging Face folder, of the first of its files that says all.
enum FolderTokenizer {
    /// - Throws: `ModelFileError`.
    static func parts(_ folder: String) throws -> TokenizerParts {
        let settings = try TokenizerSettings(folder: folder)
        if let root = try JSONNode(folder: folder, .tokenizer) { return try TokenizerJSON.parts(root, settings) }
        for name in [FolderFile.sentencePiece, .sentencePieceOfT5, .sentencePieceOfXLMR] {
            let path = folder + "/" + name.rawValue
            guard let bytes = try JSONNode.read(path) else { continue }
            let model = try SentencePieceFile(bytes, path: path)
            return try SentencePieceTokenizer(model, settings).parts()
        }
        if let root = try MergesFile.root(folder, settings) { return try TokenizerJSON.parts(root, settings) }
        throw ModelFileError(
            file: folder, place: .file, what: "tokenizer",
            expected: "tokenizer.json, tokenizer.model, or vocab.json and merges.txt", found: "none of them")
    }
}
