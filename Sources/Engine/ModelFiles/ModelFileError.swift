internal import Diagnostics

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

    public init(file: String, place: Place, what: String, expected: String, found: String) {
        self.file = file
        self.place = place
        self.what = what
        self.expected = expected
        self.found = found
    }

    public var description: String {
        let location =
            switch place {
            case .file: ""
            case .byte(let offset): "byte \(offset): "
            case .key(let key): "key \(key.quoted): "
            case .tensor(let name): "tensor \(name.quoted): "
            }
        return "\(file): \(location)\(what): expected \(expected), found \(found)"
    }
}
