internal import FileSystem

extension GGUFFile {
    /// A model in one file, or in the parts `…-00001-of-00003.gguf` and so on of one that was split: the first part has the
    /// metadata, and any of them the tensors.
    ///
    /// - Parameter path: the file, or any part.
    /// - Throws: `ModelFileError` with which part is missing, or is not what its name says.
    public convenience init(partsOf path: String) throws {
        let named = try GGUFFile(path: path)
        let count = try named.metadata.unsignedIfPresent(Self.countKey) ?? 1
        let number = try named.metadata.unsignedIfPresent(Self.numberKey) ?? 0
        let first: GGUFFile
        if number == 0 {
            first = named
        } else {
            guard let name = GGUFPartName(path), name.index == number, name.count == count else {
                throw ModelFileError(
                    file: path, place: .key(Self.numberKey), what: "value",
                    expected: "0, or a name that says which part it is, such as model-00002-of-00003.gguf",
                    found: "part \(number.addingReportingOverflow(1).partialValue) of \(count)")
            }
            first = try Self.part(0, of: count, beside: name.path(ofPart: 0))
        }
        var parts = [first]
        for index in 1..<max(count, 1) {
            parts.append(try Self.part(index, of: count, beside: first.path))
        }
        try self.init(parts)
        let tensors = try first.metadata.unsignedIfPresent(Self.tensorsKey) ?? tensorNames.count
        guard tensors == tensorNames.count else {
            throw ModelFileError(
                file: first.path, place: .key(Self.tensorsKey), what: "value",
                expected: "the number of all parts' tensors, \(tensorNames.count)", found: "\(tensors)")
        }
    }

    private static let countKey = "split.count"
    private static let numberKey = "split.no"
    private static let tensorsKey = "split.tensors.count"

    private static func part(_ index: Int, of count: Int, beside first: String) throws -> GGUFFile {
        let path = try partPath(index, of: count, beside: first)
        let part = try GGUFFile(path: path)
        for (key, expected) in [(numberKey, index), (countKey, count)] {
            let found = try part.metadata.unsigned(key)
            guard found == expected else {
                throw ModelFileError(
                    file: path, place: .key(key), what: "value", expected: "\(expected), as in its name",
                    found: "\(found)")
            }
        }
        return part
    }

    private static func partPath(_ index: Int, of count: Int, beside first: String) throws -> String {
        guard count <= GGUFPartName.countMax, let name = GGUFPartName(first), name.index == 0, name.count == count
        else {
            throw ModelFileError(
                file: first, place: .key(countKey), what: "value",
                expected: """
                    1, or a name that ends in \(GGUFPartName.ending(0, of: count)), beside which the other parts are \
                    found
                    """,
                found: "\(count)")
        }
        return name.path(ofPart: index)
    }

    /// Where all parts are of the model of which a file is one, and what the parts are called however the model is;
    /// nil for a model in one file, whatever it is called.
    ///
    /// - Throws: `ModelFileError` where a file that is called like a part cannot be read.
    static func parts(of path: String) throws -> [(name: String, path: String)]? {
        guard let name = GGUFPartName(path), name.count > 1,
            try GGUFFile(path: path).metadata.unsignedIfPresent(countKey) ?? 1 > 1
        else { return nil }
        return (0..<name.count).map {
            ("model" + GGUFPartName.ending($0, of: name.count), name.path(ofPart: $0))
        }
    }
}
