package import Diagnostics
internal import FileSystem
internal import Foundation

extension TrustFigures {
    /// Longer files no job writes.
    private static let bytesMax = 64 << 20

    /// Those in a file.
    ///
    /// - Returns: nil where none is there.
    /// - Throws: `FileError` where it cannot be read, `Problem` where it is another file.
    package init?(ifAt path: String) throws {
        guard FileStatus(path: path) != nil else { return nil }
        let file = try OpenFile(path, .reading)
        try self.init(serialized: try file.readToEnd(limit: Self.bytesMax), path: path)
    }
}

extension TrustFigures {
    /// JSON with names in snake case, in one order.
    package var serialized: [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { preconditionFailure("finite numbers and texts have JSON") }
        return [UInt8](data) + [0x0A]
    }

    /// - Throws: `Problem` for bytes that are not such a file.
    package init(serialized: [UInt8], path: String) throws(Problem) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        struct Form: Decodable { var version: Int }
        let expected = "\(path): expected the trust figures that a job writes beside its output"
        let form: Form
        do {
            form = try decoder.decode(Form.self, from: Data(serialized))
        } catch {
            throw Problem("\(expected), found something else: \(error.place)")
        }
        guard form.version == Self.version else {
            throw Problem(
                """
                \(path): expected version \(Self.version) of the trust figures, found \(form.version): the job writes them anew, \
                and without that file there are none
                """)
        }
        do {
            self = try decoder.decode(TrustFigures.self, from: Data(serialized))
        } catch {
            throw Problem("\(expected), found them damaged: \(error.place)")
        }
    }
}

extension Error {
    /// What is wrong with JSON that is not of the expected form, and where.
    fileprivate var place: String {
        func path(_ keys: [any CodingKey]) -> String {
            keys.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }.joined(separator: ".")
        }
        return switch self as? DecodingError {
        case .keyNotFound(let key, let context): "no \(path(context.codingPath + [key]))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            context.codingPath.isEmpty ? "no object" : "another kind of value in \(path(context.codingPath))"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "no JSON" : "a value that cannot be in \(path(context.codingPath))"
        default: "\(self)"
        }
    }
}
