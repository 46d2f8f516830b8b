extension GGUFFile {
    /// Refuses a part of a model that was split over several files.
    ///
    /// - Throws: `ModelFileError` with which part it is, and what to do.
    package func requireWhole() throws {
        let parts = try metadata.unsignedIfPresent("split.count") ?? 1
        let part = try metadata.unsignedIfPresent("split.no") ?? 0
        guard parts <= 1 && part == 0 else {
            throw ModelFileError(
                file: path, place: .key("split.no"), what: "value",
                expected: "a whole model; merge its parts with `llama-gguf-split --merge FIRST-PART WHOLE`",
                found: "part \(part.addingReportingOverflow(1).partialValue) of \(parts)")
        }
        let tensors = try metadata.unsignedIfPresent("split.tensors.count") ?? tensorNames.count
        guard tensors == tensorNames.count else {
            throw ModelFileError(
                file: path, place: .key("split.tensors.count"), what: "value",
                expected: "the number of the file's tensors, \(tensorNames.count)", found: "\(tensors)")
        }
    }
}
