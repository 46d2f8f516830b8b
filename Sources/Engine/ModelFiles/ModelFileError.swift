internal import Diagnostics
internal import FileSystem

/// What is wrong with a model file, as one sentence: file, place, what, expected, found.
///
/// For example `model.gguf: tensor "output_norm.weight": shape: expected [576], found [960]`.
public struct ModelFileError: Error, CustomStringConvertible, Sendable {
    /// Where in the file the fault lies.
    public enum Place: Hashable, Sendable {
        /// The file itself: it can't be opened, or is no model file.
        case file
        /// Bytes from the start of the file.
        case byte(Int)
        /// A metadata key.
        case key(String)
        /// A tensor's name.
        case tensor(String)
    }

    /// The path that was given.
    public let file: String
    public let place: Place
    /// What was being read or checked, such as "tensor count".
    public let what: String
    public let expected: String
    public let found: String
    private let problem: String

    public init(file: String, place: Place, what: String, expected: String, found: String) {
        self.file = file
        self.place = place
        self.what = what
        self.expected = expected
        self.found = found
        problem = "\(what): expected \(expected), found \(found)"
    }

    /// That the file can't be read, in the file system's own words.
    init(_ error: FileError) {
        file = error.path
        place = .file
        what = "file"
        expected = "a file that can be read"
        found = error.problem
        problem = error.problem
    }

    public var description: String {
        let location =
            switch place {
            case .file: ""
            case .byte(let offset): "byte \(offset): "
            case .key(let key): "key \(key.quoted): "
            case .tensor(let name): "tensor \(name.quoted): "
            }
        return "\(file): \(location)\(problem)"
    }
}
