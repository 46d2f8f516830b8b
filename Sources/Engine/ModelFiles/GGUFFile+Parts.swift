internal import FileSystem

extension GGUFFile {
    /// A model in one file, or in the parts `…-00001-of-00003.gguf` and so on of one that was split: the first part has the
    /// metadata, and any of them the tensors.
    ///
    /// - Parameter path: the file, or the first part.
    /// - Throws: `ModelFileError` with which part is missing, or is not what its name says.
    public convenience init(partsOf path: String) throws {
        let first = try GGUFFile(path: path)
        let count = try first.metadata.unsignedIfPresent(Self.countKey) ?? 1
        let number = try first.metadata.unsignedIfPresent(Self.numberKey) ?? 0
        guard number == 0 else {
            throw ModelFileError(
                file: path, place: .key(Self.numberKey), what: "value", expected: "0: name the model's first part",
                found: "part \(number.addingReportingOverflow(1).partialValue) of \(count)")
        }
        var parts = [first]
        for index in 1..<max(count, 1) {
            parts.append(try Self.part(index, of: count, beside: path))
        }
        try self.init(parts)
        let tensors = try first.metadata.unsignedIfPresent(Self.tensorsKey) ?? tensorNames.count
        guard tensors == tensorNames.count else {
            throw ModelFileError(
                file: path, place: .key(Self.tensorsKey), what: "value",
                expected: "the number of all parts' tensors, \(tensorNames.count)", found: "\(tensors)")
        }
    }

    private static let countKey = "split.count"
    private static let numberKey = "split.no"
    private static let tensorsKey = "split.tensors.count"

    /// More parts than anybody writes; each costs a file that is opened.
    private static let partsMax = 9999

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

    /// The paths of all parts of the model that begins with `path`, itself first; nil where the name is not a first part's.
    package static func partPaths(beside path: String, count: Int) throws -> [String] {
        try [path] + (1..<max(count, 1)).map { try partPath($0, of: count, beside: path) }
    }

    private static func partPath(_ index: Int, of count: Int, beside first: String) throws -> String {
        let suffix = partSuffix(0, of: count)
        guard count <= partsMax, first.hasSuffix(suffix) else {
            throw ModelFileError(
                file: first, place: .key(countKey), what: "value",
                expected: "1, or a name that ends in \(suffix), beside which the other parts are found",
                found: "\(count)")
        }
        return first.dropLast(suffix.count) + partSuffix(index, of: count)
    }

    /// As llama.cpp's gguf-split names them.
    private static func partSuffix(_ index: Int, of count: Int) -> String {
        func padded(_ number: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        }
        return "-\(padded(index &+ 1))-of-\(padded(count)).gguf"
    }
}
